using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>What the node tells of itself, and how flushes change that.</summary>
internal sealed partial class CmsNode
{
    private readonly SteadyClock _steadyClock;
    private long _flushedKey;

    public Action<NodeState, NodeStep, string>? StateChanged { get; set; }

    public (NodeState State, NodeStep Step, string Reason) State
    {
        get
        {
            lock (_stateLock)
                return (_state, _step, _reason);
        }
    }

    /// <summary>The state as it is told to others: a node whose flushes succeed is degraded all the same while something beside them fails.</summary>
    public (NodeState State, NodeStep Step, string Reason) Told
    {
        get
        {
            var (state, step, reason) = State;
            if (state != NodeState.Ready)
                return (state, step, reason);
            if (_parts?.Journal.State is { FailedSince: not null } journal)
                return (NodeState.Degraded, step, $"The delta folder cannot be written: {journal.Failure}");
            if (_parts?.Flusher.Failure is { } failure)
                return (NodeState.Degraded, step, Unwritten(failure));
            return Trouble?.Invoke() is { } trouble ? (NodeState.Degraded, step, trouble) : (state, step, reason);
        }
    }

    /// <summary>What the network's part has to say about itself: null where all is well. Must be quick and not throw.</summary>
    public Func<string?>? Trouble { get; set; }

    /// <summary>What the node knows about itself; the network's part is left for the host to fill in.</summary>
    public CmsNodeInfo Describe()
    {
        var (state, step, reason) = Told;
        var parts = _parts;
        var journal = parts?.Journal.State;
        return new CmsNodeInfo
        {
            Name = _options.Name,
            NodeId = _options.NodeId,
            State = state.ToString(),
            Color = state switch { NodeState.Stopped => "Red", NodeState.Ready => "Green", _ => "Yellow" },
            Step = step.ToString(),
            Reason = reason,
            Side = _options.Side,
            Position = 1,
            Endpoint = "",
            ProcessId = Environment.ProcessId,
            Version = typeof(CmsNode).Assembly.GetName().Version!.ToString(3),
            Started = Started,
            Database = _database.Name,
            SystemId = parts?.AtStart.Identity ?? Guid.Empty,
            Epoch = parts?.Epoch ?? 0,
            LastUpdateKey = parts?.Image.UpdateKey ?? 0,
            FlushedUpdateKey = Interlocked.Read(ref _flushedKey),
            Unflushed = parts?.Unflushed.Count ?? 0,
            UnflushedBytes = parts?.Unflushed.Bytes ?? 0,
            Durability = "An acknowledged change survives a kill, a power loss and a database outage; the loss of this machine's disk only once it is flushed."
                + (parts?.AtStart.IsSynced is false ? " What is flushed does not survive a power loss of the database's server: it runs with fsync=off." : ""),
            DeltaPath = _options.DeltaPath,
            DeltaFiles = journal?.Segments ?? 0,
            DeltaBytes = journal?.Bytes ?? 0,
            Reconcile = Reconciled,
            CertificateDays = 0,
        };
    }

    (IReadOnlyList<LocalKey> Expired, IReadOnlyList<LocalEntry> Kept) IFlushEvents.Own()
    {
        var (expired, letGo) = Running.Ledger.Expire();
        IReadOnlyList<LocalEntry> kept = [.. Running.Journals.TakeNew(), .. letGo is null ? [] : (LocalEntry[])[letGo]];
        return ([.. expired, .. Running.Journals.TakeGone(), .. Tokens.Outlived(_steadyClock.Now() is { } now ? now - TimeSpan.FromDays(1) : DateTimeOffset.MinValue).Select(Forget)], kept);

        LocalKey Forget(Guid id)
        {
            Tokens.Remove(id);
            return new LocalKey(LocalClass.Token, id);
        }
    }

    async Task IFlushEvents.FlushingAsync(long throughKey, CancellationToken cancellationToken)
        => await Running.Image.PrepareFlushAsync(throughKey, cancellationToken).ConfigureAwait(false);

    async Task IFlushEvents.FlushedAsync(long throughKey, CancellationToken cancellationToken)
    {
        var parts = Running;
        Interlocked.Exchange(ref _flushedKey, throughKey);
        parts.Image.SetFlushed(throughKey);
        await KeepToldAsync(cancellationToken).ConfigureAwait(false);
    }

    async Task IFlushEvents.LetGoAsync(long throughKey)
    {
        var parts = Running;
        FinishStart(parts);
        await parts.Journal.TrimAsync(throughKey).ConfigureAwait(false);
    }

    void IFlushEvents.Recovered()
    {
        bool isStopping;
        lock (_stateLock)
        {
            if (_state != NodeState.Degraded)
                return;
            isStopping = _isStopping;
        }

        if (isStopping)
            Enter(NodeState.Degraded, NodeStep.ReadyForAction, Stopping);
        else
            Enter(NodeState.Ready, NodeStep.ReadyForAction, "");
    }

    void IFlushEvents.FlushFailed(LoggerCmsException exception, bool isCommitted, TimeSpan retryAfter)
    {
        var what = isCommitted
            ? $"The system database has all changes, but delta files stay: {exception.Message}"
            : Unwritten(exception);
        Enter(NodeState.Degraded, NodeStep.ReadyForAction, $"{what} Next try in {retryAfter.TotalSeconds:0} s.");
    }

    private static string Unwritten(LoggerCmsException why) => $"Changes stay in delta files: the system database cannot be written ({why.Message}).";

    void IFlushEvents.Lost(LoggerCmsException exception)
    {
        Running.Sequencer.Refuse(exception);
        KeepKnown(Running, Running.Blocks.Ends);
        Enter(NodeState.Stopped, NodeStep.ReadyForAction, exception.Message);
        _ended.TrySetResult(exception);
    }

    /// <summary>Before delta files go: what they told is kept elsewhere.</summary>
    /// <exception cref="LoggerCmsException">It is not, whatever the reason; the files must stay.</exception>
    private async Task KeepToldAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (BeforeTrim is { } beforeTrim)
                await beforeTrim(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (LoggerCmsException or OperationCanceledException))
        {
            throw new LoggerCmsException(
                ErrorCodes.Unexpected, $"What was told of changes could not be kept: {exception.Message}", "Look at the node's audit folder.", innerException: exception);
        }
    }
}
