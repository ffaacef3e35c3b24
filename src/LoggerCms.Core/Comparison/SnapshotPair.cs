using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>One snapshot a side, begun at the same time.</summary>
public sealed class SnapshotPair : IAsyncDisposable
{
    private SnapshotPair(ISideSnapshot source, ISideSnapshot destination)
    {
        Source = source;
        Destination = destination;
    }

    public ISideSnapshot Source { get; }

    public ISideSnapshot Destination { get; }

    /// <exception cref="LoggerCmsException">Whatever a side throws; the other's snapshot is then closed.</exception>
    public static async Task<SnapshotPair> BeginAsync(ISide source, ISide destination, SnapshotOptions options, CancellationToken cancellationToken)
    {
        var sourceTask = source.BeginSnapshotAsync(options, cancellationToken);
        var destinationTask = destination.BeginSnapshotAsync(options, cancellationToken);
        try
        {
            await Task.WhenAll(sourceTask, destinationTask).ConfigureAwait(false);
            return new SnapshotPair(await sourceTask.ConfigureAwait(false), await destinationTask.ConfigureAwait(false));
        }
        catch
        {
            if (sourceTask.IsCompletedSuccessfully)
                await (await sourceTask.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            if (destinationTask.IsCompletedSuccessfully)
                await (await destinationTask.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync().ConfigureAwait(false);
        await Destination.DisposeAsync().ConfigureAwait(false);
    }
}
