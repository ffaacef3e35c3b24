using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>The start path, up to the first change.</summary>
internal sealed partial class CmsNode
{
    private async Task RunStartPathAsync(NoBackgroundCollection noCollection, CancellationToken cancellationToken)
    {
        Enter(NodeState.Starting, NodeStep.ContactSystemDatabase, "");
        var served = _options is { DataPath: { } folder, Database: not null } ? ServedSystem.Open(_files, folder) : null;
        SystemDatabaseState? before = null;
        served?.CheckJournal(_options.Database!);
        if (served is { IsKnown: true } && !_options.TakeOver)
        {
            before = await AnsweredAsync(FindStateAsync(cancellationToken)).ConfigureAwait(false);
            served.Check(_options.Database!, before?.Identity);
        }

        await AnsweredAsync(_database.PrepareAsync(cancellationToken)).ConfigureAwait(false);
        UsedNumbers used = default;
        if (_options.DataPath is { } data)
        {
            _life = NodeLife.Open(_files, data);

            // It counts the objects: once is enough.
            before ??= await AnsweredAsync(_database.ReadStateAsync(cancellationToken)).ConfigureAwait(false);
            if (_options is { IsDeltaPathOfData: true, SetDamagedAside: false })
            {
                _life.CheckFiles(_options.DeltaPath, before.Identity);
                _life.CheckEnd(_options.DeltaPath, before, _options.NodeId);
            }
            try
            {
                _life.CheckDatabase(_database.Name, before, _options.NodeId);
            }
            catch (LoggerCmsException exception) when (_options.TakeOver && exception.Code == ErrorCodes.DatabaseWentBack)
            {
                _goesOnWithout = true;
            }

            // Before the lease is taken: what is refused after that would have used its epoch up.
            if (!_options.SetDamagedAside)
                DeltaSource.CheckHeaders(_files, _options.DeltaPath, new DeltaReader(before.Identity, _life.NextEpoch(before, _options.TakeOver), Guid.Empty, before.Epochs, new EpochJournals()));
            used = _life.Begin(_database.Name, before, _options.NodeId, _options.TakeOver);

            // Who lets damaged files go may come here a second time, when they have their other names.
            if (!_options.SetDamagedAside && !_goesOnWithout)
                NodeLife.CheckCovered(_files, _options.DeltaPath, _database.Name, before, _options.IsDeltaPathOfData ? _life : null);
        }

        var lease = await TakeLeaseAsync(used.Epoch, cancellationToken).ConfigureAwait(false);
        try
        {
            await BuildAsync(lease, used, cancellationToken).ConfigureAwait(false);
        }
        catch when (_parts is null)
        {
            await ReleaseAsync(lease.Epoch).ConfigureAwait(false);
            throw;
        }

        var parts = Running;
        served?.Remember(_options.Database!, parts.AtStart.Identity);
        Enter(NodeState.Starting, NodeStep.ReconcileDeltaFiles, "");
        await ReconcileAtStartAsync(parts, noCollection, cancellationToken).ConfigureAwait(false);
        if (Reconciled!.Status == Stopped)
            throw StoppedAtStart(_options);

        await MakeSystemObjectsAsync(parts).ConfigureAwait(false);
        Enter(NodeState.Starting, NodeStep.EstablishNameShell, "");
        parts.Flusher.Start();
        Volatile.Write(ref _isOpen, true);
        Enter(NodeState.Ready, NodeStep.ReadyForAction, "");
    }

