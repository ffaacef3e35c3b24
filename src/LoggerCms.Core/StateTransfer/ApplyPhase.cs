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
        var pair = request.Work?.Pair;
        if (request.Work is { } compared)
            await compared.EndDestinationAsync().ConfigureAwait(false);
        ISideTransaction transaction = pair is not null
            ? await pair.BeginTransactionAsync(request.Tables, request.LockTimeout, token).ConfigureAwait(false)
            : await request.Destination.BeginTransactionAsync(
                [.. request.Tables.Where((_, i) => request.Work?.ToCreate.Contains(i) != true)], request.LockTimeout, token).ConfigureAwait(false);
        await using var ending = transaction.ConfigureAwait(false);
        foreach (var ddl in request.Ddl)
            await transaction.CreateTableAsync(ddl, token).ConfigureAwait(false);
        var tables = Match(request, transaction);
        await CheckPositionAsync(request, transaction, token).ConfigureAwait(false);
        if (request.BeforeApply is { } before)
            await before(transaction, tables, token).ConfigureAwait(false);

        using var undoFile = new ChangeFileWriter(store.UndoPath(run.Id), ChangeFile.UndoMagic, new ChangeFileHeader
        {
            Id = run.Id,
            Source = run.Result.Source,
            Destination = run.Result.Destination,
            Mode = run.Result.Mode,
            Created = time.GetUtcNow(),
            Tables = [.. tables.Select(TableShape.Of)],
        });
        using var undo = new ChangeSet(tables.Count, undoFile);
        var applier = new Applier(transaction, request.Changes, undo, new ApplyOptions(
            request.Lenient, request.ConflictError, new Throttle(request.ThrottleMBps, time), run.Meter, CopyWhole(request, transaction)));
        for (var i = 0; i < tables.Count; i++)
        {
            if (request.Changes.Tables[i].Any)
                await applier.ApplyTableAsync(i, tables[i], cancel => request.WholeRows(i, cancel), token).ConfigureAwait(false);
        }

        undo.Seal();
        await CheckForeignKeysAsync(request, transaction, tables, token).ConfigureAwait(false);
        run.Set(run.Result with
        {
            RowsInserted = applier.Inserted,
            RowsUpdated = applier.Updated,
            RowsDeleted = applier.Deleted,
            BytesSent = applier.Bytes,
        });
        run.End();

        run.Begin(StateTransferPhase.Verify);
        await VerifyAsync(run, request, transaction, tables).ConfigureAwait(false);
        await FinishAsync(run, request, store, transaction, undo, undoFile, tables).ConfigureAwait(false);
    }

    private static async Task FinishAsync(
        TransferRun run, ApplyRequest request, TransferStore store, ISideTransaction transaction, ChangeSet undo, ChangeFileWriter undoFile, IReadOnlyList<TableSchema> tables)
    {
        if (transaction.LogWriter is { } log)
            await request.MovePosition(transaction, await log.GetPositionAsync(run.Token).ConfigureAwait(false), run.Token).ConfigureAwait(false);
        await transaction.RecordTransferAsync(run.Id, run.Token).ConfigureAwait(false);
        var after = transaction.LogWriter is { } moved ? await moved.GetPositionAsync(run.Token).ConfigureAwait(false) : SidePosition.None;
        undoFile.Complete(new ChangeFileFooter
        {
            Position = PositionRecord.Of(request.ExpectedPosition),
            DestinationPosition = PositionRecord.Of(after),
            Tables = [.. tables.Select((_, i) => new TableOutcome
            {
                Whole = request.Changes.Tables[i].Whole,
                Rows = request.Expected(i)?.Rows ?? -1,
                Sum = request.Expected(i)?.Sum,
            })],
        });
        run.Set(run.Result with { UndoPath = undoFile.Path });
        run.Set(run.Record with { Locked = [.. tables.Select(t => t.Name)] });
        run.Save();
        run.Token.ThrowIfCancellationRequested();
        try
        {
            await transaction.CommitAsync().ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code != ErrorCodes.OutcomeUnknown)
        {
            File.Delete(store.UndoPath(run.Id));
            run.Set(run.Result with { UndoPath = null });
            throw;
        }

        run.End();
    }

    private static async Task VerifyAsync(TransferRun run, ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables)
    {
        switch (request.Verify)
        {
            case VerifyLevel.AllRows when request.Work is { } work:
                var sums = await Verifier.AllRowsAsync(work, transaction, tables, run.Meter, run.Token).ConfigureAwait(false);
                run.Set(run.Result with
                {
                    Verified = VerifyLevel.AllRows,
                    Equal = work.Source.IsConsistent ? true : null,
                    Checksum = SideChecksum.Compute(tables.Zip(sums)),
                });
                break;
            case VerifyLevel.ByDatabase when request.Work is { } work && transaction is IPairedTransaction paired:
                // Rows that were not sent were compared by the database under the snapshot that the lock has proven to be still the current one.
                if (work.RowsCompared)
                {
                    await Verifier.ChangedRowsAsync(request.Changes, transaction, tables, i => request.Changes.Tables[i].Whole ? null : request.Expected(i), run.Token).ConfigureAwait(false);
                    await Verifier.ByDatabaseAsync(work, paired, tables, i => request.Changes.Tables[i].Whole, run.Token).ConfigureAwait(false);
                }
                else
                {
                    await Verifier.ByDatabaseAsync(work, paired, tables, _ => true, run.Token).ConfigureAwait(false);
                }

                run.Set(run.Result with { Verified = VerifyLevel.ByDatabase, Equal = true });
                break;
            case VerifyLevel.ChangedRows:
                await Verifier.ChangedRowsAsync(request.Changes, transaction, tables, request.Expected, run.Token).ConfigureAwait(false);
                run.Set(run.Result with { Verified = VerifyLevel.ChangedRows });
                break;
            case VerifyLevel.None:
                break;
            default:
                throw new LoggerCmsException(
                    ErrorCodes.InvalidOption,
                    $"-Verify {request.Verify} is not possible here: it needs {(request.Verify == VerifyLevel.ByDatabase ? "two SQLite files that one process can open" : "the source")}.",
                    "Use -Verify AllRows or ChangedRows.");
        }
    }

    private static Func<int, TableSchema, CancellationToken, Task<long>>? CopyWhole(ApplyRequest request, ISideTransaction transaction)
        => request.Work is { Spool: null } work && transaction is IPairedTransaction paired && request.ThrottleMBps <= 0
            ? (index, table, cancel) => paired.CopyTableAsync(work.Pairs[index].Source, table, cancel)
            : null;

    /// <summary>The tables under the lock must be those that the changes were made for.</summary>
    private static IReadOnlyList<TableSchema> Match(ApplyRequest request, ISideTransaction transaction)
    {
        var now = transaction.Catalog.Tables.ToDictionary(t => t.Name);
        return [.. request.Tables.Select(table =>
            now.TryGetValue(table.Name, out var same) && TableShape.Of(table).StandsIn(same)
                ? table.Columns.Count == same.Columns.Count ? same with { RowFilter = table.RowFilter } : table
                : throw new LoggerCmsException(
                    ErrorCodes.DestinationChanged,
                    $"Table {table.Name} of {request.Destination.DisplayName} is no longer as it was when it was compared.",
                    "Start again once its schema rests.",
                    request.Destination.DisplayName))];
    }

    private static async Task CheckPositionAsync(ApplyRequest request, ISideTransaction transaction, CancellationToken cancellationToken)
    {
        if (transaction.LogWriter is not { } log || request.Lenient)
            return;
        var now = await log.GetPositionAsync(cancellationToken).ConfigureAwait(false);
        if (now.Own != request.ExpectedPosition.Own || now.CompareTo(request.ExpectedPosition) != PositionRelation.Equal)
            throw request.ConflictError($"its position was {request.ExpectedPosition} and is {now}");
    }

    private static async Task CheckForeignKeysAsync(
        ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var changed = tables.Where((_, i) => request.Changes.Tables[i].Any).ToList();
        var violations = changed.Count == 0 ? [] : await transaction.FindForeignKeyViolationsAsync(changed, cancellationToken).ConfigureAwait(false);
        if (violations.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.ForeignKeyViolated,
                $"The rows that were sent break foreign keys of {request.Destination.DisplayName}: {string.Join("; ", violations.Take(20))}. Everything was rolled back.",
                "Take the referenced tables into the scope too.",
                request.Destination.DisplayName);
        }
    }
}
