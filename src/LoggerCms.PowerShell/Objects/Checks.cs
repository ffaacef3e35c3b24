namespace LoggerCms.PowerShell.Objects;

/// <summary>What the node would check, asked beforehand: so that -WhatIf tells what would fail.</summary>
internal static class Checks
{
    /// <exception cref="LoggerCmsException">Forbidden, and why.</exception>
    public static async Task DemandAsync(ICmsClient client, long objectId, string right, CancellationToken cancellationToken)
    {
        var decision = await client.TestRightAsync(new CmsRightQuestion { ObjectId = objectId, Right = right }, cancellationToken).ConfigureAwait(false);
        if (!decision.Granted)
        {
            throw new LoggerCmsException(
                ErrorCodes.Forbidden, $"You do not have the right {right} on '{decision.Path}': {decision.Reason}", $"Test-CmsRight -Id {objectId} -Right {right} -Explain");
        }
    }

    /// <summary>Has the node plan changes, with every check that it would make.</summary>
    /// <exception cref="LoggerCmsException">As they would fail.</exception>
    public static Task<CmsChangeAnswer> PlanAsync(this ICmsClient client, IReadOnlyList<CmsChange> changes, CancellationToken cancellationToken)
        => client.ChangeAsync(new CmsChangeRequest { WhatIf = true, Changes = changes }, cancellationToken);

    /// <summary>What is looked for; null where there is none that the caller may see.</summary>
    public static async Task<CmsObjectInfo?> FindAsync(Func<Task<CmsObjectInfo>> get)
    {
        try
        {
            return await get().ConfigureAwait(false);
        }
        catch (LoggerCmsException e) when (ErrorRecords.IsNotThere(e))
        {
            return null;
        }
    }
}
