namespace LoggerCms.Core.Deltas;

/// <summary>
/// What of a folder's journals later ones repeat, and which of them do not begin where the database ends, or lack a file. A start brings all in before it
/// serves; so where it came to its end, its copies are whole, and where the first ones are not, they decide in the place of those.
/// </summary>
internal sealed class DeltaGaps
{
    private readonly Dictionary<long, DeltaFileReport> _first = [];
    private readonly HashSet<long> _wholeElsewhere = [];
    private readonly HashSet<Guid> _copied = [];

    private DeltaGaps()
    {
    }

    /// <param name="source">The folder.</param>
    /// <param name="has">The last update key of an epoch that the database has, or that was decided about.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static DeltaGaps Of(DeltaSource source, Func<long, long> has, CancellationToken cancellationToken)
    {
        var gaps = new DeltaGaps();
        var journals = source.Files.Where(f => !f.IsVoid).GroupBy(f => f.Header!.Journal.Epoch).ToList();
        foreach (var journal in journals)
        {
            // Nothing comes before the first of a journal.
            var first = journal.First();
            if ((first.Header!.PreviousSequence > 0 && first.Header.KeyBefore > has(journal.Key)) || journal.Any(f => f.MissingBefore is not null) || source.Lacks(journal.Key))
                gaps._first[journal.Key] = first;
        }

        // Each record is read once more, which only a folder of several lives needs.
        if (journals.Count < 2)
            return gaps;
        var lastOwn = gaps.FindCopies(source, cancellationToken);
        foreach (var journal in journals)
        {
            // Who wrote of its own had brought in all of the ones before; so had who has a copy of the last record.
            if (lastOwn > journal.Key || (journal.Max(f => f.LastKey) is { } last && gaps._copied.Contains(OnceOnly.Id(journal.First().Header!.Journal.NodeId, journal.Key, last))))
                gaps._wholeElsewhere.Add(journal.Key);
        }

        return gaps;
    }

    /// <returns>The last epoch in which a record is no copy; 0 for none.</returns>
    private long FindCopies(DeltaSource source, CancellationToken cancellationToken)
    {
        var lastOwn = 0L;
        foreach (var (_, _, record, _) in source.Records(cancellationToken))
        {
            if (!OnceOnly.IsCopy(record))
                lastOwn = Math.Max(lastOwn, record.Epoch);
            _copied.UnionWith(OnceOnly.OfCopied(record));
        }

        return lastOwn;
    }

    /// <summary>Whether a later journal repeats a record.</summary>
    public bool IsCopied(Guid onceOnlyId) => _copied.Contains(onceOnlyId);

    /// <summary>Whether the copy of a record decides for it: its own journal lacks what came before, and the one of the copy does not.</summary>
    public bool IsLeftToCopy(long epoch, Guid onceOnlyId) => _copied.Contains(onceOnlyId) && _first.ContainsKey(epoch) && _wholeElsewhere.Contains(epoch);

    /// <summary>Refuses a journal whose records before its first file nobody is known to have.</summary>
    /// <param name="has">As it was made with.</param>
    /// <param name="isKnown">Whether the record of a once-only id was brought in, or kept out.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged.</exception>
    public void Check(Func<long, long> has, Func<Guid, bool> isKnown)
    {
        foreach (var (epoch, first) in _first)
        {
            var header = first.Header!;
            if (header.PreviousSequence == 0 || header.KeyBefore <= has(epoch))
                continue;
            var before = OnceOnly.Id(header.Journal.NodeId, epoch, header.KeyBefore);
            if (_copied.Contains(before) || isKnown(before))
                continue;
            throw DeltaFailure.Lost(first.Path, header.KeyBefore, has(epoch), epoch);
        }
    }
}
