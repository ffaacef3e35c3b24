using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>What Apply needs to know beyond the changes.</summary>
internal sealed record ApplyRequest
{
    public required ISide Destination { get; init; }

    /// <summary>The tables as the changes were made for.</summary>
    public required IReadOnlyList<TableSchema> Tables { get; init; }

    public required IChangeSource Changes { get; init; }

    public required TimeSpan LockTimeout { get; init; }

    public required bool Lenient { get; init; }

    public required VerifyLevel Verify { get; init; }

    public double ThrottleMBps { get; init; }

    /// <summary>Null in a resume or an undo, which have no source.</summary>
    public TransferWork? Work { get; init; }

    /// <summary>Rows of tables that are replaced whole.</summary>
    public required Func<int, CancellationToken, IAsyncEnumerable<RowBatch>> WholeRows { get; init; }

    /// <summary>What a table that is replaced whole must sum to, where that is known by the time it was written.</summary>
    public required Func<int, TableOutcome?> Expected { get; init; }

    /// <summary>The destination's position as Compare saw it.</summary>
    public required SidePosition ExpectedPosition { get; init; }

    public required Func<ISideTransaction, SidePosition, CancellationToken, Task> MovePosition { get; init; }

    public required Func<string, LoggerCmsException> ConflictError { get; init; }

    public IReadOnlyList<string> Ddl { get; init; } = [];

    /// <summary>An undo: the state to reach was this side's own.</summary>
    public bool RestoresFormerState { get; init; }

    /// <summary>What to check of a table before it is touched; used by an undo of whole tables.</summary>
    public Func<ISideTransaction, IReadOnlyList<TableSchema>, CancellationToken, Task>? BeforeApply { get; init; }
}

