using LoggerCms.Core.Auditing;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// A node without its network: the start path, the write path, the flush, the stop. It is alone on its side and so in position 1.
/// </summary>
/// <remarks>
/// A start goes the steps of <see cref="NodeStep"/>. The lease is taken in the first, before anything is read: nobody else writes from then on, so
/// the image that is loaded stays true. The reconcile runs before anybody can write, and the first flush before old delta files go.
/// </remarks>
internal sealed partial class CmsNode : IFlushEvents, IAsyncDisposable
{
    private const string Stopping = "The node is stopping and takes no more changes.";

    private readonly ChangeDetails _details = new(seesAll: true);
    private readonly ISystemDatabase _database;
    private readonly IFileLayer _files;
    private readonly NodeOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _stateLock = new();
    private readonly TaskCompletionSource<LoggerCmsException?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _reconciling = new(1, 1);
    private NodeState _state = NodeState.Stopped;
    private NodeStep _step;
    private string _reason = "";
    private NodeLife? _life;

    // The database went back, and whoever starts the node knows: what it lacks is missing whatever the delta files begin with.
    private bool _goesOnWithout;
    private Parts? _parts;
    private bool _isOpen;
    private bool _isStopping;
    private bool _isEnded;
    private bool _closed;

    public CmsNode(ISystemDatabase database, IFileLayer files, NodeOptions options, TimeProvider time)
    {
        _database = database;
        _files = files;
        _options = options;
        _time = time;
        Tokens = new TokenService(time);
        _steadyClock = new SteadyClock(time, TimeSpan.FromHours(1));
        Started = time.GetUtcNow();
    }

    public TokenService Tokens { get; }

    public DateTimeOffset Started { get; }

    public NodeOptions Options => _options;

    /// <summary>The ends of the blocks that ids and update keys come from.</summary>
    public (long ObjectId, long UpdateKey) BlockEnds => Running.Blocks.Ends;

    /// <summary>The system database's identity.</summary>
    public Guid SystemId => Running.AtStart.Identity;

    /// <summary>Ends when the node has: with null after a stop, otherwise with the reason.</summary>
    public Task<LoggerCmsException?> Ended => _ended.Task;

    /// <summary>
    /// Called for each record that became durable, in order, before it is visible, with what it does not say itself; must be quick and not throw. Of one
    /// that a reconcile made again it was called when that read the delta file.
    /// </summary>
    public Action<ChangeRecord, ChangeDetail[]>? Changed { get; set; }

    /// <summary>
    /// Called for each record of a delta file that was acknowledged once, and that a reconcile did not bring in because of a conflict; must be quick
    /// and not throw.
    /// </summary>
    public Action<ChangeRecord, ChangeDetail[]>? KeptOut { get; set; }

    /// <summary>
    /// Called before delta files go, so that what was told by <see cref="Changed"/> and <see cref="KeptOut"/> is kept elsewhere. Where it fails the
    /// files stay, the node says so, and it is called again.
    /// </summary>
    public Func<CancellationToken, Task>? BeforeTrim { get; set; }

    public DeltaReconcileResult? Reconciled { get; private set; }

    public TimeSpan LoadTime { get; private set; }

    /// <summary>The objects, once the image is there.</summary>
    public RunTimeImage.RunTimeImage Image => Running.Image;

    /// <summary>Whether the start has brought in what delta files hold; before that the image is not what was acknowledged.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary>The write path, once the start has brought in what delta files hold: a change before that would be one of objects that are not the last.</summary>
    public Sequencer Sequencer => IsOpen ? Running.Sequencer : throw NotReady();

    public Flusher Flusher => Running.Flusher;

    private Parts Running => _parts ?? throw NotReady();

