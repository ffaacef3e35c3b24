namespace LoggerCms.Core.Auditing;

/// <summary>
/// The database of audit events, which is one of its own. Every failure is a <see cref="LoggerCmsException"/>. A connection that broke is made
/// again by the next call. Calls may come from several threads.
/// </summary>
internal interface IAuditDatabase : IAsyncDisposable
{
    /// <summary>The database for messages; never a secret.</summary>
    string Name { get; }

    /// <summary>Makes the table where it is missing. An unknown format version is refused and left untouched.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Stores the batch in one transaction. An event whose id is there already, or occurs twice in the batch, is stored once.</summary>
    Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken);

    /// <summary>Fails where events could not be stored now, for want of the database or its table. Waits for no query.</summary>
    Task LookAsync(CancellationToken cancellationToken);

    /// <summary>The next page of what the filter asks for, in the order of (time, id); the last event's <see cref="AuditPosition"/> asks for the page after it.</summary>
    Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken);

    /// <summary>Removes events older than a time (microseconds since 1970 UTC) and tells how many. One that is sent again later is stored again.</summary>
    Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken);
}

/// <summary>What to read; a null asks for anything.</summary>
internal sealed record AuditFilter
{
    public const int MostAtOnce = 10_000;

    /// <summary>Microseconds since 1970 UTC, inclusive.</summary>
    public long? FromUs { get; init; }

    /// <summary>Exclusive.</summary>
    public long? ToUs { get; init; }

    public long? PrincipalId { get; init; }

    /// <summary>The principal's name, whatever the case of ASCII letters.</summary>
    public string? PrincipalName { get; init; }

    /// <summary>Whatever the case.</summary>
    public string? Action { get; init; }

    public long? ObjectId { get; init; }

    public AuditResult? Result { get; init; }

    /// <summary>Whatever the case of ASCII letters.</summary>
    public string? Source { get; init; }

    /// <summary>Stands in the detail, the path or the object's name, whatever the case of ASCII letters.</summary>
    public string? Text { get; init; }

    /// <summary>Newest first.</summary>
    public bool Descending { get; init; }

    /// <summary>Go on behind this event.</summary>
    public AuditPosition? After { get; init; }

    /// <summary>From 1 to <see cref="MostAtOnce"/>.</summary>
    public int Take { get; init; } = 1000;
}

internal readonly record struct AuditPosition(long TimeUs, Guid Id)
{
    public static AuditPosition Of(AuditEvent e) => new(e.TimeUs, e.Id);
}