/// <summary>The phases Apply and Verify: one transaction from the lock to the commit.</summary>
internal static class ApplyPhase
{
    public static async Task RunAsync(TransferRun run, ApplyRequest request, TransferStore store, TimeProvider time)
    {
        var token = run.Token;
        run.Begin(StateTransferPhase.Apply);
        if (request.Work is { Destination.ShutsWritersOut: true } blocking)
            await blocking.ReleaseDestinationAsync().ConfigureAwait(false);
        var pair = request.Work?.Pair;
        ISideTransaction transaction = pair is not null
            ? await pair.BeginTransactionAsync(request.Tables, request.LockTimeout, token).ConfigureAwait(false)
            : await request.Destination.BeginTransactionAsync(
                [.. request.Tables.Where((_, i) => request.Work?.ToCreate.Contains(i) != true).DistinctBy(t => t.Name)], request.LockTimeout, token).ConfigureAwait(false);
        await using var ending = transaction.ConfigureAwait(false);
        if (request.Work is { } held)
            await held.ReleaseDestinationAsync().ConfigureAwait(false);
        foreach (var ddl in request.Ddl)
            await transaction.CreateTableAsync(ddl, token).ConfigureAwait(false);
        var tables = Match(request, transaction);
        await CheckPositionAsync(request, transaction, token).ConfigureAwait(false);
        if (request.BeforeApply is { } before)
            await before(transaction, tables, token).ConfigureAwait(false);
        var foreignKeys = await ForeignKeyCheck.BeginAsync(request, transaction, tables, token).ConfigureAwait(false);

        // The undo file has each table, and behind them once more those that have side-local columns.
        List<TableSchema> undoTables = [.. tables];
        var wholes = new WholeTable?[tables.Count];
        for (var i = 0; i < tables.Count; i++)
        {
            if (tables[i].Whole() is not { } whole)
                continue;
            wholes[i] = new WholeTable(undoTables.Count, whole);
            undoTables.Add(whole);
        }

        using var undoFile = new ChangeFileWriter(run.Files, store.UndoPath(run.Id), ChangeFile.UndoMagic, new ChangeFileHeader
        {
            Id = run.Id,
            Source = run.Result.Source,
            Destination = run.Result.Destination,
            Mode = run.Result.Mode,
            Created = time.GetUtcNow(),
            Tables = [.. undoTables.Select(TableShape.Of)],
        }, TransferStore.FolderRemedy);
        using var undo = new ChangeSet(undoTables.Count, undoFile);
        var sums = new SourceSums(token);
        await using var stopping = sums.ConfigureAwait(false);
        var applier = new Applier(transaction, request.Changes, undo, new ApplyOptions(
            request.Lenient,
            request.ConflictError,
            new Throttle(request.ThrottleMBps, time),
            run.Meter,
            wholes,
            CopyWhole(request, transaction, sums)));
        for (var i = 0; i < tables.Count; i++)
        {
            if (!request.Changes.Tables[i].Any)
                continue;
            await applier.ApplyTableAsync(i, tables[i], cancel => request.WholeRows(i, cancel), token).ConfigureAwait(false);
            foreach (var rebuild in tables[i].Rebuilds)
                run.Note($"A full-text index of {run.Result.Destination} did not follow what was written to {tables[i].Name}, and may now find wrong rows. Run there: {rebuild}");
        }

        applier.ThrowIfConflicts();
        undo.Seal();
        await foreignKeys.EndAsync(run).ConfigureAwait(false);
        foreach (var table in applier.WithoutTheirOwnColumns)
            run.Note($"Rows of table {table.Name} were deleted together with its side-local columns ({string.Join(", ", table.SideLocalColumns)}); an undo brings the rows back with the defaults of these columns.");
        run.Set(run.Result with
        {
            RowsInserted = applier.Inserted,
            RowsUpdated = applier.Updated,
            RowsDeleted = applier.Deleted,
            BytesSent = applier.Bytes,
        });
        run.End();

        run.Begin(StateTransferPhase.Verify);
        var read = await VerifyAsync(run, request, transaction, tables, sums).ConfigureAwait(false);
        var outcomes = await OutcomesAsync(request, transaction, tables, read, token).ConfigureAwait(false);
        await FinishAsync(
            run, request, store, transaction, undoFile, tables, [.. outcomes, .. undoTables.Skip(tables.Count).Select(_ => new TableOutcome())], time).ConfigureAwait(false);
    }

    /// <param name="level">What was asked for.</param>
    /// <param name="tables">Tables that the databases cannot compare by themselves, where they can compare others.</param>
    public static LoggerCmsException CannotVerify(VerifyLevel level, params IReadOnlyList<string> tables) => new(
        ErrorCodes.InvalidOption,
        $"-Verify {level} is not possible here: " + (level, tables.Count) switch
        {
            (VerifyLevel.ByDatabase, 0) => "it needs two SQLite files that one process can open, in a mode other than Log, or two PostgreSQL databases.",
            (VerifyLevel.ByDatabase, _) => $"the databases cannot compare {string.Join(", ", tables)} by themselves.",
            _ => "it needs the source.",
        },
        "Use -Verify AllRows or ChangedRows.");

    private static async Task FinishAsync(
        TransferRun run,
        ApplyRequest request,
        TransferStore store,
        ISideTransaction transaction,
        ChangeFileWriter undoFile,
        IReadOnlyList<TableSchema> tables,
        IReadOnlyList<TableOutcome> outcomes,
        TimeProvider time)
    {
        if (transaction.LogWriter is { } log)
            await request.MovePosition(transaction, await log.GetPositionAsync(run.Token).ConfigureAwait(false), run.Token).ConfigureAwait(false);
        var ordinal = await transaction.RecordTransferAsync(run.Id, run.Token).ConfigureAwait(false);
        var after = transaction.LogWriter is { } moved ? await moved.GetPositionAsync(run.Token).ConfigureAwait(false) : SidePosition.None;
        undoFile.Complete(new ChangeFileFooter
        {
            Position = PositionRecord.Of(request.ExpectedPosition),
            DestinationPosition = PositionRecord.Of(after),
            Tables = outcomes,
        });
        run.Set(run.Result with { UndoPath = undoFile.Path });
        run.Set(run.Record with { Locked = [.. tables.Select(t => t.Name).Distinct()], CommittedAt = time.GetUtcNow(), Ordinal = ordinal });
        run.Save();
        run.Token.ThrowIfCancellationRequested();
        try
        {
            await transaction.CommitAsync().ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code != ErrorCodes.OutcomeUnknown)
        {
            run.Files.Delete(store.UndoPath(run.Id));
            run.Set(run.Result with { UndoPath = null });
            throw;
        }

        run.Committed = true;
        run.End();
    }

