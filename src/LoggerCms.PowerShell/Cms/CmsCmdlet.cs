using System.Management.Automation;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>A cmdlet that asks a node.</summary>
public abstract class CmsCmdlet : AsyncPSCmdlet
{
    // So many objects are handed over at once; one by one, the hand-over would cost more than the objects.
    private const int Batch = 200;

    /// <summary>The node: what Connect-Cms -PassThru gave, a profile, or an address. Left out, the shell's connection, or this user's admin profile.</summary>
    [Parameter]
    [CmsSessionTransformation]
    [ArgumentCompleter(typeof(CmsSessionCompleter))]
    public CmsSession? Connection { get; set; }

    private CmsSession? _leased;
    private CmsLease? _lease;

    /// <summary>Decides what the cmdlet goes by: what its pipeline runs before it asks may be a Connect-Cms.</summary>
    protected override void BeginProcessing()
    {
        RefuseNulls();
        Lease();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _lease?.Dispose();
    }

    /// <summary>Asks the node and gives its answer; a failure is reported against <paramref name="target"/> and gives null.</summary>
    /// <param name="activity">What the progress bar says.</param>
    /// <param name="target">The user's input.</param>
    /// <param name="work">Runs on a task and must not touch PowerShell.</param>
    /// <param name="oneOfMany">See <see cref="AsyncPSCmdlet.Run{T}"/>.</param>
    private protected T? Ask<T>(string activity, object? target, Func<ICmsClient, CancellationToken, Task<T>> work, bool? oneOfMany = null)
        where T : class
    {
        var lease = Lease();
        return Run(activity, target, (_, token) => UseAsync(lease, client => work(client, token), token), oneOfMany);
    }

    /// <summary>The same for work that gives nothing.</summary>
    /// <returns>False where it failed.</returns>
    private protected bool Tell(string activity, object? target, Func<ICmsClient, CancellationToken, Task> work, bool? oneOfMany = null)
        => Ask(
            activity,
            target,
            async (client, token) =>
            {
                await work(client, token).ConfigureAwait(false);
                return activity;
            },
            oneOfMany) is not null;

    /// <summary>Writes each of what <see cref="Ask"/> gave: its null after a failure would be written as an object.</summary>
    private protected void WriteEach<T>(IEnumerable<T>? found)
    {
        if (found is not null)
            WriteObject(found, enumerateCollection: true);
    }

    /// <summary>Writes what the node gives while it comes; a slow reader holds the node back.</summary>
    /// <param name="activity">What the progress bar says.</param>
    /// <param name="target">The user's input.</param>
    /// <param name="read">Runs on a task and must not touch PowerShell.</param>
    /// <param name="write">Runs on the pipeline thread; null writes the object.</param>
    /// <param name="oneOfMany">See <see cref="AsyncPSCmdlet.Run{T}"/>.</param>
    private protected void Stream<T>(
        string activity,
        object? target,
        Func<ICmsClient, CancellationToken, IAsyncEnumerable<T>> read,
        Action<T>? write = null,
        bool? oneOfMany = null)
    {
        var lease = Lease();
        Run(
            activity,
            target,
            (work, token) => UseAsync(
                lease,
                async client =>
                {
                    await WriteAsync(work.Queue, read(client, token), write ?? (item => WriteObject(item)), token).ConfigureAwait(false);
                    return activity;
                },
                token),
            oneOfMany);
    }

    /// <summary>
    /// What this cmdlet goes by, to its end: whatever the shell is connected to meanwhile, a pipeline stays with its node. On the pipeline thread.
    /// </summary>
    private protected CmsLease Lease()
    {
        if (_lease is not null && ReferenceEquals(_leased, Connection))
            return _lease;
        _lease?.Dispose();
        _leased = Connection;
        return _lease = CmsSessions.Begin(Connection ?? CmsDefaults.Current ?? new CmsSession());
    }

    /// <summary>Has work done with a lease's client.</summary>
    private protected static async Task<T> UseAsync<T>(CmsLease lease, Func<ICmsClient, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work(await lease.ClientAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (LoggerCmsException failure)
        {
            lease.Failed(failure);
            throw;
        }
    }

    private static async Task WriteAsync<T>(PipelineQueue queue, IAsyncEnumerable<T> items, Action<T> write, CancellationToken cancellationToken)
    {
        List<T> batch = [];
        var writing = Task.FromResult(true);
        await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            batch.Add(item);
            if (batch.Count < Batch)
                continue;
            await writing.ConfigureAwait(false);
            writing = Post(batch);
            batch = [];
        }

        await writing.ConfigureAwait(false);
        await Post(batch).ConfigureAwait(false);

        Task<bool> Post(List<T> full) => queue.InvokeAsync(
            () =>
            {
                full.ForEach(write);
                return true;
            },
            cancellationToken).AsTask();
    }
}
