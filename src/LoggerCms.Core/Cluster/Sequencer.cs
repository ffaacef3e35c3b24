using System.Runtime.InteropServices;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// The write path: orders changes and makes them durable before anybody sees them. Safe for any number of callers.
/// </summary>
/// <remarks>
/// <para>A write goes these steps, the first four under one lock, which is the order of changes:</para>
/// <list type="number">
/// <item>An earlier try of the same request is answered, or waited for.</item>
/// <item>It is validated and authorised against what is visible and, over that, what is pending.</item>
/// <item>Its changes get their update keys; a request that fails gives them back.</item>
/// <item>Its record goes into the delta journal's queue and its changes into the pending overlay.</item>
/// <item>The journal's thread has the record durable: the image gets the changes, the overlay forgets them, and they count as unflushed.</item>
/// <item>The caller is answered.</item>
/// </list>
/// <para>
/// The image gets records in the order of their keys, because the journal reports durability in the order of appends and 4 appends under the lock.
/// Nobody reads a change that a crash could take back, because 5 comes after the sync. When a record cannot be made durable, neither are those
/// after it: they were planned on it. All of them fail, the overlay is cleared, and only then the journal is told to go on.
/// </para>
/// </remarks>
internal sealed class Sequencer(
    RunTimeImage.RunTimeImage image,
    KeyBlocks blocks,
    RequestLedger ledger,
    UnflushedChanges unflushed,
    Flusher flusher,
    long epoch,
    ClusterOptions options,
    TimeProvider time)
{
    private const int FirstBuffer = 64 << 10;
    private const int KeptBuffer = 4 << 20;

    private readonly Lock _order = new();
    private readonly Queue<Pending> _pending = new();

    // The journal's thread's own.
    private readonly List<Pending> _durable = [];
    private readonly List<ObjectChange> _shown = [];
    private readonly ObjectOverlay _overlay = new(image);
    private DeltaJournal? _journal;
    private LoggerCmsException? _refusal;
    private byte[] _buffer = new byte[FirstBuffer];

    /// <summary>Called for each record in order, on the journal's thread, when it is durable and not yet visible.</summary>
    public Action<ChangeRecord>? Durable { get; init; }

    /// <summary>The same once it is visible.</summary>
    public Action<ChangeRecord>? Visible { get; init; }

    /// <summary>
    /// Called under the order of changes when what is pending has failed, with the failure of the first: what was decided by it does not hold.
    /// </summary>
    public Action<LoggerCmsException>? PendingFailed { get; set; }

    public long Writes { get; private set; }

    public void Open(DeltaJournal journal) => _journal = journal;

    /// <summary>From here on every write is refused with this; null takes it back. Writes that are under way still end.</summary>
    public void Refuse(LoggerCmsException? reason)
    {
        lock (_order)
            _refusal = reason;
    }

    /// <summary>Makes the changes of a request: all or none.</summary>
    /// <returns>After they are durable on this node and visible.</returns>
    /// <exception cref="LoggerCmsException">
    /// As <see cref="ChangePlanner.Plan()"/>; NodeNotReady; JournalFailed: nothing was changed; OutcomeUnknown: only a restart or a retry tells.
    /// </exception>
    public async ValueTask<WriteAnswer> WriteAsync(WriteRequest request)
    {
        // An answer that is there already takes no room.
        if (unflushed.Bytes > options.MostUnflushedBytes && ledger.Find(request) is null)
            await WaitForRoomAsync().ConfigureAwait(false);
        RequestLedger.Answer answer;
        bool repeated;
        try
        {
            (answer, repeated) = await WholeAsync(request, static (sequencer, request) => sequencer.Take(request)).ConfigureAwait(false);
        }
        catch (BlockUsedUpException)
        {
            (answer, repeated) = await WithAnotherBlockAsync(request).ConfigureAwait(false);
        }

        await answer.Durable.ConfigureAwait(false);
        return new WriteAnswer(answer.Changed, repeated);
    }

    /// <summary>What <see cref="WriteAsync"/> would do, told by the same plan against what is visible and pending now; nothing is changed.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="WriteAsync"/>, but for what only the disk tells.</exception>
    public ValueTask<WriteAnswer> PlanAsync(WriteRequest request) => WholeAsync(request, static (sequencer, request) => sequencer.PlanOnly(request));

    private WriteAnswer PlanOnly(WriteRequest request)
    {
        lock (_order)
        {
            try
            {
                ThrowIfRefused();
                var record = Plan(request, blocks.ForPlan());
                Encode(record, request);
                return new WriteAnswer(RequestLedger.ChangedBy(record.Changes), Repeated: false);
            }
            finally
            {
                _overlay.RollBack();
            }
        }
    }

    /// <summary>The part of a write before it is durable: for a caller that has many to make and waits for them together.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="WriteAsync"/>; NodeNotReady at once where no number is left.</exception>
    public (RequestLedger.Answer Answer, bool Repeated) Submit(WriteRequest request)
    {
        try
        {
            return Take(request);
        }
        catch (BlockUsedUpException exception)
        {
            throw exception.Failure;
        }
    }

    private (RequestLedger.Answer Answer, bool Repeated) Take(WriteRequest request)
    {
        lock (_order)
        {
            return !request.IsReconcile && ledger.Find(request) is { } earlier ? (earlier, true) : (Begin(request), false);
        }
    }

    /// <summary>
    /// Looks at the objects as the next write would find them, those whole that were read back for it; a write that it submits follows on what it saw.
    /// </summary>
    public T Look<TState, T>(WholeVersions? whole, TState state, Func<IObjectView, TState, T> look)
    {
        lock (_order)
        {
            _overlay.Whole = whole;
            try
            {
                return look(_overlay, state);
            }
            finally
            {
                _overlay.Whole = null;
            }
        }
    }

    /// <summary>The journal's callback: everything up to the key is durable.</summary>
    public void OnDurable(long throughKey)
    {
        // Two looks at the order for a whole group: its writers are planning the next one meanwhile.
        lock (_order)
            _durable.AddRange(_pending.TakeWhile(p => p.Record.LastUpdateKey <= throughKey));
        foreach (var next in _durable)
        {
            var record = next.Record;

            // Before it counts as unflushed: a flush lets the delta file go, and who was told of the record must be able to keep it by then.
            Durable?.Invoke(record);
            Show(record);
            Visible?.Invoke(record);
            unflushed.Add(record.Changes, record.RequestId == Guid.Empty ? null : RequestLedger.Encode(next.Answer), next.Bytes);
        }

        lock (_order)
        {
            for (var i = 0; i < _durable.Count; i++)
            {
                // The answer is kept for long, and what its writer waits for is done.
                _pending.Dequeue().Answer.Durable = Task.CompletedTask;
            }

            _overlay.Forget(throughKey);
            Writes += _durable.Count;
        }

        Answers.Give(_durable, failure: null);
        _durable.Clear();
    }

    /// <summary>The journal's callback: what is pending cannot be made durable and will not be.</summary>
    public void OnFailed(DeltaAppendFailure failure)
    {
        List<Pending> failed;
        lock (_order)
        {
            failed = [.. _pending];
            _pending.Clear();
            _overlay.Clear();
            foreach (var pending in failed)
                TakeBack(pending);
            if (failed.Count > 0)
                PendingFailed?.Invoke(failure.Of(failed[0].Record.LastUpdateKey));
        }

        Answers.Give(failed, failure);
    }

    /// <summary>Ends when what is pending now was answered, well or not.</summary>
    public async Task IdleAsync(CancellationToken cancellationToken)
    {
        Task pending;
        lock (_order)
            pending = Task.WhenAll(_pending.Select(p => p.Done.Task));
        await Task.WhenAny(pending).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // The bound is soft by what is in flight: it keeps memory and disk from filling, and need not be exact.
    private async Task WaitForRoomAsync()
    {
        using var timeout = new CancellationTokenSource(options.LongestWait, time);
        try
        {
            while (unflushed.Bytes > options.MostUnflushedBytes)
                await flusher.NextAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            var reason = flusher.Failure is null ? "they come faster than it takes them" : "it cannot be written just now";
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded,
                $"{unflushed.Bytes >> 20} MB of changes are not yet in the system database and told to the audit ({reason}); the change was not made.",
                "Bring what is away back, then try again; Get-CmsNode shows how much is left.");
        }
    }

    // A block is ten times what one request can take, but others take from it too.
    private async Task<(RequestLedger.Answer Answer, bool Repeated)> WithAnotherBlockAsync(WriteRequest request)
    {
        using var timeout = new CancellationTokenSource(options.LongestWait, time);
        for (var isLast = false; ;)
        {
            try
            {
                await flusher.NextAsync(timeout.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                isLast = true;
            }

            try
            {
                return isLast
                    ? await WholeAsync(request, static (sequencer, request) => sequencer.Submit(request)).ConfigureAwait(false)
                    : await WholeAsync(request, static (sequencer, request) => sequencer.Take(request)).ConfigureAwait(false);
            }
            catch (BlockUsedUpException)
            {
                // The next block is asked for.
            }
        }
    }

    // What is read back may be as much as a record is long that holds it again.
    private ValueTask<T> WholeAsync<T>(WriteRequest request, Func<Sequencer, WriteRequest, T> plan) => WholeVersions.PlanAsync(
        image,
        options.MostRecordBytes,
        (Sequencer: this, request, plan),
        static (of, whole) => ValueTask.FromResult(of.Sequencer.Look(whole, of, static (_, of) => of.plan(of.Sequencer, of.request))),
        request.Gone);

    private void ThrowIfRefused()
    {
        if (_refusal is { } refusal)
            throw refusal;
    }

    private void Show(ChangeRecord record)
    {
        foreach (var change in record.Changes)
        {
            if (change is PutChange put)
                _shown.Add(ObjectChange.Put(put.Object));
            else if (change is RemoveChange remove)
                _shown.Add(ObjectChange.Remove(remove.Id, remove.UpdateKey));
        }

        image.Apply(CollectionsMarshal.AsSpan(_shown));
        _shown.Clear();
        image.Advance(record.LastUpdateKey);
    }

    private RequestLedger.Answer Begin(WriteRequest request)
    {
        ThrowIfRefused();
        var journal = _journal ?? throw new InvalidOperationException("The sequencer has no journal yet.");
        ChangeRecord record;
        int length;
        var mark = blocks.Mark;
        try
        {
            record = Plan(request, blocks);
            length = Append(journal, record, request);
        }
        catch
        {
            _overlay.RollBack();
            blocks.GiveBack(mark);
            throw;
        }

        _overlay.Keep();

        // Set by Answers alone, on a thread where what waits for it may go on.
        var done = new TaskCompletionSource();
        var answer = ledger.Add(record, done.Task);
        if (request.IsReconcile)
            ledger.KeepCarried(record, done.Task);
        _pending.Enqueue(new Pending(record, answer, length, done));
        return answer;
    }

    private void TakeBack(in Pending failed)
    {
        ledger.Remove(failed.Record.RequestId);
        foreach (var change in failed.Record.Changes)
        {
            if (change is PutLocalChange { Entry.Key: { Class: LocalClass.Request } answer })
                ledger.TakeBack(answer.Id, failed.Done.Task);
        }
    }

    private ChangeRecord Plan(WriteRequest request, KeyBlocks numbers)
    {
        var nowUs = UnixTime.Us(time.GetUtcNow());
        return new ChangeRecord
        {
            Epoch = epoch,
            TimeUs = nowUs,
            PrincipalId = request.PrincipalId,
            ClientAddress = request.ClientAddress,
            RequestId = request.RequestId,
            Fingerprint = request.Fingerprint,
            Changes = new ChangePlanner(_overlay, numbers, request, nowUs, options).Plan(),
        };
    }

    private int Append(DeltaJournal journal, ChangeRecord record, WriteRequest request)
    {
        var bytes = Encode(record, request);
        journal.Append(record.LastUpdateKey, bytes);
        return bytes.Length;
    }

    private ReadOnlySpan<byte> Encode(ChangeRecord record, WriteRequest request)
    {
        if (_buffer.Length > KeptBuffer)
            _buffer = new byte[FirstBuffer];
        var bytes = ChangeRecordCodec.Encode(record, ref _buffer);

        // What a reconcile brings was acknowledged before, and has grown by the answer that its client may ask for.
        if (bytes.Length > options.MostRecordBytes && (bytes.Length > DeltaFormat.MaxRecord || !request.IsReconcile))
            throw ChangePlanner.TooLong(options);
        return bytes;
    }

    private readonly record struct Pending(ChangeRecord Record, RequestLedger.Answer Answer, int Bytes, TaskCompletionSource Done);

    /// <summary>
    /// Answers some callers one after the other on a thread of the pool. A work item for each would wake threads that find nothing left to do,
    /// which with many small requests cost more than the answers.
    /// </summary>
    private sealed class Answers(Pending[] callers, DeltaAppendFailure? failure) : IThreadPoolWorkItem
    {
        private const int CallersAtOnce = 16;

        public static void Give(List<Pending> callers, DeltaAppendFailure? failure)
        {
            foreach (var some in callers.Chunk(CallersAtOnce))
                ThreadPool.UnsafeQueueUserWorkItem(new Answers(some, failure), preferLocal: false);
        }

        public void Execute()
        {
            foreach (var caller in callers)
            {
                if (failure is null)
                    caller.Done.SetResult();
                else
                    caller.Done.SetException(failure.Of(caller.Record.LastUpdateKey));
            }
        }
    }
}
