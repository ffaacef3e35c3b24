namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Sends the changes of many inputs in one request, and finds those that fail: a request is made all or none, so one that is refused is sent again
/// in halves until only the inputs that are wrong are left out. Order is kept.
/// </summary>
internal static class ChangeSender
{
    public const int MostItems = 500;
    public const int MostBytes = 4 << 20;

    private static readonly HashSet<string> OfAnItem =
    [
        ErrorCodes.InvalidObject, ErrorCodes.ObjectNotFound, ErrorCodes.NameInUse, ErrorCodes.VersionConflict, ErrorCodes.Forbidden,
        ErrorCodes.LimitExceeded, ErrorCodes.ValueNotRepresentable, ErrorCodes.InvalidOption, ErrorCodes.InvalidQuery,
    ];

    /// <summary>Whether a failure tells of one input. Any other tells of the node or the way to it, and all that follow would fail like it.</summary>
    public static bool IsOfAnItem(LoggerCmsException failure) => OfAnItem.Contains(failure.Code);

    /// <param name="client">The node.</param>
    /// <param name="items">In order.</param>
    /// <param name="endsAtFailure">Leave all that comes after the first item that fails undone and untold.</param>
    /// <param name="report">Told of each item once, in order.</param>
    /// <param name="cancellationToken">Stops between two requests, and the waiting for one.</param>
    /// <returns>False where it ended at a failure.</returns>
    /// <exception cref="LoggerCmsException">The node cannot be asked, or cannot write; the items not yet told of were not done.</exception>
    public static async Task<bool> SendAsync(
        ICmsClient client, IReadOnlyList<PendingChange> items, bool endsAtFailure, Action<ChangeOutcome> report, CancellationToken cancellationToken)
    {
        if (items.Count == 0)
            return true;
        cancellationToken.ThrowIfCancellationRequested();
        CmsChangeAnswer answer;
        try
        {
            answer = await client.ChangeAsync(
                new CmsChangeRequest { Changes = [.. items.SelectMany(item => item.Changes)] }, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException failure) when (IsOfAnItem(failure))
        {
            if (items.Count == 1)
            {
                report(new ChangeOutcome(items[0], [], failure));
                return !endsAtFailure;
            }

            var half = items.Count / 2;
            return await SendAsync(client, [.. items.Take(half)], endsAtFailure, report, cancellationToken).ConfigureAwait(false)
                && await SendAsync(client, [.. items.Skip(half)], endsAtFailure, report, cancellationToken).ConfigureAwait(false);
        }

        foreach (var outcome in Outcomes(items, answer.Changed))
            report(outcome);
        return true;
    }

    // A removal changes all that is below as well; anything else changes one object a change, in order.
    private static IEnumerable<ChangeOutcome> Outcomes(IReadOnlyList<PendingChange> items, IReadOnlyList<CmsChangedObject> changed)
    {
        if (items.Sum(item => item.Changes.Count) == changed.Count)
        {
            var at = 0;
            foreach (var item in items)
            {
                yield return new ChangeOutcome(item, [.. changed.Skip(at).Take(item.Changes.Count)], null);
                at += item.Changes.Count;
            }

            yield break;
        }

        var byId = changed.ToLookup(one => one.Id);
        foreach (var item in items)
            yield return new ChangeOutcome(item, [.. item.Changes.SelectMany(change => byId[change.Id ?? 0])], null);
    }
}
