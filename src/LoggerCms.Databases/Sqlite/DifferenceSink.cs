using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Takes what several connections find of one table, one batch at a time; without a receiver it only remembers that there was something.</summary>
internal sealed class DifferenceSink(Func<RowDifferenceKind, RowBatch, ValueTask>? receiver) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>True when a difference was found and nobody wants to know more.</summary>
    public bool IsSettled { get; private set; }

    public async Task SendAsync(RowDifferenceKind kind, RowBatch batch)
    {
        if (batch.Count == 0)
            return;
        if (receiver is null)
        {
            IsSettled = true;
            batch.Clear();
            return;
        }

        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            await receiver(kind, batch).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }

        batch.Clear();
    }

    public void Dispose() => _one.Dispose();
}
