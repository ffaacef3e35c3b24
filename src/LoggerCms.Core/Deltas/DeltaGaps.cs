using LoggerCms.Core.Cluster;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// Which journals of a folder do not begin where the database ends, or lack a file, and what of them a later journal repeats. A start that served brought
/// all of them in before, so that its copies are whole where the first ones are not, and decide in their place.
/// </summary>
internal sealed class DeltaGaps
{
    private readonly Dictionary<long, DeltaFileReport> _first = [];
    private readonly HashSet<Guid> _copied = [];

    private DeltaGaps()
    {
    }

    /// <param name="source">The folder.</param>
    /// <param name="has">The last update key of an epoch that the database has, or has brought in.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static DeltaGaps Of(DeltaSource source, Func<long, long> has, CancellationToken cancellationToken)
    {
        var gaps = new DeltaGaps();
        foreach (var journal in source.Files.Where(f => !f.IsVoid).GroupBy(f => f.Header!.Journal.Epoch))
        {
            if (journal.First() is var first && (first.Header!.KeyBefore > has(journal.Key) || journal.Any(f => f.MissingBefore is not null) || source.Lacks(journal.Key)))
                gaps._first[journal.Key] = first;
        }

        // Each record is read once more, which only a folder needs that lacks something and holds several lives.
        if (gaps._first.Count == 0 || source.Lives < 2)
            return gaps;
        foreach (var (_, _, record, _) in source.Records(cancellationToken))
        {
            if (record.RequestId.Version != RequestLedger.OnceOnlyVersion)
                continue;
            gaps._copied.Add(record.RequestId);
            foreach (var change in record.Changes)
            {
                if (change is PutLocalChange { Entry.Key: { Class: RunTimeImage.LocalClass.Request, Id: { Version: RequestLedger.OnceOnlyVersion } id } })
                    gaps._copied.Add(id);
            }
        }

        return gaps;
    }

    /// <summary>Whether the copy of a record decides for it.</summary>
    public bool IsLeftToCopy(long epoch, Guid onceOnlyId) => _copied.Contains(onceOnlyId) && _first.ContainsKey(epoch);

    /// <summary>Refuses a journal whose records before its first file nobody is known to have.</summary>
    /// <param name="has">As it was made with.</param>
    /// <param name="isKnown">Whether a once-only id was brought in.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged.</exception>
    public void Check(Func<long, long> has, Func<Guid, bool> isKnown)
    {
        foreach (var (epoch, first) in _first)
        {
            var header = first.Header!;
            if (header.KeyBefore <= has(epoch))
                continue;
            var before = OnceOnly.Id(header.Journal.NodeId, epoch, header.KeyBefore);
            if (_copied.Contains(before) || isKnown(before))
                continue;
            throw new LoggerCmsException(
                ErrorCodes.DeltaDamaged,
                $"'{first.Path}' goes on from update key {header.KeyBefore}, and the database has only come to {has(epoch)} in epoch {epoch}: the delta file before it is missing,"
                    + " and changes that its node acknowledged may be nowhere else.",
                "Bring what is missing back, or mount the folder, and try again. -SetDamagedAside of the same command goes on without it.");
        }
    }
}
