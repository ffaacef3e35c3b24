namespace LoggerCms;

/// <summary>A shell's connection to a node, without its secrets; or, with an empty <see cref="Id"/>, what one is to be made with.</summary>
public sealed record CmsSession
{
    /// <summary>Of the connection in the process that made it; empty where none is made yet.</summary>
    public Guid Id { get; init; }

    /// <summary>The node's address.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The node's name.</summary>
    public string Node { get; init; } = "";

    public string Side { get; init; } = "";

    public Guid SystemId { get; init; }

    /// <summary>The profile that it was made by; null for this user's admin profile.</summary>
    public string? Profile { get; init; }

    /// <summary>Who logged on by name and password; null for a token.</summary>
    public string? User { get; init; }

    /// <summary>Token and authority are the profile's, so that another shell of this user can make it anew.</summary>
    public bool IsByProfile { get; init; }

    public override string ToString() => Endpoint.Length > 0 ? Endpoint : Profile ?? "";
}
