namespace LoggerCms;

/// <summary>What a state transfer sends.</summary>
public enum StateTransferMode
{
    /// <summary>The cheapest of the others that is right.</summary>
    Auto,

    /// <summary>Only what the source's config message log holds beyond the destination's position.</summary>
    Log,

    /// <summary>Only rows that differ.</summary>
    Rows,

    /// <summary>Everything.</summary>
    Full,
}

/// <summary>Whether the sender writes its state to a temporary file first.</summary>
public enum SpoolMode
{
    File,
    None,
}

/// <summary>What is compared inside the transaction before it commits. Only the first two may claim equality.</summary>
public enum VerifyLevel
{
    /// <summary>Every row of the destination read back and compared with the source.</summary>
    AllRows,

    /// <summary>Every row compared by the database itself.</summary>
    ByDatabase,

    /// <summary>The rows that were sent, read back.</summary>
    ChangedRows,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>How a state transfer ended. Runbooks read this.</summary>
public enum StateTransferStatus
{
    Running,
    Completed,

    /// <summary>All rows in scope were compared in this call and were equal; nothing was sent.</summary>
    AlreadyInState,

    /// <summary>The positions are equal; rows were not compared.</summary>
    NothingToSend,
    Cancelled,
    Failed,

    /// <summary>The answer to COMMIT was lost and could not be settled; <c>Get-StateTransfer -Id … -Settle</c> does.</summary>
    Unknown,
    WhatIf,

    /// <summary>The process that ran it ended without an answer.</summary>
    Interrupted,
    Undone,
}

/// <summary>The phases of a state transfer, in order.</summary>
public enum StateTransferPhase
{
    Connect,
    CheckCompatibility,
    Compare,
    PrepareToSend,
    Send,
    Apply,
    Verify,
    Cleanup,
}

/// <summary>The result of one phase.</summary>
public sealed record PhaseResult
{
    public required StateTransferPhase Phase { get; init; }

    /// <summary><c>Done</c>, <c>Skipped</c>, <c>Failed</c> or <c>Cancelled</c>.</summary>
    public required string Result { get; init; }

    public string? Detail { get; init; }

    public required TimeSpan Elapsed { get; init; }
}

/// <summary>The result of a state transfer, and its durable record.</summary>
public sealed record StateTransferResult
{
    public required Guid Id { get; init; }

    public required StateTransferStatus Status { get; init; }

    public required StateTransferMode Mode { get; init; }

    public required string ModeReason { get; init; }

    public required string Source { get; init; }

    public required string Destination { get; init; }

    public long RowsInserted { get; init; }

    public long RowsUpdated { get; init; }

    public long RowsDeleted { get; init; }

    /// <summary>Bytes of canonical rows that went to the destination.</summary>
    public long BytesSent { get; init; }

    public long? SourceUpdateKey { get; init; }

    /// <summary>The checksum of the destination in scope after the transfer, where every row was read; otherwise null.</summary>
    public string? Checksum { get; init; }

    public VerifyLevel Verified { get; init; } = VerifyLevel.None;

    /// <summary>True only when all rows in scope were compared under one snapshot a side; null when not.</summary>
    public bool? Equal { get; init; }

    public string? UndoPath { get; init; }

    /// <summary>A complete spool that was kept for a resume.</summary>
    public string? SpoolPath { get; init; }

    /// <summary>What the transfer wrote about itself; <c>Get-LoggerTrace</c> reads it, <c>Find-LoggerFault</c> explains it. Null where it could not be written.</summary>
    public string? TracePath { get; init; }

    public IReadOnlyList<PhaseResult> Phases { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The code of the failure, one of <see cref="ErrorCodes"/>.</summary>
    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    public string? Remedy { get; init; }

    /// <summary>The transfer that this one undoes.</summary>
    public Guid? Undoes { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public TimeSpan Elapsed { get; init; }
}

/// <summary>What an engine tells while it works. Not every event: a few a second at most.</summary>
public sealed record TransferProgress
{
    public required StateTransferPhase Phase { get; init; }

    public string? Table { get; init; }

    public long Rows { get; init; }

    public long Bytes { get; init; }

    /// <summary>Expected rows of this phase, or null where that is not known.</summary>
    public long? TotalRows { get; init; }

    public double BytesPerSecond { get; init; }

    public TimeSpan? TimeLeft { get; init; }
}