    /// <summary>Runs the start path.</summary>
    /// <exception cref="LoggerCmsException">The reason why it cannot start; nothing is left open, and the node is stopped.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var noCollection = new NoBackgroundCollection();
        try
        {
            await RunStartPathAsync(noCollection, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Enter(NodeState.Stopped, _step, exception.Message);
            if (_parts is { } parts)
                await GiveUpAsync(parts).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Ends well: no more writes, everything flushed, no delta file left, the lease given back. A stop cannot be taken back: one that is cancelled
    /// leaves a node that takes no changes and says so, and that the next stop ends from where this one was.
    /// </summary>
    /// <exception cref="LoggerCmsException">The database could not take the rest: the delta files stay, and the next start brings them in.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var parts = Running;
        BeginStop(parts);

        // A reconcile that is under way is refused its next change, and must not find the flusher gone.
        await _reconciling.WaitAsync(cancellationToken).ConfigureAwait(false);
        LoggerCmsException? failure;
        try
        {
            if (_isEnded)
                return;
            await parts.Sequencer.IdleAsync(cancellationToken).ConfigureAwait(false);
            failure = await EndAsync(parts, cancellationToken).ConfigureAwait(false);
            _isEnded = true;
        }
        finally
        {
            _reconciling.Release();
        }

        Enter(NodeState.Stopped, NodeStep.ReadyForAction, failure?.Message ?? "");
        _ended.TrySetResult(failure);
        if (failure is not null)
            throw failure;
    }

    private void BeginStop(Parts parts)
    {
        parts.Sequencer.Refuse(new LoggerCmsException(ErrorCodes.NodeNotReady, "The node is stopping.", "Try again when it has started."));
        lock (_stateLock)
        {
            if (_isStopping || _state == NodeState.Stopped)
                return;
            _isStopping = true;
        }

        Enter(NodeState.Degraded, NodeStep.ReadyForAction, Stopping);
    }

    public async ValueTask DisposeAsync()
    {
        if (_parts is { } parts && !_closed)
        {
            parts.Sequencer.Refuse(NotReady());
            await CloseAsync(parts).ConfigureAwait(false);
        }

        _reconciling.Dispose();
    }

    // Each step may be done again, so that it goes on where a cancelled one was.
    private async Task<LoggerCmsException?> EndAsync(Parts parts, CancellationToken cancellationToken)
    {
        try
        {
            if (!_closed)
            {
                // A database that gives no answer may never give one: what waits for it ends, and it is asked once more.
                if (parts.Flusher.Failure is not null)
                    await parts.Flusher.DisposeAsync().ConfigureAwait(false);
                await parts.Flusher.FlushAsync(cancellationToken).ConfigureAwait(false);
                await parts.Flusher.DisposeAsync().ConfigureAwait(false);
                await KeepToldAsync(cancellationToken).ConfigureAwait(false);
                FinishStart(parts);
                KeepKnown(parts, parts.Blocks.Ends);
                if (_options.IsDeltaPathOfData)
                    _life?.OweNothing();
                await parts.Journal.CloseAsync(removeAll: true).ConfigureAwait(false);
                _closed = true;
            }

            if (!_options.KeepsLease)
                await GiveLeaseBackAsync(parts.Epoch, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (LoggerCmsException exception)
        {
            await CloseAsync(parts).ConfigureAwait(false);
            return exception;
        }
    }

    private Task GiveLeaseBackAsync(long epoch, CancellationToken cancellationToken) => new Patience(_database.Name, _options.Cluster.LongestAnswer)
        .AnswerAsync(token => _database.ReleaseLeaseAsync(epoch, token), silent: null, cancellationToken);

    /// <summary>Ends what runs; the delta files stay.</summary>
    private async Task CloseAsync(Parts parts)
    {
        _closed = true;
        await parts.Flusher.DisposeAsync().ConfigureAwait(false);
        KeepKnown(parts, parts.Blocks.Ends);
        await parts.Journal.DisposeAsync().ConfigureAwait(false);
    }

    // So that a later start sees where the database has less.
    private void KeepKnown(Parts? parts, (long ObjectId, long UpdateKey) ends)
    {
        if (parts is not null)
            _life?.Keep(parts.Epoch, Flushed(parts), ends);
    }

    // The epoch began above all keys that were there: what it has flushed is above that.
    private static long Flushed(Parts parts) => parts.Unflushed.CommittedKey > parts.AtStart.UpdateKeyEnd ? parts.Unflushed.CommittedKey : 0;

    // What this start could not bring in stays in its delta files.
    private async Task GiveUpAsync(Parts parts)
    {
        var isEmpty = parts.Journal.State.Records == 0;
        await CloseAsync(parts).ConfigureAwait(false);
        try
        {
            if (isEmpty)
            {
                _life?.OweNothingOf(parts.Epoch);
                await parts.Journal.CloseAsync(removeAll: true).ConfigureAwait(false);
            }

            await ReleaseAsync(parts.Epoch).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception)
        {
            Enter(NodeState.Stopped, _step, $"{_reason} A delta file without a change was left: {exception.Message}");
        }
    }

    private void OnDurable(ChangeRecord record)
    {
        if (Changed is { } changed && _details.OfFirstMade(Image, record) is { } details)
            changed(record, details);
    }

    private void OnVisible(ChangeRecord record)
    {
        foreach (var change in record.Changes)
        {
            if (change is PutLocalChange { Entry.Key.Class: LocalClass.Token } put)
                Tokens.Apply(put.Entry);
            else if (change is RemoveLocalChange { Key.Class: LocalClass.Token } remove)
                Tokens.Remove(remove.Key.Id);
            else if (change is PutLocalChange { Entry.Key.Class: LocalClass.Request } answer)
                _parts?.Ledger.Restore(answer.Entry);
        }
    }

    private void Enter(NodeState state, NodeStep step, string reason)
    {
        lock (_stateLock)
            (_state, _step, _reason) = (state, step, reason);
        StateChanged?.Invoke(state, step, reason);
    }

    private LoggerCmsException NotReady()
    {
        // Not the reason, which may name what not everybody who asks need know.
        var (state, step, _) = State;
        return new LoggerCmsException(
            ErrorCodes.NodeNotReady, $"The node is {state} ({step}).", "Try again in a moment; Get-CmsNode shows the state.");
    }

    private sealed record Parts(
        long Epoch,
        SystemDatabaseState AtStart,
        KeyBlocks Blocks,
        RunTimeImage.RunTimeImage Image,
        RequestLedger Ledger,
        EpochJournals Journals,
        UnflushedChanges Unflushed,
        Flusher Flusher,
        Sequencer Sequencer,
        DeltaJournal Journal);
}
