namespace LoggerCms;

/// <summary>Who did what, on which object, when, with what result, from where. A text that is null is one that was left out.</summary>
public sealed record CmsAuditEvent
{
    /// <summary>Made once by whoever reports the event: sent again it is stored once.</summary>
    public required Guid Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The service that reports it.</summary>
    public required string Source { get; init; }

    public long PrincipalId { get; init; }

    /// <summary>The user's CUID; null where there is none any more. The node adds it when the event is read.</summary>
    public string? PrincipalCuid { get; init; }

    public string Principal { get; set => field = value ?? ""; } = "";

    /// <summary><c>Create</c>, <c>Update</c>, <c>Delete</c>, <c>Logon</c>, <c>Token</c>, or a service's own.</summary>
    public required string Action { get; init; }

    public long ObjectId { get; init; }

    /// <summary>The object's CUID; null where there is none any more. The node adds it when the event is read.</summary>
    public string? ObjectCuid { get; init; }

    public string ObjectName { get; set => field = value ?? ""; } = "";

    public string ObjectKind { get; set => field = value ?? ""; } = "";

    public string Path { get; set => field = value ?? ""; } = "";

    /// <summary><c>Succeeded</c>, <c>Denied</c> or <c>Failed</c>.</summary>
    public required string Result { get; init; }

    public string Detail { get; set => field = value ?? ""; } = "";

    public string ClientAddress { get; set => field = value ?? ""; } = "";
}

/// <summary>Which audit events to read; null asks for any.</summary>
public sealed record CmsAuditQuery
{
    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    public long? PrincipalId { get; init; }

    public string? Principal { get; init; }

    public string? Action { get; init; }

    public long? ObjectId { get; init; }

    public string? Result { get; init; }

    public string? Source { get; init; }

    /// <summary>Stands in the detail, the path or the object's name.</summary>
    public string? Text { get; init; }

    public bool Descending { get; init; }

    /// <summary>Go on behind this event.</summary>
    public DateTimeOffset? AfterTime { get; init; }

    /// <summary>Go on behind this event.</summary>
    public Guid? AfterId { get; init; }

    public int Take { get; set; } = 1000;
}

/// <summary>A page of audit events.</summary>
public sealed record CmsAuditPage
{
    public required IReadOnlyList<CmsAuditEvent> Events { get; init; }

    /// <summary>True where there may be more behind the last one.</summary>
    public required bool More { get; init; }
}