    // Null where there is no system.
    private async Task<SystemDatabaseState?> FindStateAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.DatabaseNotFound or ErrorCodes.TableNotFound)
        {
            return null;
        }
    }

    private async Task<Lease> TakeLeaseAsync(long usedEpoch, CancellationToken cancellationToken)
    {
        try
        {
            return await AnsweredAsync(_database.TakeLeaseAsync(_options.NodeId, _options.Name, _options.TakeOver, usedEpoch, cancellationToken)).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.SideInService)
        {
            _life?.NotTaken();
            throw;
        }
    }

    // A large database may be slow, and a start has only this one try: what takes long is told, and waited for until somebody stops the node.
    private Task AnsweredAsync(Task call)
        => new Patience(_database.Name, _options.Cluster.LongestAnswer).TellAsync(call, silent => Enter(NodeState.Starting, _step, silent.Message));

    private async Task<T> AnsweredAsync<T>(Task<T> call)
    {
        await AnsweredAsync((Task)call).ConfigureAwait(false);
        return await call.ConfigureAwait(false);
    }

    private async Task BuildAsync(Lease lease, UsedNumbers used, CancellationToken cancellationToken)
    {
        Enter(NodeState.Starting, NodeStep.CreateRunTimeImage, "");
        var started = _time.GetTimestamp();
        var state = await AnsweredAsync(_database.ReadStateAsync(cancellationToken)).ConfigureAwait(false);
        var (image, ledger, journals) = await LoadAsync(_database, state, _options, _time, cancellationToken).ConfigureAwait(false);

        // A state transfer into a stopped side brings objects whose update keys no block here was reserved for.
        state = state with { UpdateKeyEnd = image.UpdateKey };
        await _database.LoadLocalAsync(LocalClass.Token, Tokens.Apply, cancellationToken).ConfigureAwait(false);
        LoadTime = _time.GetElapsedTime(started);

        var above = state with { ObjectIdEnd = Math.Max(state.ObjectIdEnd, used.ObjectId), UpdateKeyEnd = Math.Max(state.UpdateKeyEnd, used.UpdateKey) };
        var blocks = new KeyBlocks(_database, lease.Epoch, above, _options.Cluster) { Reserved = ends => KeepKnown(_parts, ends) };
        await AnsweredAsync(blocks.ReserveAsync(cancellationToken)).ConfigureAwait(false);
        var unflushed = new UnflushedChanges(state.UpdateKeyEnd);
        var flusher = new Flusher(_database, unflushed, blocks, lease.Epoch, this, _options.Cluster, _time);
        var sequencer = new Sequencer(image, blocks, ledger, unflushed, flusher, lease.Epoch, _options.Cluster, _time)
        {
            Durable = OnDurable,
            Visible = OnVisible,
        };
        var journal = DeltaJournal.Create(
            _files,
            _options.DeltaPath,
            new DeltaJournalHeader(state.Identity, _options.NodeId, lease.Epoch, _options.Side),
            _options.Deltas,
            sequencer.OnDurable,
            sequencer.OnFailed,
            _time,
            state.UpdateKeyEnd);
        journal.Begun = sequence => _life?.OweFrom(lease.Epoch, sequence);
        journals.Add(lease.Epoch, journal.Id);
        sequencer.Open(journal);
        _flushedKey = state.UpdateKeyEnd;
        _parts = new Parts(lease.Epoch, state, blocks, image, ledger, journals, unflushed, flusher, sequencer, journal);
    }

    private static async Task<(RunTimeImage.RunTimeImage Image, RequestLedger Ledger, EpochJournals Journals)> LoadAsync(
        ISystemDatabase database, SystemDatabaseState state, NodeOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var image = new RunTimeImage.RunTimeImage(new RunTimeImageOptions
        {
            MemoryLimitBytes = options.MemoryLimitBytes,
            FindAsync = database.FindAsync,
        });
        using (var loader = image.BeginLoad())
        {
            await database.LoadAsync(loader.Add, cancellationToken).ConfigureAwait(false);
            loader.Complete(state.UpdateKeyEnd);
        }

        var (ledger, journals) = (new RequestLedger(options.Cluster, time), new EpochJournals());
        await database.LoadLocalAsync(LocalClass.Request, Restore, cancellationToken).ConfigureAwait(false);
        return (image, ledger, journals);

        void Restore(LocalEntry entry)
        {
            if (!journals.Restore(entry))
                ledger.Restore(entry);
        }
    }

    // While delta files wait, no other node may go on without them. A lease that is not given back is this node's own at its next start.
    private async Task ReleaseAsync(long epoch)
    {
        try
        {
            if (_options.KeepsLease || _files.List(_options.DeltaPath).Any(f => DeltaNames.IsSegment(f.Path)))
                return;
            await GiveLeaseBackAsync(epoch, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LoggerCmsException or IOException or UnauthorizedAccessException)
        {
            Enter(NodeState.Stopped, _step, $"{_reason} The lease was not given back: {exception.Message}");
        }
    }
}
