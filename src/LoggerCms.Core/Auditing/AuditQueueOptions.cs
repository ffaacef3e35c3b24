namespace LoggerCms.Core.Auditing;

/// <summary>How an audit queue works.</summary>
internal sealed record AuditQueueOptions
{
    /// <summary>Where the segments are; made where it is missing, for its owner only.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// What the segments may take together, in bytes. A batch is accepted whole or refused whole with <c>LimitExceeded</c>: one that is asked to
    /// be durable (a service's) from seven eighths of this on, so that services cannot take the room that the node's own events need; any other
    /// at the whole of it.
    /// </summary>
    public long MaxBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>A segment that has reached this many bytes is followed by another.</summary>
    public int SegmentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The most events of one insert.</summary>
    public int BatchEvents { get; init; } = 10_000;

    /// <summary>How long after one look at the queue comes the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Events older than this are removed from the database; null keeps them all.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(365);

    /// <summary>So long after the start, and after one removal, comes the next, where the clock has gone right for as long.</summary>
    public TimeSpan RetentionInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often a database that has nothing to store is looked at, so that it is known when it is away.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So long the database may take for an answer before it counts as away; one that is only slow gets more from try to try.</summary>
    public TimeSpan LongestAnswer { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>How the queue stands.</summary>
/// <param name="Bytes">What the segments take on disk.</param>
/// <param name="Stored">Events handed to the database since the start, repeated ones included.</param>
/// <param name="Damaged">Files that were set aside because parts of them could not be read.</param>
/// <param name="Failure">Why the database could not be used at the last try; null when it could.</param>
/// <param name="FailedSince">When the first of the tries failed that have all failed since; null where there is no failure.</param>
internal sealed record AuditQueueState(long Bytes, long Stored, int Damaged, LoggerCmsException? Failure, DateTimeOffset? FailedSince);
