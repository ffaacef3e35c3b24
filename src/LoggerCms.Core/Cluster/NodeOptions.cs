using LoggerCms.Core.Deltas;

namespace LoggerCms.Core.Cluster;

/// <summary>What a node is started with.</summary>
internal sealed record NodeOptions
{
    public required string Name { get; init; }

    /// <summary><c>A</c> or <c>B</c>.</summary>
    public required string Side { get; init; }

    /// <summary>Made once and kept in the node's data folder.</summary>
    public required Guid NodeId { get; init; }

    /// <summary>The folder of the delta files.</summary>
    public required string DeltaPath { get; init; }

    /// <summary>The node's data folder, which remembers its lives; null for a node that has none.</summary>
    public string? DataPath { get; init; }

    /// <summary>The system database as it is given to a node, without a password, for the data folder to remember; null where it is not to.</summary>
    public string? Database { get; init; }

    /// <summary>Whether the delta files are those that the data folder answers for.</summary>
    public bool IsDeltaPathOfData => DataPath is { } data && DeltaPath == NodeLife.DeltasIn(data);

    /// <summary>Take the lease from another node, whatever it still holds.</summary>
    public bool TakeOver { get; init; }

    /// <summary>Give the lease back at no stop: it is that of a node whose own delta files wait.</summary>
    public bool KeepsLease { get; init; }

    public ConflictPolicy ConflictPolicy { get; init; } = ConflictPolicy.KeepCurrent;

    /// <summary>Go on without damaged delta files, which get another name; otherwise the node does not start over them.</summary>
    public bool SetDamagedAside { get; init; }

    /// <summary>Make the objects that every system has where there is no object at all; not where delta files are only brought in, which may hold them.</summary>
    public bool MakesSystemObjects { get; init; } = true;

    /// <summary>Of the run time image; null for none.</summary>
    public long? MemoryLimitBytes { get; init; }

    public ClusterOptions Cluster { get; init; } = new();

    public DeltaOptions Deltas { get; init; } = new();
}

/// <summary>Where a node stands.</summary>
internal enum NodeState
{
    Stopped,
    Starting,
    Ready,
    Degraded,
}

/// <summary>The steps of the start, in their order.</summary>
internal enum NodeStep
{
    ContactSystemDatabase,
    CreateRunTimeImage,
    ReconcileDeltaFiles,
    EstablishNameShell,
    ReadyForAction,
}
