using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// Journals that hold nothing but what a start brought in from older files that are still there: that start was cut off before it could serve
/// anybody, so that the older files tell all of it.
/// </summary>
internal static class DeltaCopies
{
    /// <summary>
    /// Removes them. A folder with damage is left as it is: what looks like a copy may be all that there is. So is a journal with a torn tail, of
    /// which nobody can say what it was.
    /// </summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="reader">Who takes what stays.</param>
    /// <param name="beforeTheyGo">Called with those that stay and those that go: what is owed is in one of those that stay, or nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static void Remove(IFileLayer files, string folder, DeltaReader reader, Action<IReadOnlyList<DeltaFileReport>, IReadOnlyList<DeltaFileReport>> beforeTheyGo, CancellationToken cancellationToken)
    {
        // By the names alone: almost every start finds the files of one life, and would read them twice.
        if (files.List(folder).Where(f => DeltaNames.IsSegment(f.Path)).Select(f => DeltaNames.Parse(f.Path)!.Value.Epoch).Distinct().Count(e => e < reader.Epoch) < 2)
            return;
        var reports = DeltaFolder.Inspect(files, folder, reader.Journal, cancellationToken);
        if (reports.Any(r => !r.IsUsable || r.IsVoid || r.Header!.Journal.SystemId != reader.SystemId))
            return;
        var journalOf = reports.ToDictionary(r => r.Path, r => r.Header!.JournalId, StringComparer.Ordinal);
        var kept = reports.Where(r => r.End.State == DeltaFileState.TornTail).Select(r => r.Header!.JournalId).ToHashSet();
        var seen = new HashSet<Guid>();
        foreach (var record in DeltaSource.Of(files, folder, reports).Records(cancellationToken))
        {
            if (!OnceOnly.IsCopy(record.Record) || !seen.Contains(record.Record.RequestId))
                kept.Add(journalOf[record.Path]);
            seen.Add(record.OnceOnlyId);
        }

        var stays = reports.ToLookup(r => kept.Contains(r.Header!.JournalId));
        beforeTheyGo([.. stays[true]], [.. stays[false]]);
        foreach (var report in stays[false])
            files.DeleteForGood(report.Path);
    }

    /// <summary>How many lives of nodes left files.</summary>
    public static int Lives(IReadOnlyList<DeltaFileReport> reports) => reports.Select(r => r.Header?.JournalId).Distinct().Count();
}
