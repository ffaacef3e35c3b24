namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Whether an object of a pipeline is the one that its id names on the node that is asked. Every system counts its ids from the same number, and
/// versions begin at 1: only the CUID tells an object of another system.
/// </summary>
internal static class Origin
{
    /// <param name="found">What the node has under the id.</param>
    /// <param name="cuid">What came down the pipeline with the id; null or empty where nothing did.</param>
    /// <param name="path">The path that may have come with the id too: without a CUID that must be the object's.</param>
    /// <exception cref="LoggerCmsException">ObjectNotFound: it is another object.</exception>
    public static CmsObjectInfo Demand(CmsObjectInfo found, string? cuid, string? path = null)
    {
        if (!string.IsNullOrEmpty(cuid))
        {
            return cuid == found.Cuid ? found : throw new LoggerCmsException(
                ErrorCodes.ObjectNotFound,
                $"Object {found.Id} is '{found.Path}' here, not the one with the CUID '{cuid}': that one was read from another system.",
                "Give the connection that it was read by: -Connection.");
        }

        return path is not ['/', ..] || string.Equals(path, found.Path, StringComparison.OrdinalIgnoreCase) ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"Object {found.Id} is '{found.Path}' here, not '{path}': that one was read from another system, or moved since.",
            "Give the connection that it was read by: -Connection; or have the CUID read too (SI_CUID), which stays where the path changes.");
    }

    /// <summary>Reads the user or group of an id, whose name must be the one that came with that.</summary>
    /// <exception cref="LoggerCmsException">ObjectNotFound: it is another; and as the node gives it.</exception>
    public static async Task<CmsObjectInfo> ReadNamedAsync(ICmsClient client, long id, string name, CancellationToken cancellationToken)
    {
        var found = await client.GetObjectAsync(id, cancellationToken).ConfigureAwait(false);
        return string.Equals(name, found.Name, StringComparison.OrdinalIgnoreCase) ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"The user or group {id} is '{found.Name}' here, not '{name}': that one was read from another system, or renamed since.",
            "Give the connection that it was read by: -Connection; or leave the id out, so that the name counts.");
    }

    /// <summary>Reads the object of an id, and holds it against what came with that.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="Demand"/>, and as the node gives it.</exception>
    public static async Task<CmsObjectInfo> ReadAsync(ICmsClient client, long id, string? cuid, string? path, CancellationToken cancellationToken)
        => Demand(await client.GetObjectAsync(id, cancellationToken).ConfigureAwait(false), cuid, path);
}
