using System.Text.Json.Serialization;

namespace LoggerCms;

/// <summary>What becomes of a delta whose object was changed by somebody else in the meantime.</summary>
public enum ConflictPolicy
{
    /// <summary>The object stays as it is; the delta is reported and its file kept.</summary>
    KeepCurrent,

    /// <summary>The delta is applied over it; what it overwrote is reported.</summary>
    ApplyDelta,

    /// <summary>Nothing more is done.</summary>
    Stop,
}

/// <summary>What a reconcile of delta files did, or would do.</summary>
public sealed record DeltaReconcileResult
{
    /// <summary><c>Completed</c>, <c>NothingToDo</c>, <c>Stopped</c> or <c>WhatIf</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The folder of the delta files.</summary>
    public required string Path { get; init; }

    public required string Database { get; init; }

    public required int Files { get; init; }

    public required long Records { get; init; }

    /// <summary>Records that were applied.</summary>
    public required long Applied { get; init; }

    /// <summary>Records that the system database had already.</summary>
    public required long AlreadyThere { get; init; }

    /// <summary>Records that an earlier reconcile had applied.</summary>
    public required long Repeated { get; init; }

    public required IReadOnlyList<DeltaConflict> Conflicts { get; init; }

    /// <summary>Files that are damaged or hold conflicts, under the names that they were given.</summary>
    public required IReadOnlyList<string> SetAside { get; init; }

    /// <summary>Bytes of records that a crash cut off and nobody had been told of.</summary>
    public required long TornBytes { get; init; }

    /// <summary>
    /// The folder with the audit events of what was brought in without a node, where that was no node's data folder: to be moved into the audit folder of
    /// one before it starts. Null where there is nothing to do.
    /// </summary>
    public string? AuditPath { get; init; }

    public required long LastUpdateKey { get; init; }

    public required TimeSpan Elapsed { get; init; }
}

/// <summary>A delta whose object is not what it was when the delta was made.</summary>
public sealed record DeltaConflict
{
    public required long ObjectId { get; init; }

    public required string Name { get; init; }

    public required long Epoch { get; init; }

    public required long UpdateKey { get; init; }

    /// <summary><c>KeptCurrent</c>, <c>AppliedDelta</c> or <c>Stopped</c>.</summary>
    public required string Decision { get; init; }

    public required string Reason { get; init; }

    /// <summary>The object of the delta as JSON; null where it was removed by it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? DeltaVersion { get; init; }

    /// <summary>The object as it is, as JSON; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? CurrentVersion { get; init; }
}
