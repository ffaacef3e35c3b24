namespace LoggerCms;

/// <summary>One entry of an access list, as it counts for an object.</summary>
public sealed record CmsRightEntry
{
    public required long ObjectId { get; init; }

    /// <summary>The object's CUID; null from a node of an earlier release.</summary>
    public string? ObjectCuid { get; init; }

    /// <summary>The object's path.</summary>
    public required string Path { get; init; }

    /// <summary>The object whose list holds the entry: the object itself, or a folder above it.</summary>
    public required long FromObjectId { get; init; }

    public required long PrincipalId { get; init; }

    /// <summary>The user's or group's CUID; null where the caller may not see it, and from a node of an earlier release.</summary>
    public string? PrincipalCuid { get; init; }

    /// <summary>The name of the user or group.</summary>
    public required string Principal { get; init; }

    public required string Right { get; init; }

    /// <summary><c>Granted</c> or <c>Denied</c>.</summary>
    public required string Value { get; init; }

    /// <summary>Whether it comes from a folder above.</summary>
    public required bool Inherited { get; init; }
}

/// <summary>Whether a principal has a right on an object, and why.</summary>
public sealed record CmsRightDecision
{
    public required string Right { get; init; }

    /// <summary>The name of the user or group.</summary>
    public required string Principal { get; init; }

    public required long ObjectId { get; init; }

    /// <summary>The object's CUID; null from a node of an earlier release.</summary>
    public string? ObjectCuid { get; init; }

    /// <summary>The object's path.</summary>
    public required string Path { get; init; }

    public required bool Granted { get; init; }

    /// <summary>What decided.</summary>
    public required string Reason { get; init; }

    /// <summary>What was looked at, from the object upwards; the last line decided.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];
}
