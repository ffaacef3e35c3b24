using System.Runtime.CompilerServices;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Files;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Applies what stands in a file: a resume from a spool, or an undo.</summary>
internal sealed class RecordedApply(Func<SideConnection, ISideDriver> driver, TransferStore store, TimeProvider time)
{
    public async Task<StateTransferResult> ResumeAsync(ResumeRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var record = store.Get(request.Id);
        if (record.Result.Status is StateTransferStatus.Unknown or StateTransferStatus.Interrupted)
        {
            // Whether it committed must be known before anything of it is used or removed.
            record = await new Settlement(driver, store).SettleAsync(record, request.Destination, cancellationToken).ConfigureAwait(false);
            if (record.Result.Status == StateTransferStatus.Completed)
                return record.Result;
        }

        if (record.Result.Status is StateTransferStatus.Running or StateTransferStatus.Completed or StateTransferStatus.Undone
            || store.FindSpool(record) is not { } spool)
        {
            throw new LoggerCmsException(
                ErrorCodes.TransferNotResumable,
                $"State transfer {request.Id} cannot be resumed: it is {record.Result.Status}, and a complete spool of it is {(store.FindSpool(record) is null ? "not" : "still")} there.",
                "Start it again with Start-StateTransfer.");
        }

        // A table that is sent whole expects nothing of the destination, so that an old spool would take back what came since.
        if (!request.Force && await LaterAsync(record, request.Destination, r => r.CommittedAt > record.Result.StartedAt, cancellationToken).ConfigureAwait(false) is { } later)
        {
            throw new LoggerCmsException(
                ErrorCodes.DestinationChanged,
                $"State transfer {later.Result.Id} into the same side was completed after {request.Id} had been prepared. Nothing was applied.",
                "Start a new transfer, or use -Force to bring the side back to the older state (an undo file is written).",
                record.Result.Destination);
        }

        using var run = new TransferRun(TransferRun.Again(record), store, time, progress, cancellationToken);
        run.Save();
        return await TransferEnd.GuardAsync(run, () => ResumeAsync(run, request, spool), cancel => Compatibility.OpenAsync(driver, Destination(record, request.Destination), cancel), store).ConfigureAwait(false);
    }

    public async Task<StateTransferResult> UndoAsync(UndoRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var record = store.Get(request.Id);
        await CheckUndoableAsync(record, request, cancellationToken).ConfigureAwait(false);
        var transfer = new StateTransferRequest
        {
            Source = new SideConnection(SideProvider.Sqlite, record.Result.UndoPath!),
            Destination = Destination(record, request.Destination),
            ProfilePath = record.ProfilePath,
        };
        var start = TransferRun.NewRecord(transfer, StateTransferMode.Rows, time, request.Id) with { DestinationIdentity = record.DestinationIdentity };
        using var run = new TransferRun(start, store, time, progress, cancellationToken);
        run.Set(run.Result with { Source = $"undo of {request.Id}", Destination = record.Result.Destination, ModeReason = $"undoes {request.Id}" });
        run.Save();
        return await TransferEnd.GuardAsync(run, () => UndoAsync(run, request, record), cancel => Compatibility.OpenAsync(driver, Destination(record, request.Destination), cancel), store).ConfigureAwait(false);
    }

