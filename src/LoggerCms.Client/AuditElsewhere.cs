using LoggerCms.Core.Auditing;

namespace LoggerCms.Client;

/// <summary>The audit database of a queue that is only filled here: a node takes the queue up, and has the database.</summary>
internal sealed class AuditElsewhere : IAuditDatabase
{
    public static AuditElsewhere Instance { get; } = new();

    public string Name => "(the node's)";

    public Task PrepareAsync(CancellationToken cancellationToken) => throw NotHere();

    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken) => throw NotHere();

    public Task LookAsync(CancellationToken cancellationToken) => throw NotHere();

    public Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken) => throw NotHere();

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken) => throw NotHere();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static LoggerCmsException NotHere() => new(
        ErrorCodes.LimitExceeded, "The audit queue is full, and without its node nobody stores what it holds.", "Start the node, which does, then try again.");
}