    /// <summary>What each table is after the transfer; an undo of a table that was replaced whole sees later changes by its sum only.</summary>
    private static async Task<IReadOnlyList<TableOutcome>> OutcomesAsync(
        ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, IReadOnlyList<TableSum>? sums, CancellationToken cancellationToken)
    {
        var outcomes = new List<TableOutcome>();
        for (var i = 0; i < tables.Count; i++)
        {
            var whole = request.Changes.Tables[i].Whole;
            var known = sums is not null ? Outcome(sums[i]) : request.Expected(i) is { Sum: not null } expected ? expected : null;
            if (known is null && whole)
                known = Outcome(await TableSummer.SumAsync(transaction, tables[i], null, null, cancellationToken).ConfigureAwait(false));
            outcomes.Add((known ?? new TableOutcome()) with { Whole = whole });
        }

        return outcomes;

        static TableOutcome Outcome(TableSum sum) => new() { Rows = sum.Rows, Sum = sum.ToHex() };
    }

    /// <returns>The destination's table sums where all of its rows were read.</returns>
    private static async Task<IReadOnlyList<TableSum>?> VerifyAsync(
        TransferRun run, ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, SourceSums sums)
    {
        // The database compares on this core while the sums are still made on the other.
        if (request.Verify != VerifyLevel.ByDatabase)
            await sums.FinishAsync().ConfigureAwait(false);
        switch (request.Verify)
        {
            case VerifyLevel.AllRows when request.Work is { } work:
                var read = await OrConflictAsync(
                    run, request, work, transaction, tables, () => Verifier.AllRowsAsync(work, transaction, tables, run.Meter, run.Token)).ConfigureAwait(false);
                run.Set(run.Result with
                {
                    Verified = VerifyLevel.AllRows,
                    Equal = work.Source.IsConsistent ? true : null,
                    Checksum = SideChecksum.Compute(tables, read),
                });
                run.Trace.Checksum(run.Result, read);
                return read;
            case VerifyLevel.ByDatabase when request.Work is { } work && transaction is IPairedTransaction paired:
                // Rows that were not sent were compared by the database under the snapshot that the lock has proven to be still the current one.
                if (work.RowsCompared)
                {
                    await Verifier.ChangedRowsAsync(request.Changes, transaction, tables, i => request.Changes.Tables[i].Whole ? null : request.Expected(i), run.Token).ConfigureAwait(false);
                    await Verifier.ByDatabaseAsync(work, paired, tables, i => request.Changes.Tables[i] is { Any: true } changes && (changes.Whole || !tables[i].HasKey), run.Token).ConfigureAwait(false);
                }
                else
                {
                    await Verifier.ByDatabaseAsync(work, paired, tables, _ => true, run.Token).ConfigureAwait(false);
                }

                await sums.FinishAsync().ConfigureAwait(false);
                run.Set(run.Result with
                {
                    Verified = VerifyLevel.ByDatabase,
                    Equal = true,
                    Checksum = ChecksumOf(work, tables),
                });
                break;
            case VerifyLevel.ByDatabase when request.Work is { } work && transaction is IRowHasher hasher:
                await OrConflictAsync(
                    run, request, work, transaction, tables, () => Verifier.ByHashesAsync(work, hasher, tables, run.Meter, run.Token)).ConfigureAwait(false);
                run.Set(run.Result with
                {
                    Verified = VerifyLevel.ByDatabase,
                    Equal = true,
                    Checksum = ChecksumOf(work, tables),
                });
                if (run.Result.Checksum is not null)
                    run.Trace.Checksum(run.Result, [.. work.SourceSums.Select(s => s!.Value)]);
                break;
            case VerifyLevel.ChangedRows:
                await Verifier.ChangedRowsAsync(request.Changes, transaction, tables, request.Expected, run.Token).ConfigureAwait(false);
                run.Set(run.Result with { Verified = VerifyLevel.ChangedRows });
                break;
            case VerifyLevel.None:
                break;
            default:
                throw CannotVerify(request.Verify);
        }

        return null;
    }

