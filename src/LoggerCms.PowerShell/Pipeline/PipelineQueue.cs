using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace LoggerCms.PowerShell.Pipeline;

/// <summary>
/// Brings what a task wants of PowerShell to the pipeline thread. Bounded, so that a slow reader of the output
/// holds the work back instead of filling the memory.
/// </summary>
internal sealed class PipelineQueue
{
    private const int Capacity = 256;

    private readonly Channel<Action> _actions =
        Channel.CreateBounded<Action>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    /// <summary>Waits while the queue is full.</summary>
    public ValueTask PostAsync(Action action, CancellationToken cancellationToken)
        => _actions.Writer.WriteAsync(action, cancellationToken);

    /// <summary>False where the queue is full or closed.</summary>
    public bool TryPost(Action action) => _actions.Writer.TryWrite(action);

    /// <summary>
    /// Runs a function on the pipeline thread and gives its answer. Where the function throws there is no answer;
    /// <see cref="Pump"/> cancels the work, and so the waiting for it.
    /// </summary>
    public async ValueTask<T> InvokeAsync<T>(Func<T> function, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await PostAsync(() => answer.SetResult(function()), cancellationToken).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// On the pipeline thread: runs what is posted until the work has ended. When an action throws (the pipeline was
    /// stopped, a prompt is not possible) the work is cancelled, waited for, and the exception goes on.
    /// </summary>
    public void Pump(Task work, Action cancel)
    {
        _ = work.ContinueWith(
            _ => _actions.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        ExceptionDispatchInfo? failure = null;
        while (_actions.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_actions.Reader.TryRead(out var action))
            {
                // Once cancelled, nobody waits for an answer any more: InvokeAsync ends by its token.
                if (failure is not null)
                    continue;

                try
                {
                    action();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                    cancel();
                }
            }
        }

        if (failure is not null)
        {
            _ = work.Exception;
            failure.Throw();
        }
    }
}
