using LoggerCms.Core.Auditing;

namespace LoggerCms.Core.Tests.Auditing;

/// <summary>An audit database that can be away and notes what it was asked.</summary>
internal sealed class MemoryAuditDatabase : IAuditDatabase
{
    public Dictionary<Guid, AuditEvent> Stored { get; } = [];

    public List<int> Batches { get; } = [];

    public List<long> Purges { get; } = [];

    public int Looks { get; private set; }

    public bool IsAway { get; set; }

    /// <summary>How it fails while it is away.</summary>
    public Exception Failure { get; init; } = new LoggerCmsException(ErrorCodes.ServerUnreachable, "Away.", "Wait.");

    /// <summary>Awaited before each call.</summary>
    public Func<CancellationToken, Task>? Before { get; set; }

    public string Name => "memory";

    public Task PrepareAsync(CancellationToken cancellationToken) => Answer(() => 0, cancellationToken);

    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken) => Answer(() =>
    {
        Batches.Add(events.Count);
        foreach (var e in events)
            Stored.TryAdd(e.Id, e);
        return 0;
    }, cancellationToken);

    public Task LookAsync(CancellationToken cancellationToken) => Answer(() => Looks++, cancellationToken);

    public Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken)
        => Answer<IReadOnlyList<AuditEvent>>(() => [.. Stored.Values], cancellationToken);

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken) => Answer(() =>
    {
        Purges.Add(beforeUs);
        return 0L;
    }, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> Answer<T>(Func<T> answer, CancellationToken cancellationToken)
    {
        if (Before is { } before)
            await before(cancellationToken);
        return IsAway ? throw Failure : answer();
    }
}

internal static class Events
{
    public static AuditQueueOptions Options(string folder) => new() { Folder = folder, SegmentBytes = 600, BatchEvents = 3 };

    public static AuditEvent[] Some(int count) => [.. Enumerable.Range(0, count).Select(One)];

    private static AuditEvent One(int number) => new()
    {
        Id = Guid.NewGuid(),
        TimeUs = 1_700_000_000_000_000 + number,
        Source = "service",
        PrincipalId = 12,
        PrincipalName = "o'neil 😀",
        Action = "Delete",
        ObjectId = 34,
        ObjectName = "report",
        ObjectKind = "Folder",
        Path = "/a/b",
        Result = AuditResult.Denied,
        Detail = "line\nanother\0",
        ClientAddress = "::1",
    };
}