    private async Task<StateTransferResult> ResumeAsync(TransferRun run, ResumeRequest request, string spool)
    {
        run.Begin(StateTransferPhase.Connect);
        var side = await OpenAsync(run.Record, request.Destination, run.Token).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        var others = await Compatibility.LockAsync(side, run.Id, run.Token).ConfigureAwait(false);
        await using var unlocking = others.ConfigureAwait(false);
        run.End();
        if (await side.HasTransferAsync(run.Id, run.Token).ConfigureAwait(false))
        {
            run.Note("It had committed already; nothing was sent again.");
            run.Files.DeleteForGood(spool);
            run.Set(run.Result with { SpoolPath = null });
            return run.Finish(StateTransferStatus.Completed);
        }

        using var changes = ChangeFileReader.Open(run.Files, spool, undo: false, run.Token);
        if (!request.Force)
            await CheckOthersAsync(run, side, changes).ConfigureAwait(false);
        var source = changes.Footer.Position.ToPosition();
        run.Note($"Resumed from a spool of {changes.Header.Created:u} at position {source}.");
        var tables = await TablesAsync(run, side, changes.Header).ConfigureAwait(false);
        await ApplyPhase.RunAsync(
            run,
            new ApplyRequest
            {
                Destination = side,
                Tables = tables,
                Changes = changes,
                LockTimeout = request.LockTimeout,
                Lenient = request.Force,
                Verify = run.Record.Verify == VerifyLevel.None ? VerifyLevel.None : VerifyLevel.ChangedRows,
                WholeRows = (index, cancel) => Rows(changes, index, null, cancel),
                Expected = index => changes.Footer.Tables[index],
                ExpectedPosition = changes.Footer.DestinationPosition.ToPosition(),
                MovePosition = (transaction, now, cancel) => PositionMove.MoveAsync(
                    transaction, changes.Header.Mode, source, changes.Footer.Entries, tables, now, cancel),
                ConflictError = what => new LoggerCmsException(
                    ErrorCodes.DestinationChanged,
                    $"{side.DisplayName} was changed since the spool was written: {what}. Nothing was applied.",
                    "Start a new transfer, or use -Force to overwrite these rows (an undo file is written).",
                    side.DisplayName),
            },
            store,
            time).ConfigureAwait(false);
        run.Begin(StateTransferPhase.Cleanup);
        changes.Dispose();
        run.Files.DeleteForGood(spool);
        run.Set(run.Result with { SpoolPath = null });
        run.End();
        return run.Finish(StateTransferStatus.Completed);
    }

    private async Task<StateTransferResult> UndoAsync(TransferRun run, UndoRequest request, TransferRecord record)
    {
        run.Begin(StateTransferPhase.Connect);
        var side = await OpenAsync(record, request.Destination, run.Token).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        var others = await Compatibility.LockAsync(side, run.Id, run.Token).ConfigureAwait(false);
        await using var unlocking = others.ConfigureAwait(false);
        run.End();
        using var changes = ChangeFileReader.Open(run.Files, record.Result.UndoPath!, undo: true, run.Token);
        var tables = await TablesAsync(run, side, changes.Header).ConfigureAwait(false);
        if (request.WhatIf)
        {
            run.Set(run.Result with
            {
                RowsInserted = changes.Tables.Sum(t => t.Inserts),
                RowsUpdated = changes.Tables.Sum(t => t.Updates),
                RowsDeleted = changes.Tables.Sum(t => t.Deletes),
            });
            return run.Finish(StateTransferStatus.WhatIf);
        }

        var sums = new TableSum?[tables.Count];
        var before = changes.Footer.Position.ToPosition();
        await ApplyPhase.RunAsync(
            run,
            new ApplyRequest
            {
                Destination = side,
                Tables = tables,
                Changes = changes,
                LockTimeout = request.LockTimeout,
                Lenient = request.Force,
                Verify = VerifyLevel.ChangedRows,
                RestoresFormerState = !request.Force,
                WholeRows = (index, cancel) => Rows(changes, index, sums, cancel),
                Expected = index => sums[index] is { } sum ? new TableOutcome { Rows = sum.Rows, Sum = sum.ToHex() } : null,
                ExpectedPosition = changes.Footer.DestinationPosition.ToPosition(),
                BeforeApply = request.Force ? null : (transaction, now, cancel) => CheckWholeTablesAsync(changes, transaction, now, cancel),
                MovePosition = (transaction, now, cancel) => GoBackAsync(transaction, before, [.. tables.DistinctBy(t => t.Name)], cancel),
                ConflictError = ChangedSince,
            },
            store,
            time).ConfigureAwait(false);
        changes.Dispose();

        // Before its own end: an undo that was cut off in between is settled, and that notes it again.
        store.NoteUndone(record);
        return run.Finish(StateTransferStatus.Completed);
    }

