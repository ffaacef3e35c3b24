namespace LoggerCms.Core.Auditing;

/// <summary>Who did what, on which object, when, with what result, from where. Texts are empty where there is nothing to say, never null.</summary>
internal sealed record AuditEvent
{
    /// <summary>Made once by whoever reports the event, so that sending it again does not store it twice.</summary>
    public required Guid Id { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long TimeUs { get; init; }

    /// <summary>The service that reports it.</summary>
    public required string Source { get; init; }

    /// <summary>The principal's object id; 0 where nobody was known yet.</summary>
    public long PrincipalId { get; init; }

    public string PrincipalName { get; init; } = string.Empty;

    public required string Action { get; init; }

    /// <summary>0 where the action has no object.</summary>
    public long ObjectId { get; init; }

    public string ObjectName { get; init; } = string.Empty;

    public string ObjectKind { get; init; } = string.Empty;

    public string Path { get; init; } = string.Empty;

    public required AuditResult Result { get; init; }

    public string Detail { get; init; } = string.Empty;

    public string ClientAddress { get; init; } = string.Empty;
}

internal enum AuditResult : byte
{
    Succeeded = 1,
    Denied = 2,
    Failed = 3,
}
