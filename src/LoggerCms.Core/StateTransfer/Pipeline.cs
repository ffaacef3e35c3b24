using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Runs reading and what is done with each batch on a thread of its own, a few batches ahead of the consumer.</summary>
internal static class Pipeline
{
    private const int Ahead = 3;

    public static async IAsyncEnumerable<RowBatch> AheadAsync(
        IAsyncEnumerable<RowBatch> rows, Func<RowBatch, ValueTask> eachBatch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channel = Channel.CreateBounded<RowBatch>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var producer = Task.Run(() => ProduceAsync(rows, eachBatch, channel.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var batch in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            while (channel.Reader.TryRead(out var left))
                left.Dispose();
            await producer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await producer.ConfigureAwait(false);
    }

    private static async Task ProduceAsync(
        IAsyncEnumerable<RowBatch> rows, Func<RowBatch, ValueTask> eachBatch, ChannelWriter<RowBatch> writer, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await eachBatch(batch).ConfigureAwait(false);
                await writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            // It reaches the consumer through the channel.
            failure = exception;
            throw;
        }
        finally
        {
            writer.Complete(failure);
        }
    }
}

/// <summary>Bounds the rate at which bytes are sent.</summary>
internal sealed class Throttle(double megabytesPerSecond, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private double _sent;

    public async ValueTask WaitAsync(long bytes, CancellationToken cancellationToken)
    {
        if (megabytesPerSecond <= 0)
            return;
        _sent += bytes;
        var due = TimeSpan.FromSeconds(_sent / (megabytesPerSecond * 1e6)) - time.GetElapsedTime(_start);
        if (due > TimeSpan.Zero)
            await Task.Delay(due, time, cancellationToken).ConfigureAwait(false);
    }
}
