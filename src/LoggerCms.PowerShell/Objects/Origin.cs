namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Whether an object of a pipeline is the one that its id names on the node that is asked. Every system counts its ids from the same number, and
/// versions begin at 1: only the CUID tells an object of another system.
/// </summary>
internal static class Origin
{
    /// <param name="found">What the node has under the id.</param>
    /// <param name="cuid">What came down the pipeline with the id; null or empty where nothing did.</param>
    /// <exception cref="LoggerCmsException">ObjectNotFound: it is another object.</exception>
    public static CmsObjectInfo Demand(CmsObjectInfo found, string? cuid)
        => string.IsNullOrEmpty(cuid) || cuid == found.Cuid ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"Object {found.Id} is '{found.Path}' here, not the one with the CUID '{cuid}': that one was read from another system.",
            "Give the connection that it was read by: -Connection.");

    /// <summary>Reads the object of an id, and holds it against what came with that.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="Demand"/>, and as the node gives it.</exception>
    public static async Task<CmsObjectInfo> ReadAsync(ICmsClient client, long id, string? cuid, CancellationToken cancellationToken)
        => Demand(await client.GetObjectAsync(id, cancellationToken).ConfigureAwait(false), cuid);

    /// <summary>The same where a path may have come with the id too: without a CUID that must be the object's.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="Demand"/>, and as the node gives it.</exception>
    public static async Task<CmsObjectInfo> ReadAsync(ICmsClient client, long id, string? cuid, string? path, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(client, id, cuid, cancellationToken).ConfigureAwait(false);
        return !string.IsNullOrEmpty(cuid) || path is null || string.Equals(path, found.Path, StringComparison.OrdinalIgnoreCase) ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"Object {id} is '{found.Path}' here, not '{path}': that one was read from another system, or moved since.",
            "Give the connection that it was read by: -Connection; or have the CUID read too (SI_CUID), which stays where the path changes.");
    }
}
