using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Chooses what a transfer sends, and says why.</summary>
internal static class ModeChooser
{
    public static async Task ChooseAsync(OpenSides sides, StateTransferRequest request, TransferWork work, CancellationToken cancellationToken)
    {
        var hasLogs = work.SourcePosition.Own is not null && work.DestinationPosition.Own is not null;
        LogPlanner.Answer? log = null;
        if (hasLogs || request.Mode == StateTransferMode.Log)
            log = await AskLogAsync(sides, request, work, cancellationToken).ConfigureAwait(false);
        await ChooseAsync(sides, request, work, hasLogs, log, cancellationToken).ConfigureAwait(false);
        if (work.Mode == StateTransferMode.Log)
            work.Entries = log!.Entries;
        else if (hasLogs)
            work.Entries = await LogPlanner.LastEntriesAsync(sides.Source.Log, work.Pairs, work.SourcePosition, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ChooseAsync(
        OpenSides sides, StateTransferRequest request, TransferWork work, bool hasLogs, LogPlanner.Answer? log, CancellationToken cancellationToken)
    {
        switch (request.Mode)
        {
            case StateTransferMode.Log when log is not { Usable: true }:
                throw new LoggerCmsException(
                    hasLogs ? ErrorCodes.LogCannotServe : ErrorCodes.LogNotEnabled,
                    $"The config message log cannot serve this transfer: {log?.Reason}.",
                    "Use -Mode Rows once (it sets the destination's position), or Enable-ConfigMessageLog on both sides.",
                    sides.Source.DisplayName);
            case StateTransferMode.Log:
            case StateTransferMode.Auto when log is { Usable: true } && work.ToCreate.Count == 0:
                Set(work, StateTransferMode.Log, log!.Reason);
                return;
            case StateTransferMode.Full:
                Set(work, StateTransferMode.Full, "asked for");
                return;
            case StateTransferMode.Rows:
                Set(work, StateTransferMode.Rows, "asked for");
                return;
            default:
                var why = log is null ? "at least one side has no config message log" : log.Reason;
                if (await IsEmptyAsync(work, cancellationToken).ConfigureAwait(false))
                    Set(work, StateTransferMode.Full, "the destination's tables are empty");
                else
                    Set(work, StateTransferMode.Rows, why);
                return;
        }
    }

    private static async Task<LogPlanner.Answer> AskLogAsync(OpenSides sides, StateTransferRequest request, TransferWork work, CancellationToken cancellationToken)
    {
        var answer = await LogPlanner.AskAsync(sides, work.Pairs, work.SourcePosition, work.DestinationPosition, cancellationToken).ConfigureAwait(false);
        if (answer.Diverged && !request.Force)
            throw Compatibility.Diverged(sides, answer.Reason);
        if (work.Pairs.FirstOrDefault(p => p.Source.WithdrawnKey.Count > 0) is { } keyless)
            return answer with { Usable = false, Reason = $"NULL stands in the key of table {keyless.Name}, so its rows cannot be found by it" };
        return answer.Usable && work.Direction is PositionRelation.Ahead or PositionRelation.Diverged
            ? answer with { Usable = false, Reason = "the destination holds changes that the source does not have" }
            : answer;
    }

    private static void Set(TransferWork work, StateTransferMode mode, string reason)
    {
        work.Mode = mode;
        work.ModeReason = reason;
    }

    private static async Task<bool> IsEmptyAsync(TransferWork work, CancellationToken cancellationToken)
    {
        for (var i = 0; i < work.Pairs.Count; i++)
        {
            if (work.ToCreate.Contains(i))
                continue;
            await foreach (var batch in work.Destination.ReadAsync(new RowQuery(work.Pairs[i].Destination), cancellationToken).ConfigureAwait(false))
            {
                using (batch)
                {
                    if (batch.Count > 0)
                        return false;
                }
            }
        }

        return true;
    }
}
