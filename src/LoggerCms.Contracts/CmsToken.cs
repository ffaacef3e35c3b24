namespace LoggerCms;

/// <summary>A bearer token, without its secret.</summary>
public sealed record CmsToken
{
    public required Guid Id { get; init; }

    public required long PrincipalId { get; init; }

    /// <summary>The user's CUID; null where it was removed, and from a node of an earlier release.</summary>
    public string? PrincipalCuid { get; init; }

    /// <summary>The name of the user.</summary>
    public required string Principal { get; init; }

    /// <summary>What it is for.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Expires { get; init; }

    /// <summary>Since the node started; null where it was not used since.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    public required bool Revoked { get; init; }

    /// <summary>Its user was removed, or moved to where no user may act: it lets nobody in.</summary>
    public bool UserGone { get; init; }
}
