namespace LoggerCms;

/// <summary>Who somebody is to the node that is asked; everybody may know that of himself.</summary>
public sealed record CmsCaller
{
    public required long Id { get; init; }

    public required string Name { get; init; }
}

/// <summary>A user or a group.</summary>
public sealed record CmsPrincipal
{
    public required long Id { get; init; }

    /// <summary>The same as <see cref="Id"/>, under the name that the cmdlets for rights take.</summary>
    public long PrincipalId => Id;

    public required string Cuid { get; init; }

    /// <summary>The same as <see cref="Cuid"/>, under the name that goes with <see cref="PrincipalId"/>.</summary>
    public string PrincipalCuid => Cuid;

    /// <summary><c>User</c> or <c>UserGroup</c>.</summary>
    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string Path { get; init; }

    /// <summary>SI_USERFULLNAME; empty where there is none.</summary>
    public required string FullName { get; init; }

    /// <summary>SI_EMAIL_ADDRESS; empty where there is none.</summary>
    public required string Email { get; init; }

    /// <summary>The names of the groups that it is a direct member of, but for Everyone.</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    public required IReadOnlyList<long> GroupIds { get; init; }

    public required int Version { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Modified { get; init; }
}
