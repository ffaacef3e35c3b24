using System.Runtime.CompilerServices;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;
using LoggerCms.Core.Temp;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Checks a request before anything is opened.</summary>
internal static class TransferOptions
{
    public static void Check(StateTransferRequest request)
    {
        if (request.ThrottleMBps < 0 || double.IsNaN(request.ThrottleMBps))
            throw Invalid($"-ThrottleMBps {request.ThrottleMBps} is not a rate", "Give megabytes a second, or 0 for no bound.");
        if (request.LockTimeout < TimeSpan.Zero || request.LockTimeout > TimeSpan.FromDays(1))
            throw Invalid($"-LockTimeout {request.LockTimeout} is out of range", "Give a time between 0 and one day.");
        if (request.Spool == SpoolMode.None && request.TempPath is not null)
            throw Invalid("-TempPath goes with -Spool File", "Leave one of them out.");
    }

    private static LoggerCmsException Invalid(string what, string remedy) => new(ErrorCodes.InvalidOption, what + ".", remedy);
}

/// <summary>Turns a failure of the file system into a typed one.</summary>
internal static class FileFailure
{
    public static LoggerCmsException Of(Exception exception, string where, string? remedy = null)
    {
        var failure = OwnTemp.Failure(OwnTemp.Refine(ProbeCause.Of(exception), where), where, exception.Message, exception);
        return remedy is null ? failure : new LoggerCmsException(failure.Code, failure.Message, remedy, innerException: exception);
    }
}

/// <summary>The rows of tables that are sent whole: from the spool where there is one, otherwise straight from the source.</summary>
internal static class WholeRows
{
    public static async IAsyncEnumerable<RowBatch> Read(
        TransferWork work, int index, IValueFit? fit, string destination, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (work.Ready is ChangeFileReader spool)
        {
            await foreach (var batch in spool.ReadAsync(index, ChangeKind.Whole, cancellationToken).ConfigureAwait(false))
                yield return batch.Rows;
            yield break;
        }

        await foreach (var batch in ReadSource(work, index, fit, destination, cancellationToken).ConfigureAwait(false))
            yield return batch;
    }

    /// <summary>Reads the source's table, sums it and checks that its values fit, a few batches ahead of the consumer.</summary>
    public static async IAsyncEnumerable<RowBatch> ReadSource(
        TransferWork work, int index, IValueFit? fit, string destination, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = work.Pairs[index].Source;
        var sum = default(TableSum);
        var rows = Pipeline.AheadAsync(
            work.Source.ReadAsync(new RowQuery(table), cancellationToken),
            batch =>
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    Compatibility.CheckFit(fit, table, batch[i], destination);
                    sum.Add(batch[i]);
                }

                return ValueTask.CompletedTask;
            },
            cancellationToken);
        await foreach (var batch in rows.ConfigureAwait(false))
            yield return batch;
        work.SourceSums[index] = sum;
    }
}

/// <summary>Predicts what a transfer does from what Compare found.</summary>
internal static class PlanBuilder
{
    public static async Task<TransferPlan> BuildAsync(TransferRun run, OpenSides sides, TransferWork work)
    {
        var changes = work.Changes!;
        var tables = changes.Tables;
        var rowByRow = work.WithSideLocalColumns;
        for (var i = 0; i < work.Pairs.Count; i++)
            tables[i].Whole = (work.Mode == StateTransferMode.Full && !rowByRow.Contains(i)) || work.ToCreate.Contains(i);
        foreach (var index in changes.Outgrown)
        {
            if (rowByRow.Contains(index))
                throw TooManyRows(work.Pairs[index].Destination);
            tables[index].Whole = true;
            run.Note($"Table {work.Pairs[index].Source.Name} differs in too many rows to hold them without a spool, and is sent whole.");
        }

        await CheckFitAsync(sides, work, run.Token).ConfigureAwait(false);
        long inserts = 0, updates = 0, deletes = 0, bytes = 0;
        for (var i = 0; i < tables.Count; i++)
        {
            if (!tables[i].Whole)
            {
                inserts += tables[i].Inserts;
                updates += tables[i].Updates;
                deletes += tables[i].Deletes;
                bytes += tables[i].Bytes;
                continue;
            }

            var (source, destination) = (work.Pairs[i].Source, work.Pairs[i].Destination);
            var size = await RowSizeAsync(work.Source, source, run.Token).ConfigureAwait(false);
            var rows = await CountAsync(work.Source, source, size).ConfigureAwait(false);
            inserts += rows;
            bytes += rows * size;
            if (!work.ToCreate.Contains(i))
                deletes += await CountAsync(work.Destination, destination, size).ConfigureAwait(false);
        }

        // WhatIf states what would be done, and so counts; a transfer that goes on states it by what it did.
        Task<long> CountAsync(IRowReader reader, TableSchema table, long size) => work.Changes!.CountOnly
            ? reader.CountAsync(table, run.Token)
            : reader.EstimateCountAsync(table, size, run.Token);

        return new TransferPlan
        {
            Mode = work.Mode,
            ModeReason = work.ModeReason,
            RowsToInsert = inserts,
            RowsToUpdate = updates,
            RowsToDelete = deletes,
            Bytes = bytes,
            Time = run.Meter.PredictTime(bytes),
        };
    }

    private static LoggerCmsException TooManyRows(TableSchema table) => new(
        ErrorCodes.InvalidOption,
        $"Table {table.Name} differs in too many rows to hold them in memory, and cannot be replaced as a whole without losing its side-local columns ({string.Join(", ", table.SideLocalColumns)}).",
        "Use -Spool File, or transfer the table without the profile.");

    /// <summary>The mean size of the first rows.</summary>
    private static async Task<long> RowSizeAsync(IRowReader reader, TableSchema table, CancellationToken cancellationToken)
    {
        await foreach (var batch in reader.ReadAsync(new RowQuery(table), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                if (batch.Count > 0)
                    return batch.Length / batch.Count;
            }
        }

        return 0;
    }

    /// <summary>Tables that are sent whole are checked here; rows of the others were when they were collected.</summary>
    private static async Task CheckFitAsync(OpenSides sides, TransferWork work, CancellationToken cancellationToken)
    {
        for (var i = 0; i < work.Pairs.Count; i++)
        {
            var (source, destination) = (work.Pairs[i].Source, work.Pairs[i].Destination);
            if (!work.Changes!.Tables[i].Whole)
                continue;
            if (sides.Destination.GetValueFit(source, destination) is not { } fit)
                continue;
            await foreach (var batch in work.Source.ReadAsync(new RowQuery(source), cancellationToken).ConfigureAwait(false))
            {
                using (batch)
                    Check(fit, source, batch);
            }
        }

        void Check(IValueFit fit, TableSchema table, RowBatch rows)
        {
            for (var row = 0; row < rows.Count; row++)
                Compatibility.CheckFit(fit, table, rows[row], sides.Destination.DisplayName);
        }
    }
}
