using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>Bringing delta files in: this node's own at the start, and those of any folder when asked.</summary>
internal sealed partial class CmsNode
{
    // So many records are made durable together; more would only cost memory.
    private const int Window = 4096;
    private const int WindowBytes = 32 << 20;
    private const string Completed = nameof(Completed);

    private Brought? _broughtAtStart;

    /// <summary>Brings the records of a folder's delta files into the system, flushes, and removes the files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="policy">About conflicts.</param>
    /// <param name="setDamagedAside">Give damaged files another name and go on without them.</param>
    /// <param name="cancellationToken">Ends it between two records; what was applied stays and is not applied again.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged, FormatNotSupported: nothing was applied.</exception>
    public async Task<DeltaReconcileResult> ReconcileAsync(string folder, ConflictPolicy policy, bool setDamagedAside, CancellationToken cancellationToken)
    {
        await _reconciling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = Running;
            var brought = await BringAsync(parts, folder, policy, setDamagedAside, cancellationToken).ConfigureAwait(false);
            if (brought.Status != Completed)
                return Tell(parts, brought);

            // The files go only when the database has what they hold, and what was told of them is kept.
            await parts.Flusher.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (BeforeTrim is { } beforeTrim)
                await beforeTrim(cancellationToken).ConfigureAwait(false);
            Finish(brought);
            return Tell(parts, brought);
        }
        finally
        {
            _reconciling.Release();
        }
    }

    // What is brought in stands in this node's own delta files by then: the node need not wait for the database to have it too, and goes on from
    // there. The old files go with the first flush. A crash before it leaves both, of which the next start passes over what the old ones bring.
    private async Task ReconcileAtStartAsync(Parts parts, CancellationToken cancellationToken)
    {
        var brought = await BringAsync(parts, _options.DeltaPath, _options.ConflictPolicy, _options.SetDamagedAside, cancellationToken).ConfigureAwait(false);
        Reconciled = Tell(parts, brought);
        if (brought.Status != Completed)
            return;
        _broughtAtStart = brought;
        if (parts.Unflushed.Count > 0)
            return;
        if (BeforeTrim is { } beforeTrim)
            await beforeTrim(cancellationToken).ConfigureAwait(false);
        FinishStart(parts);
    }

    /// <summary>After a flush, and after what was told is kept: the files of the start go.</summary>
    private void FinishStart(Parts parts)
    {
        if (_broughtAtStart is not { } brought)
            return;
        Finish(brought);
        _broughtAtStart = null;
        Reconciled = Tell(parts, brought);
    }

    private async Task<Brought> BringAsync(
        Parts parts, string folder, ConflictPolicy policy, bool setDamagedAside, CancellationToken cancellationToken)
    {
        try
        {
            var started = _time.GetTimestamp();
            var source = DeltaSource.Open(_files, folder, Reader(parts), setDamagedAside, cancellationToken);
            if (source.Files.Count == 0 && source.SetAside.Count == 0)
                return new Brought("NothingToDo", source, null, _time.GetElapsedTime(started));
            var reconcilers = new ReconcilerSet(parts.AtStart, parts.Ledger, policy);
            await ApplyAsync(parts, source, reconcilers, cancellationToken).ConfigureAwait(false);
            return new Brought(reconcilers.Stopped ? "Stopped" : Completed, source, reconcilers, _time.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    private static void Finish(Brought brought)
    {
        try
        {
            brought.Source.Finish(brought.Reconcilers!.ConflictFiles);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, brought.Source.Folder);
        }
    }

    private DeltaReconcileResult Tell(Parts parts, Brought brought)
        => brought.Source.Result(brought.Status, _database.Name, brought.Reconcilers, parts.Image.UpdateKey, brought.Elapsed);

    /// <summary>What <see cref="ReconcileAsync"/> would do; changes nothing.</summary>
    public DeltaReconcileResult PlanReconcile(string folder, ConflictPolicy policy, CancellationToken cancellationToken)
    {
        var parts = Running;
        var started = _time.GetTimestamp();
        try
        {
            var source = DeltaSource.Plan(_files, folder, Reader(parts), cancellationToken);
            var reconcilers = new ReconcilerSet(parts.AtStart, parts.Ledger, policy);
            ReconcilePlan.Run(source, reconcilers, parts.Image, cancellationToken);
            return source.Result("WhatIf", _database.Name, reconcilers, parts.Image.UpdateKey, _time.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    private static DeltaReader Reader(Parts parts) => new(parts.AtStart.Identity, parts.Epoch, parts.Journal.Id);

    /// <summary>
    /// What a node on this database would do with a folder's delta files; reads the database, takes no lease and changes nothing.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="files">Where the folder is.</param>
    /// <param name="options">As of the node that would do it.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">The database cannot be read or has no system tables; DeltaDamaged where the files are another system's.</exception>
    public static async Task<DeltaReconcileResult> PlanOfflineAsync(
        ISystemDatabase database, IFileLayer files, NodeOptions options, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        var (image, ledger) = await LoadAsync(database, state, options, time, cancellationToken).ConfigureAwait(false);
        try
        {
            var source = DeltaSource.Plan(files, folder, new DeltaReader(state.Identity, (state.Lease?.Epoch ?? 0) + 1, Journal: Guid.Empty), cancellationToken);
            var reconcilers = new ReconcilerSet(state, ledger, options.ConflictPolicy);
            ReconcilePlan.Run(source, reconcilers, image, cancellationToken);
            return source.Result("WhatIf", database.Name, reconcilers, image.UpdateKey, time.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    private async Task ApplyAsync(Parts parts, DeltaSource source, ReconcilerSet reconcilers, CancellationToken cancellationToken)
    {
        // One window is made durable while the next is planned; the last of its records comes after all others of it. Until the node is ready nobody
        // else writes, and a window can be one group.
        var isAlone = State.State == NodeState.Starting;
        var (before, last) = (Task.CompletedTask, Task.CompletedTask);
        var (count, windowBytes) = (0, 0L);
        if (isAlone)
            parts.Journal.Hold();
        try
        {
            foreach (var (nodeId, path, record, bytes) in source.Records(cancellationToken))
            {
                await WholeAsync(parts.Image, record, cancellationToken).ConfigureAwait(false);
                if (parts.Blocks.RunsLow)
                    await parts.Flusher.ReserveAsync(cancellationToken).ConfigureAwait(false);
                if (Bring(parts, reconcilers.Of(nodeId), record) is { } durable)
                {
                    last = durable;
                    count++;
                    windowBytes += bytes;
                }

                reconcilers.NoteConflicts(path);
                if (reconcilers.Stopped)
                    break;
                Changed?.Invoke(record);
                if (count < Window && windowBytes < WindowBytes)
                    continue;
                parts.Journal.LetGo(andHold: isAlone);
                await before.ConfigureAwait(false);
                before = last;
                (count, windowBytes) = (0, 0);
            }
        }
        finally
        {
            parts.Journal.LetGo(andHold: false);
        }

        await before.ConfigureAwait(false);
        await last.ConfigureAwait(false);
    }

    // Under the order of changes from the look at the objects to the change: nobody else's change may come between.
    private Task? Bring(Parts parts, Reconciler reconciler, ChangeRecord record)
        => parts.Sequencer.Look(view => reconciler.Next(record, view) is { } request ? Submit(parts, reconciler, record, request, view) : null);

    private Task? Submit(Parts parts, Reconciler reconciler, ChangeRecord record, WriteRequest request, IObjectView view)
    {
        try
        {
            if (FirstAnswer(parts.Ledger, record) is { } answer)
            {
                parts.Ledger.Restore(answer);
                request = request with { Operations = [.. request.Operations, new PutLocal(answer)] };
            }

            var (made, _) = parts.Sequencer.Submit(request);
            reconciler.Done(record, made.Changed, view);
            return made.Durable;
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.NameInUse or ErrorCodes.ObjectNotFound or ErrorCodes.InvalidObject)
        {
            reconciler.Refused(record, exception, view);
            return null;
        }
    }

    /// <summary>What the client of the record was or would have been answered, so that a retry after the crash gets that.</summary>
    private static LocalEntry? FirstAnswer(RequestLedger ledger, ChangeRecord record)
    {
        if (record.RequestId == Guid.Empty)
            return null;
        return RequestLedger.Encode(new RequestLedger.Answer(
            record.RequestId,
            record.PrincipalId,
            [.. RequestLedger.ChangedBy(record.Changes)],
            ledger.ExpiresUs(record.RequestId, record.TimeUs),
            Task.CompletedTask));
    }

    // Planning compares and changes whole objects, and cannot wait for the database under the lock.
    private static async Task WholeAsync(RunTimeImage.RunTimeImage image, ChangeRecord record, CancellationToken cancellationToken)
    {
        foreach (var change in record.Changes)
        {
            if (change is PutChange put && image.Find(put.Object.Id) is { IsSkeleton: true })
                await image.GetAsync(put.Object.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task MakeSystemObjectsAsync(Parts parts)
    {
        if (parts.Image.Count > 0 || !_options.MakesSystemObjects)
            return;
        var nowUs = UnixTime.Us(_time.GetUtcNow());
        List<WriteOperation> operations = [.. SystemObjects.Create(1, nowUs, BuiltIn.RootAccessList.Encode())
            .Select(o => new RepeatChange(new PutChange { UpdateKey = 0, BeforeKey = 0, Object = o }))];
        await parts.Sequencer.WriteAsync(WriteRequest.Decided(BuiltIn.Administrator, "", operations)).ConfigureAwait(false);
    }

    /// <param name="Status">As <see cref="DeltaReconcileResult.Status"/> lists them.</param>
    /// <param name="Source">The files.</param>
    /// <param name="Reconcilers">What was decided; null where there was nothing to do.</param>
    /// <param name="Elapsed">Until all of it was durable here.</param>
    private sealed record Brought(string Status, DeltaSource Source, ReconcilerSet? Reconcilers, TimeSpan Elapsed);
}
