namespace LoggerCms;

/// <summary>What a request is about: tables by wildcard, and a profile.</summary>
public record ScopeOptions
{
    /// <summary>Wildcards (<c>*</c>, <c>?</c>) of the tables in scope; empty means all.</summary>
    public IReadOnlyList<string> Table { get; init; } = [];

    public IReadOnlyList<string> ExcludeTable { get; init; } = [];

    /// <summary>The path of a side profile (JSON) that names side-local tables, columns and row filters.</summary>
    public string? ProfilePath { get; init; }

    /// <summary>On a SQL Server without snapshot isolation: read under shared locks.</summary>
    public bool AllowBlockingRead { get; init; }

    /// <summary>How many readers work side by side; 0 lets the engine choose.</summary>
    public int Parallelism { get; init; }
}

public sealed record SideStateRequest : ScopeOptions
{
    public required SideConnection Side { get; init; }
}

public sealed record ComparisonRequest : ScopeOptions
{
    public required SideConnection Source { get; init; }

    public required SideConnection Destination { get; init; }
}

public sealed record StateTransferRequest : ScopeOptions
{
    public required SideConnection Source { get; init; }

    public required SideConnection Destination { get; init; }

    public StateTransferMode Mode { get; init; } = StateTransferMode.Auto;

    public SpoolMode Spool { get; init; } = SpoolMode.File;

    /// <summary>Go on without a spool when the temp folder cannot be used.</summary>
    public bool AllowStreaming { get; init; }

    public string? TempPath { get; init; }

    /// <summary>Null chooses: ChangedRows for Log, ByDatabase between two SQLite files and, in mode Rows, between two PostgreSQL databases, otherwise AllRows.</summary>
    public VerifyLevel? Verify { get; init; }

    public bool CreateMissingTables { get; init; }

    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Megabytes (10^6 bytes) a second at most; 0 means no bound.</summary>
    public double ThrottleMBps { get; init; }

    public bool Force { get; init; }

    /// <summary>Do the checks and the comparison, and stop before the first change.</summary>
    public bool WhatIf { get; init; }

    /// <summary>Asked after Compare and before the first change; false cancels. Null means yes.</summary>
    public Func<TransferPlan, ValueTask<bool>>? Confirm { get; init; }
}

/// <summary>What a transfer would do, as Compare found it.</summary>
public sealed record TransferPlan
{
    public required StateTransferMode Mode { get; init; }

    public required string ModeReason { get; init; }

    public required long RowsToInsert { get; init; }

    public required long RowsToUpdate { get; init; }

    public required long RowsToDelete { get; init; }

    /// <summary>Predicted bytes of canonical rows to send.</summary>
    public required long Bytes { get; init; }

    /// <summary>Predicted time, or null where nothing was measured yet.</summary>
    public TimeSpan? Time { get; init; }

    public override string ToString()
        => FormattableString.Invariant(
            $"{Mode}: insert {RowsToInsert}, update {RowsToUpdate}, delete {RowsToDelete} rows, about {Bytes} bytes ({ModeReason})");
}

public sealed record UndoRequest
{
    public required Guid Id { get; init; }

    /// <summary>The destination, where the record's own connection lacks a password.</summary>
    public SideConnection? Destination { get; init; }

    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public bool Force { get; init; }

    public bool WhatIf { get; init; }
}

public sealed record ResumeRequest
{
    public required Guid Id { get; init; }

    public SideConnection? Destination { get; init; }

    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public bool Force { get; init; }
}
