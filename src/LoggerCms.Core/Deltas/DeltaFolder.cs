using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// The delta files that a node finds at its start, or an admin in a folder from another machine. Damaged and torn parts that were set aside
/// have other names and are not looked at.
/// </summary>
internal static class DeltaFolder
{
    /// <summary>Reads every file whole and says what it is; changes nothing. In the order in which they were written.</summary>
    public static IReadOnlyList<DeltaFileReport> Inspect(IFileLayer files, string folder, CancellationToken cancellationToken)
        => Inspect(files, folder, null, cancellationToken);

    /// <summary>The same without the segments of one journal, which is running.</summary>
    public static IReadOnlyList<DeltaFileReport> Inspect(IFileLayer files, string folder, Guid? except, CancellationToken cancellationToken)
    {
        var reports = new List<DeltaFileReport>();
        foreach (var place in DeltaChain.Of(files, folder, except))
        {
            using var reader = DeltaFileReader.Open(files, place.Path, place.ValidEnd);
            reports.Add(Inspect(reader, place, cancellationToken));
        }

        return reports;
    }

    /// <summary>The same for one file alone, as the last of its journal.</summary>
    public static DeltaFileReport InspectFile(IFileLayer files, string path, CancellationToken cancellationToken)
    {
        using var reader = DeltaFileReader.Open(files, path);
        return Inspect(reader, new DeltaPlace(path, null, IsVoid: false, null), cancellationToken);
    }

    /// <summary>
    /// The youngest file of an epoch, and the last update key there or before it; null where there is none, or where it cannot be told: it is damaged, or of
    /// a release that did not say what came before.
    /// </summary>
    public static (string Path, long Key)? EndOf(IFileLayer files, string folder, long epoch)
    {
        var youngest = -1L;
        (string Path, long Key)? end = null;
        foreach (var place in DeltaChain.Of(files, folder).Where(p => !p.IsVoid).Reverse())
        {
            using var reader = DeltaFileReader.Open(files, place.Path);
            if (reader.Header is not { } header)
                return null;
            if (header.Journal.Epoch != epoch || header.Sequence < youngest)
                continue;

            // Of several copies the longest counts.
            var report = Inspect(reader, place, CancellationToken.None);
            var key = report.LastKey ?? header.KeyBefore;
            if (!report.IsUsable || key == 0)
                return null;
            if (header.Sequence > youngest || key > end?.Key)
                end = (place.Path, key);
            youngest = header.Sequence;
        }

        return end;
    }

    /// <summary>
    /// Reads all records in the order in which they were written. A file that is not usable ends the reading with a typed failure before
    /// anything behind the damage is given; records before it were given by then, so that who must not begin on them calls
    /// <see cref="Inspect(IFileLayer, string, CancellationToken)"/> first.
    /// </summary>
    public static DeltaFolderReader Read(IFileLayer files, string folder) => new(files, DeltaChain.Of(files, folder));

    /// <summary>
    /// Sets a file aside whole: it gets the name <c>NAME.damaged</c>, with a number behind it where that is taken, and no reader takes it up
    /// again. The new name is durable.
    /// </summary>
    /// <returns>Where it is now.</returns>
    public static string SetAside(IFileLayer files, string path)
    {
        var aside = DeltaNames.Free(files, path + DeltaNames.DamagedSuffix);
        files.Rename(path, aside);
        files.SyncFolder(Path.GetDirectoryName(path)!);
        return aside;
    }

    /// <summary>
    /// Keeps what a crash left behind the valid part of a file in a file of its own, <c>NAME.torn</c>, durable. The delta file stays as it is.
    /// </summary>
    /// <returns>Where it is; null where the file has no torn tail.</returns>
    public static string? KeepTornTail(IFileLayer files, DeltaFileReport report)
    {
        if (report.End is not { State: DeltaFileState.TornTail } end)
            return null;
        var kept = report.Path + DeltaNames.TornSuffix;
        var tail = new byte[end.Bytes];
        using (var file = files.Open(report.Path))
        {
            if (file.ReadFully(tail, end.Offset) != tail.Length)
                throw new IOException($"'{report.Path}' has become shorter than it was.");
        }

        // Nobody writes to a segment with a torn tail, so that one that is there already is of the same bytes, or of a crash while it was made.
        files.Replace(kept, tail);
        return kept;
    }

    private static DeltaFileReport Inspect(DeltaFileReader reader, DeltaPlace place, CancellationToken cancellationToken)
    {
        while (reader.Read())
        {
            if (reader.Records % 4096 == 0)
                cancellationToken.ThrowIfCancellationRequested();
        }

        return Report(reader, place);
    }

    internal static DeltaFileReport Report(DeltaFileReader reader, DeltaPlace place) => new(
        place.Path,
        reader.Header,
        reader.Version,
        reader.Length,
        reader.Records,
        reader.FirstKey,
        reader.LastKey,
        reader.DurableEnd,
        reader.End!,
        place.IsVoid,
        place.MissingBefore);
}
