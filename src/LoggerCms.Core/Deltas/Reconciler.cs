using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// Brings the records of delta files into the system once and only once. It decides about one record after the other, in their order; a record is
/// applied whole or not at all.
/// </summary>
/// <remarks>
/// <para>
/// A record (epoch, key) is in the database if and only if its key is not above what the database says of that epoch. Any other is a candidate. Its
/// once-only id, made of node, epoch and key, tells whether an earlier reconcile applied it that a crash interrupted. That reconcile left records of
/// its own, whose request is the once-only id of what they repeat: they are passed over where that was brought from the first file. Otherwise each
/// of its objects must be as it was when the change was made: the same update key, or the one that this reconcile gave to the change before it.
/// </para>
/// <para>
/// An object that has the content of the delta already counts as applied: whoever did that, there is nothing left to do.
/// </para>
/// </remarks>
/// <param name="nodeId">The node that wrote the files.</param>
/// <param name="epochEnds">For each epoch the last key that is in the database.</param>
/// <param name="ledger">Knows once-only ids.</param>
/// <param name="policy">About conflicts.</param>
/// <param name="brought">What this reconcile brought, by once-only id; the ledger learns of it only where it is not just planned.</param>
internal sealed class Reconciler(
    Guid nodeId,
    IReadOnlyDictionary<long, long> epochEnds,
    RequestLedger ledger,
    ConflictPolicy policy,
    Dictionary<Guid, IReadOnlyList<ChangedObject>> brought)
{
    private readonly Dictionary<long, (long FileKey, long NewKey)> _moved = [];
    private readonly List<DeltaConflict> _conflicts = [];
    private Guid _id;
    private bool _isThere;

    public long Records { get; private set; }

    public long Applied { get; private set; }

    public long AlreadyThere { get; private set; }

    public long Repeated { get; private set; }

    public bool Stopped { get; private set; }

    public IReadOnlyList<DeltaConflict> Conflicts => _conflicts;

    /// <summary>The plan for a record, told against the objects as they are; the caller carries it out.</summary>
    /// <returns>The request to make; null where there is nothing to do.</returns>
    public WriteRequest? Next(ChangeRecord record, IObjectView view)
    {
        Records++;
        if (record.LastUpdateKey <= epochEnds.GetValueOrDefault(record.Epoch, -1))
        {
            AlreadyThere++;
            return null;
        }

        _id = OnceOnlyId(record);
        if ((Earlier(_id) ?? (record.RequestId.Version == RequestLedger.OnceOnlyVersion ? Earlier(record.RequestId) : null)) is { } earlier)
        {
            Repeated++;
            Note(record, earlier, view);
            return null;
        }

        var pending = Pending(record, view);
        Dictionary<long, long> changedHere = [];
        foreach (var change in pending)
        {
            if (Conflict(change, view, changedHere) is { } reason && Decide(record, change, view, reason))
                return null;
            changedHere[ObjectId(change)] = change.UpdateKey;
        }

        _isThere = pending.Count == 0;
        if (!_isThere)
            return Request(record, _id, pending);
        AlreadyThere++;
        Note(record, [], view);

        // The client's answer may not be.
        return record.RequestId == Guid.Empty ? null : Request(record, _id, pending);
    }

    /// <summary>The request of <see cref="Next"/> was made, or would be.</summary>
    public void Done(ChangeRecord record, IReadOnlyList<ChangedObject> changed, IObjectView view)
    {
        brought[_id] = changed;
        if (_isThere)
            return;
        Applied++;
        Note(record, changed, view);
    }

    /// <summary>The request of <see cref="Next"/> was refused: what it changes cannot be so any more.</summary>
    public void Refused(ChangeRecord record, LoggerCmsException exception, IObjectView view)
        => Report(record, record.Changes[0], view, exception.Message, policy == ConflictPolicy.Stop ? "Stopped" : "KeptCurrent");

    private IReadOnlyList<ChangedObject>? Earlier(Guid onceOnlyId) => ledger.Kept(onceOnlyId)?.Changed ?? brought.GetValueOrDefault(onceOnlyId);

    /// <summary>
    /// The changes whose objects are not as the record leaves them. What an object is after its last change decides: one that was made and removed
    /// again is there when it is not.
    /// </summary>
    private static List<Change> Pending(ChangeRecord record, IObjectView view)
    {
        if (record.Changes.Count == 1)
            return IsThere(record.Changes[0], view) ? [] : [record.Changes[0]];
        Dictionary<long, Change> last = [];
        foreach (var change in record.Changes)
            last[ObjectId(change)] = change;
        var there = last.Where(l => l.Key != 0 && IsThere(l.Value, view)).Select(l => l.Key).ToHashSet();
        return [.. record.Changes.Where(change => !there.Contains(ObjectId(change)))];
    }

    private static WriteRequest Request(ChangeRecord record, Guid id, List<Change> pending)
    {
        List<WriteOperation> operations = [.. pending.Select(WriteOperation (change) => change switch
        {
            PutLocalChange local => new PutLocal(local.Entry),
            RemoveLocalChange local => new RemoveLocal(local.Key),
            _ => new RepeatChange(change),
        })];
        return new WriteRequest
        {
            RequestId = id,
            PrincipalId = record.PrincipalId,
            ClientAddress = record.ClientAddress,
            Guard = null,
            Operations = operations,
        };
    }

    // True where the record is not to be applied.
    private bool Decide(ChangeRecord record, Change change, IObjectView view, string reason)
    {
        switch (policy)
        {
            case ConflictPolicy.ApplyDelta:
                Report(record, change, view, reason, "AppliedDelta");
                return false;
            case ConflictPolicy.KeepCurrent:
                Report(record, change, view, reason, "KeptCurrent");
                return true;
            default:
                Report(record, change, view, reason, "Stopped");
                return true;
        }
    }

    private void Report(ChangeRecord record, Change change, IObjectView view, string reason, string decision)
    {
        Stopped |= decision == "Stopped";
        var id = ObjectId(change);
        var current = view.Find(id);
        var delta = (change as PutChange)?.Object;
        _conflicts.Add(new DeltaConflict
        {
            ObjectId = id,
            Name = delta?.Name ?? current?.Name ?? (change as RemoveChange)?.Name ?? "",
            Epoch = record.Epoch,
            UpdateKey = change.UpdateKey,
            Decision = decision,
            Reason = reason,
            DeltaVersion = delta is null ? null : ObjectJson.ToText(delta),
            CurrentVersion = current is null ? null : ObjectJson.ToText(current),
        });
    }

    private static bool IsThere(Change change, IObjectView view) => change switch
    {
        PutChange put => view.Find(put.Object.Id) is { } current && HasSameContent(current, put.Object),
        RemoveChange remove => view.Find(remove.Id) is null,
        _ => false,
    };

    private string? Conflict(Change change, IObjectView view, Dictionary<long, long> changedHere)
    {
        if (change is not (PutChange or RemoveChange))
            return null;
        var id = ObjectId(change);
        var before = change is PutChange put ? put.BeforeKey : ((RemoveChange)change).BeforeKey;
        if (changedHere.TryGetValue(id, out var here) && here == before)
            return null;
        var current = view.Find(id);
        var key = current?.UpdateKey ?? 0;
        if (key == before || (_moved.TryGetValue(id, out var moved) && moved.FileKey == before && moved.NewKey == key))
            return null;
        return current is null
            ? "The object was removed after the delta was made."
            : $"The object was changed after the delta was made: update key {key}, not {before}.";
    }

    // The next delta of an object names the key that this one had in the file.
    private void Note(ChangeRecord record, IReadOnlyList<ChangedObject> changed, IObjectView view)
    {
        Dictionary<long, long> made = [];
        foreach (var change in changed)
            made[change.Id] = change.UpdateKey;
        foreach (var change in record.Changes.OfType<PutChange>())
        {
            var id = change.Object.Id;
            _moved[id] = (change.UpdateKey, made.TryGetValue(id, out var key) ? key : view.Find(id)?.UpdateKey ?? 0);
        }
    }

    private Guid OnceOnlyId(ChangeRecord record)
    {
        Span<byte> source = stackalloc byte[32];
        nodeId.TryWriteBytes(source);
        BinaryPrimitives.WriteInt64LittleEndian(source[16..], record.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(source[24..], record.LastUpdateKey);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | (RequestLedger.OnceOnlyVersion << 4));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    private static bool HasSameContent(CmsObject x, CmsObject y)
        => x.Name == y.Name && x.ParentId == y.ParentId && x.OwnerId == y.OwnerId && x.Cuid == y.Cuid && x.Kind == y.Kind
            && x.ModifiedUs == y.ModifiedUs && x.Properties.AsSpan().SequenceEqual(y.Properties) && x.AccessList.AsSpan().SequenceEqual(y.AccessList);

    private static long ObjectId(Change change) => change switch
    {
        PutChange put => put.Object.Id,
        RemoveChange remove => remove.Id,
        _ => 0,
    };
}
