using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

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
/// An object that has the content of the delta already counts as applied: whoever did that, there is nothing left to do. So does a record of an epoch
/// that was brought in up to it and beyond: once-only ids are kept for some days, and a copy of a file may come later.
/// </para>
/// <para>
/// Nor is a record applied whose client sent its request again to another node meanwhile, which did it anew: the answer that the ledger has by then is
/// the one that was given last, and stays.
/// </para>
/// <para>
/// A token's entry has no update key before it. Tokens are made once and revoked once, so that all that can have happened since is a revocation;
/// no policy takes that back.
/// </para>
/// </remarks>
/// <param name="epochEnds">For each epoch the last key that is in the database.</param>
/// <param name="journals">Know up to where an epoch was brought in.</param>
/// <param name="ledger">Knows once-only ids.</param>
/// <param name="tokens">Those of now.</param>
/// <param name="policy">About conflicts.</param>
/// <param name="planned">What a plan would have brought so far, by once-only id, and what it would have told clients, by theirs; null where it is made, and the ledger learns of it.</param>
/// <param name="keptOut">The once-only ids of all records that this reconcile kept out, to which it adds.</param>
internal sealed partial class Reconciler(
    IReadOnlyDictionary<long, long> epochEnds,
    EpochJournals journals,
    RequestLedger ledger,
    TokenService tokens,
    ConflictPolicy policy,
    Dictionary<Guid, ChangedObject[]>? planned,
    HashSet<Guid> keptOut)
{
    private readonly Dictionary<long, (long FileKey, long NewKey)> _moved = [];
    private readonly List<DeltaConflict> _conflicts = [];
    private readonly Dictionary<long, long> _firstKeptOut = [];
    private readonly List<Guid> _broughtIn = [];

    public long Records { get; private set; }

    public long Applied { get; private set; }

    public long AlreadyThere { get; private set; }

    public long Repeated { get; private set; }

    public bool Stopped { get; private set; }

    /// <summary>What a later journal repeats of one that is not whole; null for nothing.</summary>
    public DeltaGaps? Gaps { get; set; }

    public IReadOnlyList<DeltaConflict> Conflicts => _conflicts;

    /// <summary>The once-only ids of what an earlier reconcile left out, and this one did not.</summary>
    public IReadOnlyList<Guid> BroughtIn => _broughtIn;

    /// <summary>Decides about a record against the objects as they are, and has made what it decides for.</summary>
    /// <param name="of">The record.</param>
    /// <param name="view">The objects; shows what <paramref name="make"/> did once that returned.</param>
    /// <param name="make">Makes the request, or finds out that it cannot be made, by the failures of a write.</param>
    /// <exception cref="NotInMemoryException">Nothing was decided: read the objects back, then ask again.</exception>
    public RecordFate Bring(in DeltaRecord of, IObjectView view, Func<WriteRequest, ChangedObject[]> make)
    {
        var (record, id) = (of.Record, of.OnceOnlyId);
        List<long>? missing = null;
        foreach (var change in record.Changes)
        {
            // Only what is the same in all else is compared by its properties too.
            if (change is PutChange put && view.Find(put.Object.Id) is { IsSkeleton: true } current && HasSameHead(current, put.Object))
                (missing ??= []).Add(current.Id);
        }

        if (missing is not null)
            throw new NotInMemoryException(missing);
        var fate = Decide(record, id, view, make);
        Records++;
        if (fate == RecordFate.KeptOut)
            NoteKeptOut(record, id);
        else if (fate == RecordFate.BroughtIn && journals.IsLeft(id))
            _broughtIn.Add(id);
        return fate;
    }

    /// <summary>The update key of the first record of an epoch that was kept out; null for none.</summary>
    public long? FirstKeptOut(long epoch) => _firstKeptOut.TryGetValue(epoch, out var key) ? key : null;

    // A flush covers what was decided, also this: with what comes after it there may be no conflict any more.
    private void NoteKeptOut(ChangeRecord record, Guid id)
    {
        keptOut.Add(id);
        _firstKeptOut.TryAdd(record.Epoch, record.LastUpdateKey);
        if (planned is null)
            journals.AddKeptOut(id);
    }

    private RecordFate Decide(ChangeRecord record, Guid id, IObjectView view, Func<WriteRequest, ChangedObject[]> make)
    {
        if (record.LastUpdateKey <= epochEnds.GetValueOrDefault(record.Epoch, -1))
        {
            AlreadyThere++;
            return RecordFate.BroughtIn;
        }

        if ((Earlier(id) ?? EarlierOfCopied(record)) is { } earlier)
        {
            Repeated++;
            Note(record, earlier, view);
            return RecordFate.BroughtIn;
        }

        if (Gaps?.IsLeftToCopy(record.Epoch, id) == true)
        {
            Repeated++;
            return RecordFate.BroughtIn;
        }

        if (policy != ConflictPolicy.ApplyDelta && journals.IsKeptOut(id))
        {
            DemandWhole([record.Changes[0]], view);
            return Report([ConflictReport.Of(record, record.Changes[0], view, tokens, "It was kept out before, because of a conflict.")], KeptOutOrStopped);
        }

        var answer = AnswerOf(record);
        var pending = Pending(record, view);
        if (pending.Length == 0)
        {
            AlreadyThere++;
            Note(record, [], view);

            // The client's answer may not be.
            if (answer is not null)
            {
                var request = Request(record, id, pending, answer);
                Foresee(request, make(request), view);
            }

            return RecordFate.BroughtIn;
        }

        // Its once-only id is forgotten; what is otherwise than it left it was changed since.
        if (journals.IsBroughtIn(record.Epoch, record.LastUpdateKey, id))
        {
            AlreadyThere++;
            return RecordFate.BroughtIn;
        }

        if (DoneElsewhere(record) is { } other)
        {
            DemandWhole([record.Changes[0]], view);
            return Report([ConflictReport.Of(record, record.Changes[0], view, tokens, Retold(other))], KeptOutOrStopped);
        }

        var fate = FindConflicts(record, pending, view, out var conflicts);
        if (fate == RecordFate.BroughtIn)
            fate = Make(record, Request(record, id, pending, answer), view, make, ref conflicts);
        if (fate == RecordFate.BroughtIn || Gaps?.IsCopied(id) != true)
            return Report(conflicts, fate);

        // An earlier start decided otherwise, by another policy, and went on from that: its copy comes.
        Repeated++;
        return RecordFate.BroughtIn;
    }

    // What a copy repeats, by the once-only id of that; a copy of a copy carries the ids of both.
    private IReadOnlyList<ChangedObject>? EarlierOfCopied(ChangeRecord record)
        => OnceOnly.IsCopy(record) ? OnceOnly.OfCopied(record).Select(Earlier).FirstOrDefault(earlier => earlier is not null) : null;

    /// <summary>
    /// Another answer to the request of a record, or to one whose answer the record carries: its client sent it again, to a node that did not know the
    /// record, and it was done there. No policy does it twice.
    /// </summary>
    private IReadOnlyList<ChangedObject>? DoneElsewhere(ChangeRecord record)
    {
        if (record.RequestId.Version != RequestLedger.OnceOnlyVersion)
            return Earlier(record.RequestId) is { } told && !told.SequenceEqual(RequestLedger.ChangedBy(record.Changes)) ? told : null;
        foreach (var change in record.Changes)
        {
            if (change is PutLocalChange { Entry: { Key.Class: LocalClass.Request } entry } && Earlier(entry.Key.Id) is { } other
                && !other.SequenceEqual(RequestLedger.Decode(entry).Changed))
            {
                return other;
            }
        }

        return null;
    }

    // What the ledger would learn.
    private void Foresee(WriteRequest request, ChangedObject[] changed, IObjectView view)
    {
        if (planned is null)
            return;
        planned[request.RequestId] = changed;
        foreach (var operation in request.Operations)
        {
            if ((operation is PutOnceOnly once ? RequestLedger.AsNow(once.Entry, view) : (operation as PutLocal)?.Entry) is { Key.Class: LocalClass.Request } entry)
                planned.TryAdd(entry.Key.Id, RequestLedger.Decode(entry).Changed);
        }
    }

    // What its client was or would have been answered, so that a retry after the crash gets that. What the ledger has was told, and stays.
    private LocalEntry? AnswerOf(ChangeRecord record) => record.RequestId == Guid.Empty || Earlier(record.RequestId) is not null
        ? null
        : RequestLedger.Encode(new RequestLedger.Answer(
            record.RequestId,
            record.PrincipalId,
            record.Fingerprint,
            RequestLedger.ChangedBy(record.Changes),
            ledger.ExpiresUs(record.RequestId, record.TimeUs),
            Task.CompletedTask));

    private static string Retold(IReadOnlyList<ChangedObject> other) => "Its client sent the request again, and it was done then: "
        + string.Join(", ", other.Take(3).Select(c => $"object {c.Id} with update key {c.UpdateKey}")) + (other.Count > 3 ? " and others." : ".");

    private RecordFate Make(
        ChangeRecord record, WriteRequest request, IObjectView view, Func<WriteRequest, ChangedObject[]> make, ref List<DeltaConflict>? conflicts)
    {
        ChangedObject[] changed;
        try
        {
            changed = make(request);
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.NameInUse or ErrorCodes.ObjectNotFound or ErrorCodes.InvalidObject)
        {
            // What it changes cannot be so any more.
            DemandWhole([record.Changes[0]], view);
            (conflicts ??= []).Add(ConflictReport.Of(record, record.Changes[0], view, tokens, exception.Message));
            return KeptOutOrStopped;
        }

        Foresee(request, changed, view);
        Applied++;
        Note(record, changed, view);
        return RecordFate.BroughtIn;
    }

    private IReadOnlyList<ChangedObject>? Earlier(Guid requestId) => ledger.Kept(requestId)?.Changed ?? planned?.GetValueOrDefault(requestId);

    /// <summary>
    /// The changes whose objects are not as the record leaves them. What an object is after its last change decides: one that was made and removed
    /// again is there when it is not.
    /// </summary>
    private Change[] Pending(ChangeRecord record, IObjectView view)
        => record.Changes.Length > 1 ? PendingOfMany(record, view) : IsThere(record.Changes[0], view) ? [] : record.Changes;

    private Change[] PendingOfMany(ChangeRecord record, IObjectView view)
    {
        Dictionary<long, Change> last = [];
        foreach (var change in record.Changes)
            last[ObjectId(change)] = change;
        var there = last.Where(l => l.Key != 0 && IsThere(l.Value, view)).Select(l => l.Key).ToHashSet();
        return [.. record.Changes.Where(change => ObjectId(change) is var id && (id == 0 ? !IsThere(change, view) : !there.Contains(id)))];
    }

    private static WriteRequest Request(ChangeRecord record, Guid id, Change[] pending, LocalEntry? answer)
    {
        var operations = new WriteOperation[pending.Length + (answer is null ? 0 : 1)];
        for (var i = 0; i < pending.Length; i++)
        {
            operations[i] = pending[i] switch
            {
                PutLocalChange local => Put(local.Entry),
                RemoveLocalChange local => new RemoveLocal(local.Key),
                var change => new RepeatChange(change),
            };
        }

        if (answer is not null)
            operations[^1] = Put(answer);
        return new WriteRequest
        {
            RequestId = id,
            IsReconcile = true,
            PrincipalId = record.PrincipalId,
            ClientAddress = record.ClientAddress,
            Guard = null,
            Operations = operations,
        };
    }

    private static WriteOperation Put(LocalEntry entry) => OnceOnly.IsKeptUnder(entry) ? new PutOnceOnly(entry) : new PutLocal(entry);

    private bool IsThere(Change change, IObjectView view) => change switch
    {
        PutChange put => view.Find(put.Object.Id) is { } current && (MakesSystemObject(put) || HasSameContent(current, put.Object)),
        RemoveChange remove => view.Find(remove.Id) is null,
        PutLocalChange { Entry.Key: { Class: LocalClass.Request } key } => Earlier(key.Id) is not null,
        PutLocalChange { Entry: { Key.Class: LocalClass.Token } entry } => tokens.Find(entry.Key.Id)?.Encode().Content.AsSpan().SequenceEqual(entry.Content) == true,
        _ => false,
    };

    // The next delta of an object names the key that this one had in the file.
    private void Note(ChangeRecord record, IReadOnlyList<ChangedObject> changed, IObjectView view)
    {
        if (record.Changes.Length == 1 && changed.Count <= 1)
        {
            if (record.Changes[0] is PutChange put)
                Moved(put, changed.Count == 1 ? changed[0].UpdateKey : null, view);
            return;
        }

        Dictionary<long, long> made = [];
        foreach (var change in changed)
            made[change.Id] = change.UpdateKey;
        foreach (var change in record.Changes.OfType<PutChange>())
            Moved(change, made.TryGetValue(change.Object.Id, out var key) ? key : null, view);
    }

    private void Moved(PutChange change, long? newKey, IObjectView view)
    {
        var current = newKey is null ? view.Find(change.Object.Id) : null;

        // What was done since to one that both have made is not what the file's next change stands on.
        if (current is null or { Version: 1 } || !MakesSystemObject(change))
            _moved[change.Object.Id] = (change.UpdateKey, newKey ?? current?.UpdateKey ?? 0);
    }

    // Every node makes the same ones in a system that has none: also one that takes over before the first flush of the node before it.
    private static bool MakesSystemObject(PutChange put) => put.BeforeKey == 0 && SystemObjects.Contains(put.Object.Id);

    private static bool HasSameContent(CmsObject x, CmsObject y)
        => HasSameHead(x, y) && x.Properties.AsSpan().SequenceEqual(y.Properties) && x.AccessList.AsSpan().SequenceEqual(y.AccessList);

    private static bool HasSameHead(CmsObject x, CmsObject y)
        => x.Name == y.Name && x.ParentId == y.ParentId && x.OwnerId == y.OwnerId && x.Cuid == y.Cuid && x.Kind == y.Kind && x.ModifiedUs == y.ModifiedUs;

    private static long ObjectId(Change change) => change switch
    {
        PutChange put => put.Object.Id,
        RemoveChange remove => remove.Id,
        _ => 0,
    };
}

/// <summary>What became of a record.</summary>
internal enum RecordFate
{
    /// <summary>What it changed is so: by this reconcile, an earlier one, or a flush.</summary>
    BroughtIn,

    /// <summary>It was not applied, and that was reported.</summary>
    KeptOut,

    /// <summary>It was not applied, and neither is any after it.</summary>
    Stopped,
}
