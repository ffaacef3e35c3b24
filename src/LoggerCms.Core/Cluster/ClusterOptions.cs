namespace LoggerCms.Core.Cluster;

/// <summary>The bounds and intervals of a node's write path.</summary>
internal sealed record ClusterOptions
{
    /// <summary>How often changes are written to the system database.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long to wait after a failed flush: from the interval, doubling up to this. Half of <see cref="LongestWait"/> unless set, so that a write that
    /// waits for room is not refused when the database is back.
    /// </summary>
    public TimeSpan LongestRetry { get => field == default ? LongestWait / 2 : field; init; }

    /// <summary>Above so many bytes of unflushed changes a write waits.</summary>
    public long MostUnflushedBytes { get; init; } = 256L << 20;

    /// <summary>So long a write waits for room, then it is refused.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>So long a database may take for an answer before the node says that it has none; one that is only slow gets more from try to try.</summary>
    public TimeSpan LongestAnswer { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>So long the answer to a request is kept for a retry.</summary>
    public TimeSpan RequestRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// About how much memory kept answers may take; beyond it the oldest go before their time, and a retry of one is refused. None goes within a minute,
    /// which a client's retry and the difference of its clock need.
    /// </summary>
    public long MostAnswerBytes { get; init; } = 512L << 20;

    /// <summary>So long it is known what a reconcile brought, for one that comes upon the same files again.</summary>
    public TimeSpan OnceOnlyRetention { get; init; } = TimeSpan.FromDays(7);

    public int MostChanges { get; init; } = 100_000;

    /// <summary>Of the record that a request becomes; below what a delta file takes, because a reconcile adds to it.</summary>
    public int MostRecordBytes { get; init; } = 32 << 20;

    public int MostObjectBytes { get; init; } = 4 << 20;

    public long ObjectIdBlock { get; init; } = 1_000_000;

    public long UpdateKeyBlock { get; init; } = 10_000_000;
}