    private async Task CheckUndoableAsync(TransferRecord record, UndoRequest request, CancellationToken cancellationToken)
    {
        if (record.Result.Status != StateTransferStatus.Completed || record.Result.UndoPath is not { } path || store.FileLayer.Find(path) is null)
        {
            throw new LoggerCmsException(
                ErrorCodes.TransferNotFound,
                $"State transfer {request.Id} cannot be undone: it is {record.Result.Status} and has no undo file.",
                record.Result.Status is StateTransferStatus.Unknown or StateTransferStatus.Interrupted
                    ? $"Settle it first: Get-StateTransfer -Id {request.Id} -Settle"
                    : "Only a completed transfer whose undo file was not removed can be undone.");
        }

        if (!request.Force && await LaterAsync(record, request.Destination, r => IsLater(r, record), cancellationToken).ConfigureAwait(false) is { } later)
        {
            throw new LoggerCmsException(
                ErrorCodes.UndoNotLast,
                $"State transfer {later.Result.Id} into the same side is later; transfers are undone last first.",
                $"Undo-StateTransfer -Id {later.Result.Id}");
        }
    }

    /// <summary>A later transfer into the same side that has not been undone.</summary>
    private async Task<TransferRecord?> LaterAsync(
        TransferRecord record, SideConnection? given, Func<TransferRecord, bool> isLater, CancellationToken cancellationToken)
    {
        var records = store.List();
        var later = records.Where(r => IsOther(r, record) && r.Result.Status == StateTransferStatus.Completed && isLater(r) && Stands(r, records)).ToList();
        if (later.Count == 0)
            return null;

        // One that was put back to an earlier state does not have it any more, and the copy of a server never had it.
        var side = await OpenAsync(record, given, cancellationToken).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        foreach (var other in later)
        {
            if (await side.HasTransferAsync(other.Result.Id, cancellationToken).ConfigureAwait(false))
                return other;
        }

        return null;
    }

    private static bool IsOther(TransferRecord other, TransferRecord record)
        => other.DestinationIdentity == record.DestinationIdentity && other.Result.Id != record.Result.Id;

    private static bool IsLater(TransferRecord other, TransferRecord record) => (other.Ordinal, record.Ordinal) is ({ } theirs, { } ours)
        ? theirs > ours
        : (other.CommittedAt ?? other.Result.StartedAt) > (record.CommittedAt ?? record.Result.StartedAt);

    /// <summary>
    /// A table that is sent whole expects nothing of its rows, so transfers of other users and machines, of which there is no record here, are counted.
    /// </summary>
    private async Task CheckOthersAsync(TransferRun run, ISide side, ChangeFileReader spool)
    {
        if (spool.Footer.DestinationTransfers is not { } then)
            return;
        var now = await side.CountTransfersAsync(run.Token).ConfigureAwait(false);
        var known = store.List().Count(r => IsOther(r, run.Record) && r.CommittedAt > run.Result.StartedAt
            && r.Result.Status is StateTransferStatus.Completed or StateTransferStatus.Undone);
        if (now == then + known)
            return;
        throw new LoggerCmsException(
            ErrorCodes.DestinationChanged,
            $"{now} state transfers were completed into {side.DisplayName} by now, {then} when {run.Id} had been prepared, {known} of them by this user on this machine. Nothing was applied.",
            "Start a new transfer, or use -Force to bring the side back to the older state (an undo file is written).",
            side.DisplayName);
    }

    /// <summary>A transfer stands, and so does the undo of an undo: it is that transfer again. An undo only takes one away.</summary>
    private static bool Stands(TransferRecord record, IReadOnlyList<TransferRecord> records)
    {
        var stands = true;
        for (var at = record; at?.Result.Undoes is { } undone; at = records.FirstOrDefault(r => r.Result.Id == undone))
            stands = !stands;
        return stands;
    }

