namespace LoggerCms;

/// <summary>A node as it tells of itself.</summary>
public sealed record CmsNodeInfo
{
    public required string Name { get; init; }

    public required Guid NodeId { get; init; }

    /// <summary><c>Stopped</c> (red), <c>Starting</c> (yellow), <c>Ready</c> (green) or <c>Degraded</c> (yellow).</summary>
    public required string State { get; init; }

    /// <summary><c>Red</c>, <c>Yellow</c> or <c>Green</c>.</summary>
    public required string Color { get; init; }

    /// <summary>The step of the start: <c>ContactSystemDatabase</c>, <c>CreateRunTimeImage</c>, <c>ReconcileDeltaFiles</c>, <c>EstablishNameShell</c> or <c>ReadyForAction</c>.</summary>
    public required string Step { get; init; }

    /// <summary>Why it is not green; empty where it is.</summary>
    public required string Reason { get; init; }

    public required string Side { get; init; }

    /// <summary>In the cluster; a node alone is in position 1.</summary>
    public required int Position { get; init; }

    public required string Endpoint { get; init; }

    public required int ProcessId { get; init; }

    public required string Version { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>The system database, without secrets; empty for who may not operate the node, and while it starts.</summary>
    public required string Database { get; init; }

    public required Guid SystemId { get; init; }

    public required long Epoch { get; init; }

    public required long LastUpdateKey { get; init; }

    /// <summary>The last update key that the system database has.</summary>
    public required long FlushedUpdateKey { get; init; }

    /// <summary>Objects and entries that the system database does not have yet.</summary>
    public required long Unflushed { get; init; }

    public required long UnflushedBytes { get; init; }

    /// <summary>What an acknowledged change survives now.</summary>
    public required string Durability { get; init; }

    public required string DeltaPath { get; init; }

    public required int DeltaFiles { get; init; }

    public required long DeltaBytes { get; init; }

    /// <summary>What the reconcile at the start found; null before it.</summary>
    public DeltaReconcileResult? Reconcile { get; init; }

    /// <summary>Days until the node's certificate ends.</summary>
    public required double CertificateDays { get; init; }
}

/// <summary>The run time image of a node.</summary>
public sealed record RunTimeImageInfo
{
    public required string Node { get; init; }

    public required long Objects { get; init; }

    /// <summary>Bytes of the objects' content in memory.</summary>
    public required long Bytes { get; init; }

    /// <summary>0 for none.</summary>
    public required long LimitBytes { get; init; }

    /// <summary>Objects whose properties are read from the database when asked for.</summary>
    public required long Dropped { get; init; }

    public required long Hits { get; init; }

    public required long Misses { get; init; }

    public required long UpdateKey { get; init; }

    public required TimeSpan LoadTime { get; init; }

    public required IReadOnlyDictionary<string, long> Kinds { get; init; }
}