    /// <summary>The side's checksum where every table was summed on its way.</summary>
    private static string? ChecksumOf(TransferWork work, IReadOnlyList<TableSchema> tables)
        => work.SourceSums.All(sum => sum is not null) ? SideChecksum.Compute(tables, [.. work.SourceSums.Select(sum => sum!.Value)]) : null;

    /// <summary>Verifies; where what fails is a row that this transfer did not send, it was changed between the comparison and the lock, and that is told.</summary>
    private static async Task<T> OrConflictAsync<T>(
        TransferRun run, ApplyRequest request, TransferWork work, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, Func<Task<T>> verify)
    {
        try
        {
            return await verify().ConfigureAwait(false);
        }
        catch (LoggerCmsException failure) when (failure.Code == ErrorCodes.VerificationFailed && work.RowsCompared)
        {
            // Where every row that was sent is as it was sent, one that was equal when it was compared has been changed since.
            await Verifier.ChangedRowsAsync(request.Changes, transaction, tables, request.Expected, run.Token).ConfigureAwait(false);
            throw request.ConflictError(failure.Message);
        }
    }

    private static Func<int, TableSchema, CancellationToken, Task<long>>? CopyWhole(ApplyRequest request, ISideTransaction transaction, SourceSums sums)
        => request.Work is { Spool: null } work && transaction is IPairedTransaction paired && request.ThrottleMBps <= 0
            ? (index, table, cancel) =>
            {
                sums.Start(work, index);
                return paired.CopyTableAsync(work.Pairs[index].Source, table, cancel);
            }
    : null;

    /// <summary>The tables under the lock must be those that the changes were made for.</summary>
    private static IReadOnlyList<TableSchema> Match(ApplyRequest request, ISideTransaction transaction)
    {
        var now = transaction.Catalog.Tables.ToDictionary(t => t.Name);
        return [.. request.Tables.Select(table =>
            now.TryGetValue(table.Name, out var found) && TableShape.Of(table) is var shape && shape.FormOf(found) is var same && shape.StandsIn(same)
                ? table.Columns.Count == same.Columns.Count ? same with { RowFilter = table.RowFilter, IsWhole = table.IsWhole } : table
                : throw new LoggerCmsException(
                    ErrorCodes.DestinationChanged,
                    $"Table {table.Name} of {request.Destination.DisplayName} is no longer as it was when it was compared.",
                    "Start again once its schema rests.",
                    request.Destination.DisplayName))];
    }

    private static async Task CheckPositionAsync(ApplyRequest request, ISideTransaction transaction, CancellationToken cancellationToken)
    {
        // An undo goes by the rows that it is about: what came to other rows since is no reason to refuse it.
        if (transaction.LogWriter is not { } log || request.Lenient || request.RestoresFormerState)
            return;
        var now = await log.GetPositionAsync(cancellationToken).ConfigureAwait(false);
        if (now.Own != request.ExpectedPosition.Own || now.CompareTo(request.ExpectedPosition) != PositionRelation.Equal)
            throw request.ConflictError($"its position was {request.ExpectedPosition} and is {now}");
    }
}
