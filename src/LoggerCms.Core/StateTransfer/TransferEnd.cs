using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>How a transfer ends when it does not end well: cancelled, failed with a type, or not known and then settled.</summary>
internal static class TransferEnd
{
    public static async Task<StateTransferResult> GuardAsync(TransferRun run, Func<Task<StateTransferResult>> work, TransferStore store)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            run.End(result: "Cancelled");
            TidyUp(run, store);
            return run.Finish(StateTransferStatus.Cancelled);
        }
        catch (LoggerCmsException exception) when (run.Token.IsCancellationRequested && exception.Code != ErrorCodes.OutcomeUnknown)
        {
            // A driver that was interrupted may say so in its own way.
            run.End(exception.Message, "Cancelled");
            TidyUp(run, store);
            return run.Finish(StateTransferStatus.Cancelled);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.OutcomeUnknown)
        {
            throw run.Fail(
                new LoggerCmsException(
                    exception.Code, exception.Message, $"Get-StateTransfer -Id {run.Id} -Settle", run.Result.Destination, innerException: exception),
                StateTransferStatus.Unknown);
        }
        catch (LoggerCmsException exception)
        {
            TidyUp(run, store);
            throw run.Fail(exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TidyUp(run, store);
            throw run.Fail(FileFailure.Of(exception, Path.GetDirectoryName(run.Result.SpoolPath) ?? store.Folder));
        }
        catch (Exception exception)
        {
            TidyUp(run, store);
            throw run.Fail(new LoggerCmsException(
                ErrorCodes.Unexpected,
                $"{exception.GetType().Name}: {exception.Message}",
                "This is a fault of the program: report it with the record of Get-StateTransfer. The destination is as it was.",
                innerException: exception));
        }
    }

    /// <summary>Looks for the transfer's id in its destination, once no transaction of it can still commit.</summary>
    public static async Task<StateTransferStatus> SettleAsync(ISide destination, Guid id, IReadOnlyList<TableName> tables, CancellationToken cancellationToken)
    {
        if (await destination.HasTransferAsync(id, cancellationToken).ConfigureAwait(false))
            return StateTransferStatus.Completed;
        IReadOnlyList<TableSchema> scope;
        var snapshot = await destination.BeginSnapshotAsync(new SnapshotOptions(), cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
            scope = [.. snapshot.Catalog.Tables.Where(t => tables.Contains(t.Name))];

        // The lock on its tables is only to be had when the lost transaction has ended one way or the other.
        var barrier = await destination.BeginTransactionAsync(scope, TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
        await barrier.DisposeAsync().ConfigureAwait(false);
        return await destination.HasTransferAsync(id, cancellationToken).ConfigureAwait(false) ? StateTransferStatus.Completed : StateTransferStatus.Failed;
    }

    private static void TidyUp(TransferRun run, TransferStore store)
    {
        File.Delete(store.UndoPath(run.Id));
        run.Set(run.Result with { UndoPath = null, RowsInserted = 0, RowsUpdated = 0, RowsDeleted = 0, Equal = null, Verified = VerifyLevel.None, Checksum = null });
        if (run.Result.SpoolPath is { } spool && !File.Exists(spool))
            run.Set(run.Result with { SpoolPath = null });
    }
}
