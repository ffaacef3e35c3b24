using LoggerCms.Core.Comparison;
using LoggerCms.Core.Files;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Runs a state transfer through its phases.</summary>
internal sealed class StateTransferRunner(
    Func<SideConnection, ISideDriver> driver, TransferStore store, TimeProvider time, long memoryLimit = ChangeSet.MemoryLimit)
{
    public async Task<StateTransferResult> RunAsync(StateTransferRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        TransferOptions.Check(request);
        using var run = new TransferRun(TransferRun.NewRecord(request, request.Mode, time), store, time, progress, cancellationToken);
        run.Save();
        return await TransferEnd.GuardAsync(
            run, () => TransferAsync(run, request), cancel => Compatibility.OpenAsync(driver, request.Destination, cancel), store).ConfigureAwait(false);
    }

    private async Task<StateTransferResult> TransferAsync(TransferRun run, StateTransferRequest request)
    {
        var profile = SideProfileFile.Load(request.ProfilePath);
        run.Begin(StateTransferPhase.Connect);
        var sides = await Compatibility.ConnectAsync(driver, request.Source, request.Destination, run.Token).ConfigureAwait(false);
        await using var closing = sides.ConfigureAwait(false);
        run.Set(run.Result with { Source = sides.Source.DisplayName, Destination = sides.Destination.DisplayName });
        run.Set(run.Record with { DestinationIdentity = sides.Destination.Identity });
        var others = await Compatibility.LockAsync(sides.Destination, run.Id, run.Token).ConfigureAwait(false);
        await using var unlocking = others.ConfigureAwait(false);
        run.End($"{sides.Source.Provider} {sides.Source.Database} to {sides.Destination.Provider} {sides.Destination.Database}");
        var result = await TransferAsync(run, request, profile, sides).ConfigureAwait(false);

        // After the snapshots ended, for which a database would wait.
        return result.Status is StateTransferStatus.Completed or StateTransferStatus.AlreadyInState or StateTransferStatus.NothingToSend
            ? await TransferEnd.TrimLogsAsync(run, sides).ConfigureAwait(false)
            : result;
    }

    private async Task<StateTransferResult> TransferAsync(TransferRun run, StateTransferRequest request, SideProfile profile, OpenSides sides)
    {
        run.Begin(StateTransferPhase.CheckCompatibility);
        var work = await Compatibility.CheckAsync(sides, request, profile, run.Token).ConfigureAwait(false);
        await using var ending = work.ConfigureAwait(false);
        Compatibility.CheckDirection(sides, work, request.Force);
        var spool = request.WhatIf ? null : SpoolFolder.Prepare(run, request);
        run.Trace.Positions(run.Result, work.SourcePosition.OwnKey, work.DestinationPosition.OwnKey);
        NoteSortOrders(run, work);
        run.End($"{work.Pairs.Count} tables");

        run.Begin(StateTransferPhase.Compare);
        await ModeChooser.ChooseAsync(sides, request, work, run.Token).ConfigureAwait(false);
        if (request.Verify == VerifyLevel.ByDatabase && !work.CanCompareByDatabase)
            throw ApplyPhase.CannotVerify(VerifyLevel.ByDatabase, work.NotComparedByDatabase);
        run.Set(run.Result with { Mode = work.Mode, ModeReason = work.ModeReason, SourceUpdateKey = work.SourcePosition.OwnKey });
        if (work is { Mode: StateTransferMode.Log, SourcePosition: { Awaited: { } awaited } source })
            run.Note($"Changes of {sides.Source.DisplayName} from {source.Own}:{source.OwnKey + 1} to {awaited} wait for a transaction that is open or prepared there; they come with a later transfer.");
        if (work.Mode == StateTransferMode.Log && work.Entries.Count == 0)
            return Nothing(run, work, StateTransferStatus.NothingToSend, "the positions are equal; rows were not compared");
        var plan = await CompareWithRoomAsync(run, request, sides, work, spool).ConfigureAwait(false);
        run.End(plan.ToString());
        if (request.WhatIf)
        {
            run.Set(run.Result with
            {
                RowsInserted = plan.RowsToInsert,
                RowsUpdated = plan.RowsToUpdate,
                RowsDeleted = plan.RowsToDelete,
                BytesSent = plan.Bytes,
            });
            return Nothing(run, work, StateTransferStatus.WhatIf, "-WhatIf");
        }

        if (work.Mode == StateTransferMode.Rows && !work.Ready!.Tables.Any(t => t.Any) && work.ToCreate.Count == 0)
            return await AlreadyLevelAsync(run, request, sides, work, plan).ConfigureAwait(false);
        if (request.Confirm is { } confirm && !await confirm(plan).ConfigureAwait(false))
            return Nothing(run, work, StateTransferStatus.Cancelled, "not confirmed");

        await SpaceCheck.RequireAsync(plan, sides.Destination, store.Folder, run.Token).ConfigureAwait(false);
        await PrepareToSendAsync(run, request, sides, work).ConfigureAwait(false);
        run.Skip(StateTransferPhase.Send, work.Spool is null ? "rows are streamed while they are applied" : "both databases are reached from this machine");
        await SendAsync(run, request, sides, work).ConfigureAwait(false);
        return Cleanup(run, work);
    }

    /// <summary>Compares, and finds room for the spool; where it has none and the caller allows it, compares again without one.</summary>
    private async Task<TransferPlan> CompareWithRoomAsync(TransferRun run, StateTransferRequest request, OpenSides sides, TransferWork work, string? spoolPath)
    {
        try
        {
            var plan = await CompareAsync(run, request, sides, work, spoolPath).ConfigureAwait(false);
            if (spoolPath is not null)
                SpoolFolder.RequireRoom(spoolPath, plan.Bytes);
            return plan;
        }
        catch (Exception exception) when (SpoolFolder.MayGoOn(exception, request, work))
        {
            SpoolFolder.GiveUp(run, work, exception);
            return await CompareAsync(run, request, sides, work, null).ConfigureAwait(false);
        }
    }

    /// <summary>Completes the spool; where its disk fills up meanwhile and the caller allows it, goes on without one.</summary>
    private async Task PrepareToSendAsync(TransferRun run, StateTransferRequest request, OpenSides sides, TransferWork work)
    {
        try
        {
            await SpoolWriterPhase.PrepareAsync(run, sides, work).ConfigureAwait(false);
        }
        catch (Exception exception) when (SpoolFolder.MayGoOn(exception, request, work))
        {
            SpoolFolder.GiveUp(run, work, exception);
            run.End("the spool was given up", "Skipped");
            run.Begin(StateTransferPhase.Compare);
            var plan = await CompareAsync(run, request, sides, work, null).ConfigureAwait(false);
            run.End(plan.ToString());
        }
    }

    private async Task<TransferPlan> CompareAsync(TransferRun run, StateTransferRequest request, OpenSides sides, TransferWork work, string? spoolPath)
    {
        if (spoolPath is not null)
        {
            // The record names the file before it is there, so that no crash leaves one that nobody knows of.
            run.Set(run.Result with { SpoolPath = spoolPath });
            run.Save();
            work.Spool = SpoolWriterPhase.Open(spoolPath, run, work);
        }

        var fits = work.Pairs.Select(p => sides.Destination.GetValueFit(p.Source, p.Destination)).ToList();
        work.Changes = new ChangeSet(
            work.Pairs.Count,
            work.Spool,
            fits.Any(f => f is not null) ? (table, row) => Compatibility.CheckFit(fits[table], work.Pairs[table].Source, row, sides.Destination.DisplayName) : null,
            request.WhatIf,
            memoryLimit);
        switch (work.Mode)
        {
            case StateTransferMode.Log:
                await LogPlanner.CollectAsync(work.Entries, work.Pairs, work.Source, work.Destination, work.Changes, run.Token).ConfigureAwait(false);
                break;
            case StateTransferMode.Rows:
                await RowsPlanner.CollectAsync(work, run.Meter, run.Token).ConfigureAwait(false);
                break;
            default:
                // A table that is replaced loses what a profile keeps in its rows for the side itself.
                await RowsPlanner.CollectAsync(work, work.WithSideLocalColumns, run.Meter, run.Token).ConfigureAwait(false);
                break;
        }

        work.Changes.Seal();
        work.Ready = work.Changes;
        return await PlanBuilder.BuildAsync(run, sides, work).ConfigureAwait(false);
    }

    private async Task SendAsync(TransferRun run, StateTransferRequest request, OpenSides sides, TransferWork work)
    {
        var fits = work.Pairs.Select(p => sides.Destination.GetValueFit(p.Source, p.Destination)).ToList();
        await ApplyPhase.RunAsync(
            run,
            new ApplyRequest
            {
                Destination = sides.Destination,
                Tables = [.. work.Pairs.Select(p => p.Destination)],
                Changes = work.Ready!,
                LockTimeout = request.LockTimeout,
                Lenient = false,
                Verify = request.Verify ?? DefaultVerify(work),
                ThrottleMBps = request.ThrottleMBps,
                Work = work,
                WholeRows = (index, cancel) => WholeRows.Read(work, index, fits[index], sides.Destination.DisplayName, cancel),
                Expected = index => work.SourceSums[index] is { } sum ? new TableOutcome { Rows = sum.Rows, Sum = sum.ToHex() } : null,
                ExpectedPosition = work.DestinationPosition,
                MovePosition = (transaction, now, cancel) => PositionMove.AfterTransferAsync(work, transaction, now, cancel),
                ConflictError = what => new LoggerCmsException(
                    ErrorCodes.DestinationChanged,
                    $"{sides.Destination.DisplayName} was changed between the comparison and its lock: {what}. Nothing was applied.",
                    "Start again; keep its writers out meanwhile.",
                    sides.Destination.DisplayName),
                Ddl = [.. work.ToCreate.Order().Select(i => sides.Destination.GetCreateTable(work.Pairs[i].Source, sides.Source.Provider))],
            },
            store,
            time).ConfigureAwait(false);
    }

    private static VerifyLevel DefaultVerify(TransferWork work) => work switch
    {
        { Mode: StateTransferMode.Log } => VerifyLevel.ChangedRows,
        { Pair: not null } => VerifyLevel.ByDatabase,

        // A table that is sent whole was summed on the way: to read it back costs the source nothing.
        { Mode: StateTransferMode.Rows, CanCompareByDatabase: true } => VerifyLevel.ByDatabase,
        _ => VerifyLevel.AllRows,
    };

    /// <summary>All rows are equal already; at most the destination's position has still to be brought up.</summary>
    private async Task<StateTransferResult> AlreadyLevelAsync(TransferRun run, StateTransferRequest request, OpenSides sides, TransferWork work, TransferPlan plan)
    {
        var (equal, verified) = work.RowsCompared ? (true, work.CanCompareByDatabase ? VerifyLevel.ByDatabase : VerifyLevel.AllRows) : ((bool?)null, VerifyLevel.None);
        if (PositionMove.IsNeeded(work))
        {
            if (request.Confirm is { } confirm && !await confirm(plan).ConfigureAwait(false))
                return Nothing(run, work, StateTransferStatus.Cancelled, "not confirmed");
            await SendAsync(run, request with { Verify = VerifyLevel.None }, sides, work).ConfigureAwait(false);
            run.Files.Delete(run.Result.UndoPath!);
            run.Set(run.Result with { UndoPath = null });
            run.Note("No row was sent; the destination's position was brought up to the source's.");
        }

        GiveUpSpool(run, work);
        run.Set(run.Result with { Equal = equal, Verified = verified });
        return run.Finish(work.RowsCompared ? StateTransferStatus.AlreadyInState : StateTransferStatus.NothingToSend);
    }

    private static StateTransferResult Nothing(TransferRun run, TransferWork work, StateTransferStatus status, string why)
    {
        run.Skip(StateTransferPhase.PrepareToSend, why);
        GiveUpSpool(run, work);
        return run.Finish(status);
    }

    /// <summary>Removes a spool that is not wanted after all; the record forgets it only then.</summary>
    private static void GiveUpSpool(TransferRun run, TransferWork work)
    {
        if (run.Result.SpoolPath is not { } spool)
            return;
        work.Spool?.Dispose();
        run.Files.SyncFolder(Path.GetDirectoryName(spool)!);
        run.Set(run.Result with { SpoolPath = null });
    }

    private static StateTransferResult Cleanup(TransferRun run, TransferWork work)
    {
        run.Begin(StateTransferPhase.Cleanup);
        if (run.Result.SpoolPath is { } spool)
        {
            (work.Ready as IDisposable)?.Dispose();
            run.Files.DeleteForGood(spool);
            run.Set(run.Result with { SpoolPath = null });
        }

        run.End();
        return run.Finish(StateTransferStatus.Completed);
    }

    private static void NoteSortOrders(TransferRun run, TransferWork work)
    {
        var (source, destination) = (work.Source.Catalog.SortOrder, work.Destination.Catalog.SortOrder);
        run.Trace.SortOrders(run.Result, source, destination);
        if (source != destination)
            run.Note($"The sort orders differ: {source} on the source, {destination} on the destination.");
    }
}
