using LoggerCms.Core.Auditing;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Brings records in by the write path of a node. One window of them is made durable while the next is planned. Until the node is ready nobody else
/// writes, and a window can be one group.
/// </summary>
/// <remarks>
/// A record is decided about by what is visible and what waits for the disk: changes of this reconcile, of one that was cancelled, of others. The
/// journal goes on after a failure; a reconcile does not, because what it decided does not hold, and its records are in their old files alone. So it
/// hears of a failure under the order of changes, plans no other record after it, and is done only when nothing waits that it may have decided by.
/// </remarks>
internal sealed class SequencedTarget : IReconcileTarget, IDisposable
{
    // So many records are made durable together; more would only cost memory. One window more may be planned before the journal has taken it, and two
    // with their longest records are less than may wait for the disk (DeltaOptions.MaxPendingBytes).
    private const int Window = 4096;
    private const int WindowBytes = 32 << 20;

    private readonly Sequencer _sequencer;
    private readonly DeltaJournal _journal;
    private readonly KeyBlocks _blocks;
    private readonly Flusher _flusher;
    private readonly bool _isAlone;
    private readonly Func<WriteRequest, ChangedObject[]> _make;
    private readonly ChangeDetails _details;
    private Task? _made;
    private Task _before = Task.CompletedTask;

    // Set under the order of changes, and before any task that failed ends.
    private LoggerCmsException? _failure;
    private int _count;
    private long _bytes;

    /// <param name="sequencer">The write path.</param>
    /// <param name="journal">Its journal.</param>
    /// <param name="blocks">Of update keys.</param>
    /// <param name="flusher">Sees to more of them.</param>
    /// <param name="isAlone">Nobody else writes.</param>
    public SequencedTarget(Sequencer sequencer, DeltaJournal journal, KeyBlocks blocks, Flusher flusher, bool isAlone)
    {
        (_sequencer, _journal, _blocks, _flusher, _isAlone) = (sequencer, journal, blocks, flusher, isAlone);
        _make = Make;
        _details = new ChangeDetails(seesAll: isAlone);
        sequencer.PendingFailed = failure => _failure ??= failure;
        if (isAlone)
            journal.Hold();
    }

    /// <summary>Told of each record whose changes hold.</summary>
    public Action<ChangeRecord, ChangeDetail[]>? BroughtIn { get; init; }

    /// <summary>Told of each record that was acknowledged once and whose changes do not hold.</summary>
    public Action<ChangeRecord, ChangeDetail[]>? KeptOut { get; init; }

    public async ValueTask<RecordFate> BringAsync(Reconciler reconciler, DeltaRecord record, WholeVersions? whole, CancellationToken cancellationToken)
    {
        if (_blocks.RunsLow)
            await _flusher.ReserveAsync(cancellationToken).ConfigureAwait(false);

        // Under the order of changes from the look at the objects to the change: nobody else's change may come between.
        _made = null;
        var (fate, details) = _sequencer.Look(
            whole, (Target: this, reconciler, record), static (view, of) => of.Target.Bring(of.reconciler, of.record, view));
        if (details is not null)
            (fate == RecordFate.BroughtIn ? BroughtIn : fate == RecordFate.KeptOut ? KeptOut : null)?.Invoke(record.Record, details);
        if (_made is { } durable)
            await AddAsync(durable, record.Bytes).ConfigureAwait(false);
        return fate;
    }

    public async Task AllDurableAsync(CancellationToken cancellationToken)
    {
        _journal.LetGo(andHold: false);
        await _sequencer.IdleAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfFailed();
    }

    public void Dispose()
    {
        _sequencer.PendingFailed = null;
        _journal.LetGo(andHold: false);
    }

    private (RecordFate Fate, ChangeDetail[]? Details) Bring(Reconciler reconciler, in DeltaRecord record, IObjectView view)
    {
        ThrowIfFailed();

        // Before it is decided: afterwards the view may have it.
        var details = BroughtIn is null && KeptOut is null ? null : _details.OfFirstMade(view, record.Record);
        return (reconciler.Bring(record, view, _make), details);
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw failure;
    }

    private ChangedObject[] Make(WriteRequest request)
    {
        var (made, _) = _sequencer.Submit(request);
        _made = made.Durable;
        return made.Changed;
    }

    private async Task AddAsync(Task durable, int bytes)
    {
        _count++;
        _bytes += bytes;
        if (_count < Window && _bytes < WindowBytes)
            return;
        _journal.LetGo(andHold: _isAlone);
        await _before.ConfigureAwait(false);
        _before = durable;
        (_count, _bytes) = (0, 0);
    }
}
