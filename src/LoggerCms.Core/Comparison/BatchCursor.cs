using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>A place in a stream of batches; owns the batch it stands in.</summary>
internal sealed class BatchCursor(IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<RowBatch> _rows = rows.GetAsyncEnumerator(cancellationToken);
    private RowBatch? _batch;
    private bool _ended;

    /// <summary>The index of the current row in its batch.</summary>
    public int Index { get; set; }

    public bool HasRow => _batch is not null && Index < _batch.Count;

    public bool Ended => _ended && !HasRow;

    public bool NeedsBatch => !HasRow && !_ended;

    public int RowsLeft => HasRow ? _batch!.Count - Index : 0;

    public int BytesLeft => HasRow ? _batch!.From(Index).Length : 0;

    public RowBatch Batch => _batch!;

    public ReadOnlySpan<byte> Row => _batch![Index];

    /// <summary>Moves to the next batch with rows when the current one is used up.</summary>
    public async Task FillAsync()
    {
        while (!HasRow && !_ended)
        {
            _batch?.Dispose();
            _batch = null;
            Index = 0;
            if (await _rows.MoveNextAsync().ConfigureAwait(false))
                _batch = _rows.Current;
            else
                _ended = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _batch?.Dispose();
        _batch = null;
        await _rows.DisposeAsync().ConfigureAwait(false);
    }
}
