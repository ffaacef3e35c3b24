using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node;

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
        node.Changed = record => Note(record, isKeptOut: false);
        node.KeptOut = record => Note(record, isKeptOut: true);
        node.BeforeTrim = async cancellationToken =>
        {
            await DrainAsync(cancellationToken).ConfigureAwait(false);
            await queue.MakeDurableAsync(cancellationToken).ConfigureAwait(false);
        };
    }

    public void Dispose() => _draining.Dispose();

    /// <summary>The path for an event: a longer one than objects can be given now is cut, and ends so that this shows.</summary>
    public static string PathOf(IObjectView view, CmsObject one) => Cut(ObjectPaths.Of(view, one));

    // Changes that come together are often of one folder.
    private static string PathOf(IObjectView view, CmsObject one, Dictionary<long, string> folders)
    {
        if (view.Find(one.ParentId) is not { } folder)
            return PathOf(view, one);
        if (!folders.TryGetValue(folder.Id, out var above))
            folders[folder.Id] = above = ObjectPaths.Of(view, folder);
        return Cut(ObjectPaths.Of(above, one.Name));
    }

    private static string Cut(string path) => path.Length <= ObjectPaths.LongestPath ? path : path[..(ObjectPaths.LongestPath - 1)] + "…";

    private void Note(ChangeRecord record, bool isKeptOut)
    {
        lock (_lock)
            _noted.Add(new Noted(record, isKeptOut));
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
        Dictionary<long, string> folders = [];
        for (var chars = 0; record < _taken.Count && chars < PartChars;)
        {
            var (changes, isKeptOut) = _taken[record];
            if (change == changes.Changes.Length)
            {
                (record, change) = (record + 1, 0);
            }
            else if (Event(changes, changes.Changes[change++], isKeptOut, folders) is { } told)
            {
                events.Add(told);
                chars += told.Path.Length + told.ObjectName.Length + told.PrincipalName.Length + 64;
            }
        }

        return (events, record, change);
    }

    private AuditEvent? Event(ChangeRecord record, Change change, bool isKeptOut, Dictionary<long, string> folders)
    {
        // A change of an earlier epoch that is made again was told of when its delta file was read.
        if (record.RequestId.Version == RequestLedger.OnceOnlyVersion)
            return null;
        var view = _node!.Image;
        var (action, id, name, kind) = change switch
        {
            PutChange { BeforeKey: 0 } put => ("Create", put.Object.Id, put.Object.Name, put.Object.Kind),
            PutChange put => ("Update", put.Object.Id, put.Object.Name, put.Object.Kind),
            RemoveChange remove => ("Delete", remove.Id, remove.Name, remove.Kind),
            PutLocalChange { Entry.Key.Class: LocalClass.Token } => ("Token", 0, "", ""),
            _ => ("", 0, "", ""),
        };
        return action.Length == 0 ? null : new AuditEvent
        {
            Id = EventId(record, change.UpdateKey, isKeptOut),
            TimeUs = record.TimeUs,
            Source = NodeAudit.Source,
            PrincipalId = record.PrincipalId,
            PrincipalName = view.Find(record.PrincipalId)?.Name ?? "",
            Action = action,
            ObjectId = id,
            ObjectName = name,
            ObjectKind = kind,
            Path = change is PutChange { Object: var value } ? PathOf(view, value, folders) : "",
            Result = isKeptOut ? AuditResult.Failed : AuditResult.Succeeded,
            Detail = isKeptOut ? KeptOut : "",
            ClientAddress = record.ClientAddress,
        };
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

    private readonly record struct Noted(ChangeRecord Record, bool IsKeptOut);
}
