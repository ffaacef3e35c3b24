using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>A segment's place among the others of its folder, by the headers alone.</summary>
/// <param name="Path">The file.</param>
/// <param name="ValidEnd">Where the segment after it says that it ends; null for the last of its journal.</param>
/// <param name="IsVoid">No segment goes on from it, and it is not the last.</param>
/// <param name="MissingBefore">The segment that must be there before it and is not.</param>
internal sealed record DeltaPlace(string Path, long? ValidEnd, bool IsVoid, long? MissingBefore);

/// <summary>Puts the files of a delta folder in the order in which they were written: by epoch, then by sequence.</summary>
internal static class DeltaChain
{
    /// <param name="files">Where the folder is.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="except">A running journal, whose segments come and go and are left out.</param>
    public static IReadOnlyList<DeltaPlace> Of(IFileLayer files, string folder, Guid? except = null)
    {
        var found = new List<(string Path, long Epoch, long Sequence, DeltaSegmentHeader? Header)>();
        foreach (var path in files.List(folder).Select(f => f.Path).Where(DeltaNames.IsSegment))
        {
            using var reader = Open(files, path);
            if (reader is null || (except is not null && reader.Header?.JournalId == except))
                continue;
            var named = DeltaNames.Parse(path)!.Value;

            // A file that was given another name goes where its header says.
            found.Add((path, reader.Header?.Journal.Epoch ?? named.Epoch, reader.Header?.Sequence ?? named.Sequence, reader.Header));
        }

        var places = found.Where(f => f.Header is null).ToDictionary(f => f.Path, f => new DeltaPlace(f.Path, null, IsVoid: false, null), StringComparer.Ordinal);
        foreach (var journal in found.Where(f => f.Header is not null).GroupBy(f => f.Header!.JournalId))
        {
            foreach (var place in Link([.. journal.Select(f => (f.Path, f.Header!)).OrderBy(f => f.Item2.Sequence)]))
                places.Add(place.Path, place);
        }

        return [.. found.OrderBy(f => f.Epoch).ThenBy(f => f.Sequence).ThenBy(f => f.Path, StringComparer.Ordinal).Select(f => places[f.Path])];
    }

    private static DeltaFileReader? Open(IFileLayer files, string path)
    {
        try
        {
            return DeltaFileReader.Open(files, path);
        }
        catch (FileNotFoundException)
        {
            // Its journal has let it go since the folder was listed: the database has what it held.
            return null;
        }
    }

    /// <summary>
    /// Goes from the last segment back to the one that each says it goes on from. Trimming takes the oldest first, so that the chain may begin
    /// anywhere, but where it breaks off nothing older can be left.
    /// </summary>
    private static IEnumerable<DeltaPlace> Link(List<(string Path, DeltaSegmentHeader Header)> segments)
    {
        long? validEnd = null;
        var sequences = segments.GroupBy(s => s.Header.Sequence).OrderByDescending(g => g.Key).ToList();
        var wanted = sequences[0].Key;
        for (var i = 0; i < sequences.Count; i++)
        {
            // What is older than a missing one is not void; the place that misses it tells.
            var (sequence, header) = (sequences[i].Key, sequences[i].First().Header);
            var place = new DeltaPlace("", null, IsVoid: sequence > wanted, null);
            if (sequence == wanted)
            {
                wanted = header.PreviousSequence;
                var older = sequences.Skip(i + 1).ToList();
                var isMissing = wanted > 0 && older.All(o => o.Key != wanted) && older.Any(o => o.Key < wanted);
                place = new DeltaPlace("", validEnd, IsVoid: false, isMissing ? wanted : null);
                validEnd = header.PreviousEnd;
            }

            // A copy of the same segment, of another time, may hold less or more: each is read, and what both have is brought in once.
            foreach (var (path, _) in sequences[i])
                yield return place with { Path = path };
        }
    }
}
