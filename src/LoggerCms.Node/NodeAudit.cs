using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;

namespace LoggerCms.Node;

/// <summary>
/// What is audited: every change, from its delta record, so that a crash loses none; every logon, what operators do and everything that
/// was denied; and what services send. Reads are where that is asked for (<see cref="NodeSettings.AuditReads"/>).
/// </summary>
internal sealed class NodeAudit : IAsyncDisposable
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(3);

    private readonly IAuditDatabase _database;
    private readonly AuditQueue _queue;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeAudit _changes;
    private CmsNode? _node;
    private Task _loop = Task.CompletedTask;
    private long _refused;

    private NodeAudit(IAuditDatabase database, AuditQueue queue, TimeProvider time)
    {
        _database = database;
        _queue = queue;
        _changes = new ChangeAudit(queue);
        _time = time;
    }

    public AuditQueueState State => _queue.State;

    /// <summary>Logons, denials, reads and what operators did that the queue had no room for.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public static NodeAudit Open(NodeSettings settings, IFileLayer files, TimeProvider time)
    {
        var connection = new SideConnection(settings.AuditDatabase);
        var database = new RememberedAuditDatabase(AuditDatabaseFactory.Open(connection), files, settings.DataPath, connection.ToString());
        var options = new AuditQueueOptions
        {
            Folder = AuditFolder.In(settings.DataPath),
            Retention = TimeSpan.FromDays(settings.AuditRetentionDays),
        };
        return new NodeAudit(database, AuditQueue.Open(files, database, options, time), time);
    }

    public void Attach(CmsNode node)
    {
        _node = node;
        _changes.Attach(node);
        node.Trouble = Trouble;
    }

    // A database that misses a try or two is none to call somebody for.
    private string? Trouble()
        => State is { Failure: { } failure, FailedSince: { } since } && _time.GetUtcNow() - since >= LongestSilence
            ? $"Audit events stay on this machine's disk: the audit database cannot be used ({failure.Message}). {failure.Remedy}"
            : null;

    /// <summary>Begins to write to the database, which may be away; events wait on disk.</summary>
    public Task StartAsync()
    {
        _loop = _queue.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    /// <summary>Events that services hand in: kept on disk when this returns.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="AuditQueue.EnqueueAsync"/>.</exception>
    public Task AcceptAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
        => _queue.EnqueueAsync(events, durable: true, cancellationToken);

    /// <exception cref="LoggerCmsException">NodeNotReady: the database cannot be read just now.</exception>
    public async Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.QueryAsync(filter, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.NodeNotReady, "The audit database cannot be read just now.", "Try again in a moment; Get-CmsNode shows the reason.", innerException: exception);
        }
    }

    /// <summary>Something that is no change: a logon, a denial, a read, what an operator does. Where the queue is full it is counted and let go, or guessing would stop the node.</summary>
    /// <remarks>Action, name, detail and a target that is not there yet may hold what a caller sent.</remarks>
    public async Task RecordAsync(string action, AuditResult result, long principalId, string name, string address, string detail, long objectId = 0, CmsObject? target = null)
    {
        var view = _node!.State.State == NodeState.Starting ? null : _node.Image;
        target ??= objectId == 0 ? null : view?.Find(objectId);
        try
        {
            await _queue.EnqueueAsync(
                [
                    new AuditEvent
                    {
                        Id = Guid.CreateVersion7(),
                        TimeUs = UnixTime.Us(_time.GetUtcNow()),
                        Source = ChangeAudit.Source,
                        PrincipalId = principalId,
                        PrincipalName = PlainText.Of(name.Length > 0 ? name : view?.Find(principalId)?.Name ?? "", PlainText.MostOfStranger),
                        Action = PlainText.Of(action, PlainText.MostOfStranger),
                        ObjectId = objectId,
                        ObjectName = PlainText.Of(target?.Name ?? ""),
                        ObjectKind = PlainText.Of(target?.Kind ?? ""),
                        Path = target is null ? "" : PlainText.Of(ChangeAudit.PathOf(view!, target)),
                        Result = result,
                        Detail = PlainText.Of(detail),
                        ClientAddress = address,
                    },
                ],
                durable: false,
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (LoggerCmsException)
        {
            Interlocked.Increment(ref _refused);
        }
    }

    /// <summary>Why something failed, for an event; the text of a failure that is not typed may hold anything.</summary>
    public static string Why(Exception exception) => exception is LoggerCmsException ? exception.Message : exception.GetType().Name;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _queue.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _changes.Dispose();
    }
}
