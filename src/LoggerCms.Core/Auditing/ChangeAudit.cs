using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// The way of changes from their records into the audit queue, in order. Records wait in memory until the queue has their events; a crash before that
/// finds them in the delta file again, which goes only after them.
/// </summary>
/// <remarks>
/// One request makes up to 100,000 changes, whose events need not fit into the queue together. So they go there in parts that do not depend on where
/// requests end, and after a failure the next try goes on behind the last part that the queue took.
/// </remarks>
internal sealed class ChangeAudit(AuditQueue queue) : IDisposable
{
    /// <summary>The source of a node's own events, which no service may say that it is.</summary>
    public const string Source = "node";

    private const string KeptOut = "Acknowledged once, and kept out by a reconcile because of a conflict";
    private const int PartChars = 1 << 20;

    private readonly SemaphoreSlim _draining = new(1, 1);
    private readonly Lock _lock = new();
    private List<Noted> _noted = [];

    // Those of the one who drains, and in the first of them the first change that the queue does not have.
    private readonly List<Noted> _taken = [];
    private int _change;
    private CmsNode? _node;

    public void Attach(CmsNode node)
    {
        _node = node;
        node.Changed = (record, details) => Note(record, details, isKeptOut: false);
        node.KeptOut = (record, details) => Note(record, details, isKeptOut: true);
        node.BeforeTrim = async cancellationToken =>
        {
            await DrainAsync(cancellationToken).ConfigureAwait(false);
            await queue.MakeDurableAsync(cancellationToken).ConfigureAwait(false);
        };
    }

    public void Dispose() => _draining.Dispose();

    /// <summary>The path for an event: a longer one than objects can be given now is cut, and ends so that this shows.</summary>
    public static string PathOf(IObjectView view, CmsObject one) => Cut(ObjectPaths.Of(view, one));

    private static string Cut(string path) => path.Length <= ObjectPaths.LongestPath ? path : path[..(ObjectPaths.LongestPath - 1)] + "…";

    private void Note(ChangeRecord record, ChangeDetail[] details, bool isKeptOut)
    {
        lock (_lock)
            _noted.Add(new Noted(record, details, isKeptOut));
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        await _draining.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            List<Noted> noted;
            lock (_lock)
                (noted, _noted) = (_noted, []);
            _taken.AddRange(noted);
            await TellAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _draining.Release();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var record = 0;
        try
        {
            while (record < _taken.Count)
            {
                var (events, nextRecord, nextChange) = Part(record, _change);
                await EnqueueAsync(events, cancellationToken).ConfigureAwait(false);
                (record, _change) = (nextRecord, nextChange);
            }
        }
        finally
        {
            _taken.RemoveRange(0, record);
        }
    }

    private async Task EnqueueAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            await queue.EnqueueAsync(events, durable: false, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.LimitExceeded)
        {
            // What fills the queue may only wait for its next turn.
            if (!await queue.TryDrainAsync(cancellationToken).ConfigureAwait(false))
                throw;
            await queue.EnqueueAsync(events, durable: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private (List<AuditEvent> Events, int Record, int Change) Part(int record, int change)
    {
        List<AuditEvent> events = [];
        for (var chars = 0; record < _taken.Count && chars < PartChars;)
        {
            var (changes, details, isKeptOut) = _taken[record];
            if (change == changes.Changes.Length)
            {
                (record, change) = (record + 1, 0);
            }
            else if (Event(changes, change, details[change++], isKeptOut) is { } told)
            {
                events.Add(told);
                chars += told.Path.Length + told.ObjectName.Length + told.PrincipalName.Length + 64;
            }
        }

        return (events, record, change);
    }

    private AuditEvent? Event(ChangeRecord record, int index, ChangeDetail detail, bool isKeptOut)
    {
        var change = record.Changes[index];
        var view = _node!.Image;
        var (action, id, name, kind) = change switch
        {
            PutChange { BeforeKey: 0 } put => ("Create", put.Object.Id, put.Object.Name, put.Object.Kind),
            PutChange put => ("Update", put.Object.Id, put.Object.Name, put.Object.Kind),
            RemoveChange remove => ("Delete", remove.Id, remove.Name, remove.Kind),
            PutLocalChange { Entry.Key.Class: LocalClass.Token } => ("Token", detail.User?.Id ?? 0, detail.User?.Name ?? "", detail.User?.Kind ?? ""),
            _ => ("", 0, "", ""),
        };
        return action.Length == 0 ? null : new AuditEvent
        {
            Id = EventId(record, change.UpdateKey, isKeptOut),
            TimeUs = record.TimeUs,
            Source = Source,
            PrincipalId = record.PrincipalId,
            PrincipalName = PlainText.Of(view.Find(record.PrincipalId)?.Name ?? ""),
            Action = action,
            ObjectId = id,
            ObjectName = PlainText.Of(name),
            ObjectKind = kind,
            Path = detail.Folder is { } folder ? PlainText.Of(Cut(ObjectPaths.Of(folder, name))) : id == SystemObjects.Root ? "/" : "",
            Result = isKeptOut ? AuditResult.Failed : AuditResult.Succeeded,
            Detail = isKeptOut ? KeptOut : PlainText.Of(detail.Difference ?? ""),
            ClientAddress = record.ClientAddress,
        };
    }

    // The same for the same change, so that one that is told twice is stored once; and by its time first (a UUID of version 8 in the form of version 7),
    // so that events of one time stand together in the database's indexes, then by the end of its key, so that those of one request are in order.
    private Guid EventId(ChangeRecord record, long updateKey, bool isKeptOut)
    {
        Span<byte> id = stackalloc byte[8 + SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(id, record.TimeUs / 1000 << 16);
        DerivedId.Hash(_node!.SystemId, record.Epoch, updateKey, isKeptOut ? [1] : [], id[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(id[6..], (ushort)updateKey);
        return DerivedId.Of(id);
    }

    private readonly record struct Noted(ChangeRecord Record, ChangeDetail[] Details, bool IsKeptOut);
}
