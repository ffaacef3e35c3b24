using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;

namespace LoggerCms.Node;

/// <summary>
/// What is audited: every change, from its delta record, so that a crash loses none; every logon and everything that was denied; and what services
/// send. Reads are where that is asked for (<see cref="NodeSettings.AuditReads"/>).
/// </summary>
internal sealed class NodeAudit : IAsyncDisposable
{
    private const string Source = "node";
    private const string KeptOut = "Acknowledged once, and kept out by a reconcile because of a conflict";

    private readonly IAuditDatabase _database;
    private readonly AuditQueue _queue;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _draining = new(1, 1);
    private readonly Lock _lock = new();
    private List<(ChangeRecord Record, bool IsKeptOut)> _records = [];
    private CmsNode? _node;
    private Task _loop = Task.CompletedTask;
    private long _refused;

    private NodeAudit(IAuditDatabase database, AuditQueue queue, TimeProvider time)
    {
        _database = database;
        _queue = queue;
        _time = time;
    }

    public IAuditDatabase Database => _database;

    public AuditQueueState State => _queue.State;

    /// <summary>Logons, denials and reads that the queue had no room for.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public static NodeAudit Open(NodeSettings settings, IFileLayer files, TimeProvider time)
    {
        var database = AuditDatabaseFactory.Open(new SideConnection(settings.AuditDatabase));
        var options = new AuditQueueOptions
        {
            Folder = Path.Combine(settings.DataPath, "audit"),
            Retention = TimeSpan.FromDays(settings.AuditRetentionDays),
        };
        return new NodeAudit(database, AuditQueue.Open(files, database, options, time), time);
    }

    public void Attach(CmsNode node)
    {
        _node = node;
        node.Changed = record => Note(record, isKeptOut: false);
        node.KeptOut = record => Note(record, isKeptOut: true);
        node.BeforeTrim = async cancellationToken =>
        {
            await DrainAsync(cancellationToken).ConfigureAwait(false);
            await _queue.MakeDurableAsync(cancellationToken).ConfigureAwait(false);
        };
    }

    private void Note(ChangeRecord record, bool isKeptOut)
    {
        lock (_lock)
            _records.Add((record, isKeptOut));
    }

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

    /// <summary>Something that is no change: a logon, a denial, a read. Where the queue is full it is counted and let go, or guessing would stop the node.</summary>
    /// <remarks>Action, name and detail may hold what a caller sent.</remarks>
    public async Task RecordAsync(string action, AuditResult result, long principalId, string name, string address, string detail, long objectId = 0)
    {
        var view = _node!.State.State == NodeState.Starting ? null : _node.Image;
        var target = objectId == 0 ? null : view?.Find(objectId);
        try
        {
            await _queue.EnqueueAsync(
                [
                    new AuditEvent
                    {
                        Id = Guid.CreateVersion7(),
                        TimeUs = UnixTime.Us(_time.GetUtcNow()),
                        Source = Source,
                        PrincipalId = principalId,
                        PrincipalName = name.Length > 0 ? PlainText.Of(name, PlainText.MostOfStranger) : view?.Find(principalId)?.Name ?? "",
                        Action = PlainText.Of(action, PlainText.MostOfStranger),
                        ObjectId = objectId,
                        ObjectName = target?.Name ?? "",
                        ObjectKind = target?.Kind ?? "",
                        Path = target is null ? "" : ObjectPaths.Of(view!, target),
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

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _queue.DisposeAsync().ConfigureAwait(false);
        await _database.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _draining.Dispose();
    }

    // A record leaves the list only when the queue has its events; a crash before that finds it in the delta file again.
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _draining.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            List<(ChangeRecord Record, bool IsKeptOut)> taken;
            lock (_lock)
                (taken, _records) = (_records, []);
            try
            {
                foreach (var part in taken.Chunk(1000))
                    await _queue.EnqueueAsync([.. part.SelectMany(r => Events(r.Record, r.IsKeptOut))], durable: false, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                lock (_lock)
                    _records = [.. taken, .. _records];
                throw;
            }
        }
        finally
        {
            _draining.Release();
        }
    }

    private IEnumerable<AuditEvent> Events(ChangeRecord record, bool isKeptOut)
    {
        // A change of an earlier epoch that is made again was told of when its delta file was read.
        if (record.RequestId.Version == RequestLedger.OnceOnlyVersion)
            yield break;
        var view = _node!.Image;
        foreach (var change in record.Changes)
        {
            var (action, id, name, kind) = change switch
            {
                PutChange { BeforeKey: 0 } put => ("Create", put.Object.Id, put.Object.Name, put.Object.Kind),
                PutChange put => ("Update", put.Object.Id, put.Object.Name, put.Object.Kind),
                RemoveChange remove => ("Delete", remove.Id, remove.Name, remove.Kind),
                PutLocalChange { Entry.Key.Class: LocalClass.Token } => ("Token", 0, "", ""),
                _ => ("", 0, "", ""),
            };
            if (action.Length == 0)
                continue;
            yield return new AuditEvent
            {
                Id = EventId(record, change.UpdateKey, isKeptOut),
                TimeUs = record.TimeUs,
                Source = Source,
                PrincipalId = record.PrincipalId,
                PrincipalName = view.Find(record.PrincipalId)?.Name ?? "",
                Action = action,
                ObjectId = id,
                ObjectName = name,
                ObjectKind = kind,
                Path = change is PutChange { Object: var value } ? ObjectPaths.Of(view, value) : "",
                Result = isKeptOut ? AuditResult.Failed : AuditResult.Succeeded,
                Detail = isKeptOut ? KeptOut : "",
                ClientAddress = record.ClientAddress,
            };
        }
    }

    // The same for the same change, so that one that is told twice is stored once; and by its time first (a UUID of version 8 in the form of version 7),
    // so that events of one time stand together in the database's indexes.
    private Guid EventId(ChangeRecord record, long updateKey, bool isKeptOut)
    {
        Span<byte> id = stackalloc byte[6 + SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(id, record.TimeUs / 1000 << 16);
        DerivedId.Hash(_node!.SystemId, record.Epoch, updateKey, isKeptOut ? [1] : [], id[6..]);
        return DerivedId.Of(id);
    }
}
