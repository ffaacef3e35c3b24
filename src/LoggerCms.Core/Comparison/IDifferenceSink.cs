namespace LoggerCms.Core.Comparison;

/// <summary>Receives the differing rows of one table or range. One caller at a time.</summary>
public interface IDifferenceSink
{
    /// <summary>One differing row; whole canonical rows, empty where the side has none. Valid during the call only; must be quick.</summary>
    void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow);

    /// <summary>Called between batches, so that the sink can write out what it holds.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes back everything added so far: the rows did not come in the order that their database promised, and the table (or range) is compared anew.
    /// </summary>
    void Reset();
}