    private static SideConnection Destination(TransferRecord record, SideConnection? given) => given ?? new SideConnection(record.Destination);

    private async Task<ISide> OpenAsync(TransferRecord record, SideConnection? given, CancellationToken cancellationToken)
    {
        try
        {
            return await Compatibility.OpenAsync(driver, Destination(record, given), cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.AuthenticationFailed && given is null)
        {
            throw new LoggerCmsException(
                exception.Code,
                $"{exception.Message} Records of transfers hold no password.",
                "Name the side again with its password: -Destination (New-SideConnection … -Credential …).",
                exception.Side,
                innerException: exception);
        }
    }

    private static async Task<IReadOnlyList<TableSchema>> TablesAsync(TransferRun run, ISide side, ChangeFileHeader header)
    {
        run.Begin(StateTransferPhase.CheckCompatibility);
        if (run.Record.ProfilePath is { } path && header.Tables.Any(t => t.SideLocalColumns is null))
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported,
                $"The file of this transfer was written by an earlier release and does not hold what the side profile '{path}' said then.",
                "Use the release that wrote it, or start a new transfer.",
                side.DisplayName);
        }

        var options = new SnapshotOptions { Profile = TableShape.ProfileOf(header.Tables), AllowBlockingRead = true };
        var snapshot = await side.BeginSnapshotAsync(options, run.Token).ConfigureAwait(false);
        await using var ending = snapshot.ConfigureAwait(false);
        var now = snapshot.Catalog.Tables.ToDictionary(t => t.Name);
        IReadOnlyList<TableSchema> tables = [.. header.Tables.Select(shape =>
            now.TryGetValue(new TableName(shape.Schema, shape.Name), out var found) && shape.FormOf(found) is var table && shape.Fits(table)
                ? table
                : throw new LoggerCmsException(
                    ErrorCodes.SchemaMismatch,
                    $"Table {shape.FullName} of {side.DisplayName} is not as it was when the file was written.",
                    "Bring its schema back, or start a new transfer.",
                    side.DisplayName))];
        run.End($"{tables.Count} tables");
        return tables;
    }

    private static async IAsyncEnumerable<RowBatch> Rows(
        ChangeFileReader changes, int index, TableSum?[]? sums, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sum = default(TableSum);
        await foreach (var batch in changes.ReadAsync(index, ChangeKind.Whole, cancellationToken).ConfigureAwait(false))
        {
            if (sums is not null)
            {
                for (var i = 0; i < batch.Rows.Count; i++)
                    sum.Add(batch.Rows[i]);
            }

            yield return batch.Rows;
        }

        if (sums is not null)
            sums[index] = sum;
    }

    private static async Task CheckWholeTablesAsync(
        ChangeFileReader changes, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        for (var i = 0; i < tables.Count; i++)
        {
            if (changes.Footer.Tables[i] is not { Whole: true } then)
                continue;
            var sum = await TableSummer.SumAsync(transaction, tables[i], null, null, cancellationToken).ConfigureAwait(false);
            if ((then.Rows >= 0 && then.Rows != sum.Rows) || (then.Sum is not null && then.Sum != sum.ToHex()))
                throw ChangedSince($"table {tables[i].Name} has {sum.Rows} rows that sum to {sum.ToHex()}, and had {then.Rows} that summed to {then.Sum}");
        }
    }

    private static async Task GoBackAsync(
        ISideTransaction transaction, SidePosition before, IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var log = transaction.LogWriter!;
        await log.RenewOriginAsync(cancellationToken).ConfigureAwait(false);
        await log.SetPositionAsync(before with { Own = null }, tables, cut: true, cancellationToken).ConfigureAwait(false);
    }

    private static LoggerCmsException ChangedSince(string what) => new(
        ErrorCodes.ChangedSinceTransfer,
        $"Rows were changed after the transfer: {what}. Nothing was undone.",
        "Look at these rows, and use -Force to overwrite them all the same (an undo file is written).");
}
