namespace LoggerCms.PowerShell.Objects;

/// <summary>An object as a user or a pipeline names it: by one of three names.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its path; beside an id without a CUID what the object of that id must have.</param>
/// <param name="Cuid">Its CUID; beside an id what the object of that id must have.</param>
internal sealed record ObjectTarget(long? Id, string? Path, string? Cuid)
{
    /// <summary>The user's own word for it.</summary>
    public object Input => (object?)Path ?? Id ?? (object)Cuid!;

    public Task<CmsObjectInfo> ReadAsync(ICmsClient client, CancellationToken cancellationToken)
        => Id is { } id ? Origin.ReadAsync(client, id, Cuid, Path, cancellationToken)
            : Cuid is { } cuid ? client.GetObjectByCuidAsync(cuid, cancellationToken)
            : client.GetObjectByPathAsync(CmsPath.Normal(Path!), cancellationToken);

    /// <summary>Its id; asks the node only where that does not say yet which object it is.</summary>
    public async Task<long> FindIdAsync(ICmsClient client, CancellationToken cancellationToken)
        => Id is { } id && Cuid is null && Path is null ? id : (await ReadAsync(client, cancellationToken).ConfigureAwait(false)).Id;

    public override string ToString() => Path ?? Cuid ?? $"object {Id}";
}
