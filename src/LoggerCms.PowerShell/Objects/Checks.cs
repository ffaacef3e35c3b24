namespace LoggerCms.PowerShell.Objects;

/// <summary>What the node would check, asked beforehand: so that -WhatIf tells what would fail.</summary>
internal static class Checks
{
    private const long LastReservedId = 999;

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

    /// <exception cref="LoggerCmsException">NameInUse, where the folder holds another object of that name.</exception>
    public static async Task DemandFreeAsync(ICmsClient client, string folder, string name, long? exceptId, CancellationToken cancellationToken)
    {
        if (await FindAsync(client, CmsPath.Child(folder, name), cancellationToken).ConfigureAwait(false) is { } taken && taken.Id != exceptId)
        {
            throw new LoggerCmsException(
                ErrorCodes.NameInUse, $"The folder '{folder}' already holds '{taken.Name}' (object {taken.Id}).", "Choose another name, or change that object.");
        }
    }

    /// <exception cref="LoggerCmsException">VersionConflict.</exception>
    public static void DemandVersion(CmsObjectInfo found, int? expected)
    {
        if (expected is { } version && version != found.Version)
        {
            throw new LoggerCmsException(
                ErrorCodes.VersionConflict,
                $"Object {found.Id} '{found.Name}' has version {found.Version}, not {version}: somebody changed it in the meantime.",
                "Read it again, look at what changed, and repeat the change; -Force changes it whatever its version.");
        }
    }

    /// <exception cref="LoggerCmsException">InvalidObject: the system needs the object to stay what it is.</exception>
    public static void DemandNotSystem(CmsObjectInfo found, string what)
    {
        if (found.Id <= LastReservedId)
            throw new LoggerCmsException(ErrorCodes.InvalidObject, $"Object {found.Id} '{found.Name}' belongs to the system and cannot be {what}.", "Give another.");
    }

    /// <summary>The object at a path; null where there is none that the caller may see.</summary>
    public static async Task<CmsObjectInfo?> FindAsync(ICmsClient client, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetObjectByPathAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.ObjectNotFound)
        {
            return null;
        }
    }
}
