using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>What Compare found and Apply needs. Owns the snapshots, which stay open to the end of the transfer.</summary>
internal sealed class TransferWork : IAsyncDisposable
{
    private bool _destinationReleased;

    public required IReadOnlyList<TablePair> Pairs { get; init; }

    /// <summary>Indexes into <see cref="Pairs"/> of tables that the destination does not have yet.</summary>
    public required IReadOnlySet<int> ToCreate { get; init; }

    public required ISideSnapshot Source { get; init; }

    public required ISideSnapshot Destination { get; init; }

    /// <summary>Both sides in one database process, where that is possible.</summary>
    public ISidePair? Pair { get; init; }

    public required SidePosition SourcePosition { get; init; }

    public required SidePosition DestinationPosition { get; init; }

    /// <summary>The destination as seen from the source, in the tables in scope.</summary>
    public PositionRelation Direction => DestinationPosition.CompareTo(SourcePosition, Pairs.Select(p => p.Name.ToString()));

    public StateTransferMode Mode { get; set; }

    public string ModeReason { get; set; } = string.Empty;

    /// <summary>Log mode: what the destination lacks. Otherwise: the source's last entry of each origin, to know its history by.</summary>
    public IReadOnlyList<LogEntry> Entries { get; set; } = [];

    public ChangeSet? Changes { get; set; }

    /// <summary>Where collected changes are read from once they are complete: memory, or the spool.</summary>
    public IChangeSource? Ready { get; set; }

    public ChangeFileWriter? Spool { get; set; }

    /// <summary>The source's table sums where a table was read whole while it was sent, by table index.</summary>
    public TableSum?[] SourceSums { get; set; } = [];

    /// <summary>The sums of the hashes that the source's database made of its rows, by table index, where Compare had them made.</summary>
    public required TableSum?[] SourceHashes { get; init; }

    /// <summary>Whether a table's rows can be compared by hashes that both databases make alike.</summary>
    public bool CanHash(int index) => !ToCreate.Contains(index) && HashedComparison.CanCompare(Source, Destination, Pairs[index]);

    /// <summary>Tables that the databases cannot compare by themselves; empty where they can compare none.</summary>
    public IReadOnlyList<string> NotComparedByDatabase
        => Enumerable.Range(0, Pairs.Count).Any(CanHash)
            ? [.. Enumerable.Range(0, Pairs.Count).Where(i => !CanHash(i)).Select(i => Pairs[i].Name.ToString())]
            : [];

    /// <summary>Whether the databases can compare every table in scope by themselves.</summary>
    public bool CanCompareByDatabase => Pair is not null || Enumerable.Range(0, Pairs.Count).All(CanHash);

    /// <summary>Every row in scope was compared under one snapshot a side.</summary>
    public bool RowsCompared { get; set; }

    public ComparisonTotals Totals { get; private set; } = new();

    /// <summary>Tables of which a profile keeps columns for the destination itself: rows of these are changed one by one, in every mode.</summary>
    public IReadOnlyList<int> WithSideLocalColumns
        => [.. Enumerable.Range(0, Pairs.Count).Where(i => Pairs[i].Destination is { HasKey: true, SideLocalColumns.Count: > 0 } && !ToCreate.Contains(i))];

    /// <summary>Drops what a comparison found, so that another one can follow under the same snapshots.</summary>
    public void ForgetComparison()
    {
        (Ready as IDisposable)?.Dispose();
        Changes?.Dispose();
        (Ready, Changes, Totals, RowsCompared) = (null, null, new ComparisonTotals(), false);
        Array.Clear(SourceSums);
        Array.Clear(SourceHashes);
    }

    /// <summary>
    /// Ends the destination's view once its lock is held: a database with a rollback journal cannot commit while anyone reads it. A view that shuts
    /// writers out ends before that; what changes in between is found under the lock, as every change since Compare is.
    /// </summary>
    public async ValueTask ReleaseDestinationAsync()
    {
        if (Pair is not null || _destinationReleased)
            return;
        _destinationReleased = true;
        await Destination.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        (Ready as IDisposable)?.Dispose();
        Changes?.Dispose();
        Spool?.Dispose();
        if (Pair is not null)
        {
            await Pair.DisposeAsync().ConfigureAwait(false);
            return;
        }

        await Source.DisposeAsync().ConfigureAwait(false);
        await ReleaseDestinationAsync().ConfigureAwait(false);
    }
}

/// <summary>Rows by how they compared. Tables, and ranges of them, may be added side by side.</summary>
internal sealed class ComparisonTotals
{
    private readonly Lock _lock = new();

    public long Equal { get; private set; }

    public long Settled { get; private set; }

    /// <summary>Every table said that all of its rows were compared.</summary>
    public bool Certain { get; private set; } = true;

    public void Add(TableComparison comparison)
    {
        lock (_lock)
        {
            Equal += comparison.RowsEqual;
            Settled += comparison.RowsSettled;
            Certain &= comparison.Equal is not null;
        }
    }

    public void AddEqual(long rows)
    {
        lock (_lock)
            Equal += rows;
    }
}

/// <summary>Collects a table's differences as changes. <paramref name="onReset"/> takes the place of forgetting the table's changes.</summary>
internal sealed class ChangeCollector(ChangeSet changes, int index, TablePair pair, Action? onReset) : IDifferenceSink
{
    private readonly RowBatch _key = new(1024);
    private readonly byte[] _hash = new byte[RowKeys.HashSize];

    public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
    {
        switch (kind)
        {
            case RowDifferenceKind.OnlyInSource:
                changes.Add(index, ChangeKind.Insert, sourceRow);
                break;
            case RowDifferenceKind.Different:
                RowKeys.Hash(destinationRow, _hash);
                changes.Add(index, ChangeKind.Update, sourceRow, _hash);
                break;
            case RowDifferenceKind.OnlyInDestination when !pair.Destination.HasKey:
                changes.Add(index, ChangeKind.DeleteRow, destinationRow);
                break;
            default:
                _key.Clear();
                RowKeys.AppendKey(pair.Destination, destinationRow, _key);
                RowKeys.Hash(destinationRow, _hash);
                changes.Add(index, ChangeKind.Delete, _key[0], _hash);
                break;
        }
    }

    public void Reset()
    {
        if (onReset is null)
            changes.Reset(index);
        else
            onReset();
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
