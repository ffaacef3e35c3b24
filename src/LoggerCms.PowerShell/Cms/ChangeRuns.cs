using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Sends what a cmdlet has gathered, and tells of what failed.</summary>
internal static class ChangeRuns
{
    /// <summary>One outcome an item that was decided, in order; errors are written already.</summary>
    /// <param name="cmdlet">On its pipeline thread.</param>
    /// <param name="items">What to send.</param>
    /// <param name="oneOfMany">Whether one that fails is told of as one of many.</param>
    public static IReadOnlyList<ChangeOutcome> Send(NodeCmdlet cmdlet, IReadOnlyList<PendingChange> items, bool oneOfMany)
    {
        if (items.Count == 0)
            return [];
        var outcomes = new List<ChangeOutcome>(items.Count);
        cmdlet.Change(
            items.Count == 1 ? items[0].Target : null,
            async (client, token) =>
            {
                await ChangeSender.SendAsync(client, items, outcomes.Add, token).ConfigureAwait(false);
                return outcomes;
            });
        foreach (var outcome in outcomes)
        {
            if (outcome.Failure is null)
                continue;
            cmdlet.Report(ErrorRecords.From(outcome.Failure, outcome.Item.Target), oneOfMany || ErrorRecords.IsNotThere(outcome.Failure));
        }

        return outcomes;
    }
}
