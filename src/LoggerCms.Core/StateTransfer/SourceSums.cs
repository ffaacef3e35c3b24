using LoggerCms.Core.Comparison;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// Sums the source's tables on another core while the database copies them by itself, so that the undo knows what the tables came to
/// and the result can state a checksum.
/// </summary>
internal sealed class SourceSums(CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly List<Task> _sums = [];

    public void Start(TransferWork work, int index) => _sums.Add(Task.Run(
        async () => work.SourceSums[index] = await TableSummer.SumAsync(
            work.Source, work.Pairs[index].Source, null, null, _stop.Token).ConfigureAwait(false),
        _stop.Token));

    /// <summary>Waits until every sum stands in the work.</summary>
    public Task FinishAsync() => Task.WhenAll(_sums);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_sums).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
