using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Sends what a cmdlet has gathered, and tells of what failed.</summary>
internal static class ChangeRuns
{
    /// <summary>Has changes made; where the user has errors stop, nothing after the first that fails.</summary>
    /// <param name="cmdlet">On its pipeline thread.</param>
    /// <param name="items">What to send.</param>
    /// <returns>One outcome an item that was decided, in order; nothing is told of them yet.</returns>
    public static IReadOnlyList<ChangeOutcome> Send(NodeCmdlet cmdlet, IReadOnlyList<PendingChange> items)
    {
        if (items.Count == 0)
            return [];
        var outcomes = new List<ChangeOutcome>(items.Count);
        var endsAtFailure = cmdlet.EndsAtError;
        cmdlet.Change(
            items.Count == 1 ? items[0].Target : null,
            async (client, token) =>
            {
                await ChangeSender.SendAsync(client, items, endsAtFailure, outcomes.Add, token).ConfigureAwait(false);
                return outcomes;
            });
        return outcomes;
    }

    /// <summary>Writes the errors, after what was written of those that did not fail.</summary>
    /// <param name="cmdlet">On its pipeline thread.</param>
    /// <param name="outcomes">What <see cref="Send"/> gave.</param>
    /// <param name="oneOfMany">Whether one that fails is told of as one of many.</param>
    public static void Report(NodeCmdlet cmdlet, IReadOnlyList<ChangeOutcome> outcomes, bool oneOfMany)
    {
        foreach (var outcome in outcomes)
        {
            if (outcome.Failure is not null)
                cmdlet.Report(ErrorRecords.From(outcome.Failure, outcome.Item.Target), oneOfMany || ErrorRecords.IsNotThere(outcome.Failure));
        }
    }
}
