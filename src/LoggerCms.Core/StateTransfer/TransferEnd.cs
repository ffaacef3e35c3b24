using LoggerCms.Core.Files;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>How a transfer ends when it does not end well: cancelled, failed with a type, or not known and then settled.</summary>
internal static class TransferEnd
{
    public static async Task<StateTransferResult> GuardAsync(TransferRun run, Func<Task<StateTransferResult>> work, Func<CancellationToken, Task<ISide>> reopen, TransferStore store)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (run.Committed)
        {
            return run.FinishCommitted(exception);
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
            switch (await HasCommittedAsync(run, reopen).ConfigureAwait(false))
            {
                case true:
                    run.Committed = true;
                    run.End("the answer to COMMIT was lost; the transfer's id was found in the destination");
                    RemoveSpool(run);
                    return run.Finish(StateTransferStatus.Completed);
                case false:
                    TidyUp(run, store);
                    throw run.Fail(new LoggerCmsException(
                        ErrorCodes.ConnectionLost,
                        $"{exception.Message} It did not commit: the destination is as it was.",
                        run.Result.SpoolPath is null ? "Start the transfer again." : $"Resume-StateTransfer -Id {run.Id}",
                        run.Result.Destination,
                        innerException: exception));
                default:
                    break;
            }

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

    /// <summary>Removes what both logs kept beyond their retention. The transfer is done: what fails here is told and no more.</summary>
    public static async Task<StateTransferResult> TrimLogsAsync(TransferRun run, OpenSides sides)
    {
        foreach (var side in new[] { sides.Source, sides.Destination })
        {
            try
            {
                await side.Log.TrimAsync(run.Token).ConfigureAwait(false);
            }
            catch (LoggerCmsException exception)
            {
                run.Note($"Old entries of {side.DisplayName}'s config message log could not be removed: {exception.Message}");
                run.Save();
            }
            catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
            {
                break;
            }
        }

        return run.Result;
    }

    /// <summary>Asks the destination, over a new connection, whether the transfer committed; null where it does not say.</summary>
    private static async Task<bool?> HasCommittedAsync(TransferRun run, Func<CancellationToken, Task<ISide>> reopen)
    {
        try
        {
            var side = await reopen(CancellationToken.None).ConfigureAwait(false);
            await using var closing = side.ConfigureAwait(false);
            return await Settlement.HasCommittedAsync(side, run.Id, run.Record.Locked, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LoggerCmsException)
        {
            return null;
        }
    }

    private static void RemoveSpool(TransferRun run)
    {
        if (run.Result.SpoolPath is not { } spool)
            return;
        try
        {
            run.Files.DeleteForGood(spool);
            run.Set(run.Result with { SpoolPath = null });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            run.Note($"The spool could not be removed: {exception.Message}");
        }
    }

    /// <summary>The record goes on naming a spool until no crash can bring it back.</summary>
    private static void ForgetIfGone(TransferRun run, string spool)
    {
        try
        {
            if (run.Files.Find(spool) is not null || run.Files.Find(spool + FileLayerExtensions.PartialSuffix) is not null)
                return;
            run.Files.SyncFolder(Path.GetDirectoryName(spool)!);
            run.Set(run.Result with { SpoolPath = null });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            run.Note($"The removal of the spool could not be made durable: {exception.Message}");
        }
    }

    private static void TidyUp(TransferRun run, TransferStore store)
    {
        try
        {
            store.RemoveUndo(run.Id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It bears the transfer's id, so that Clear-StateTransferTemp finds it.
            run.Note($"The undo file could not be removed: {exception.Message}");
        }

        run.Set(run.Result with { UndoPath = null, RowsInserted = 0, RowsUpdated = 0, RowsDeleted = 0, Equal = null, Verified = VerifyLevel.None, Checksum = null });
        if (run.Result.SpoolPath is { } spool)
            ForgetIfGone(run, spool);
    }
}
