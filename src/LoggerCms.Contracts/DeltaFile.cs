namespace LoggerCms;

/// <summary>What a delta file is found to be.</summary>
public enum DeltaFileState
{
    /// <summary>Every record is whole, and nothing comes after the last one.</summary>
    Clean,

    /// <summary>It ends in part of a group that was never acknowledged: what a crash leaves.</summary>
    TornTail,

    /// <summary>Something is unreadable that had been made durable.</summary>
    Damaged,

    /// <summary>It does not begin as a delta file does.</summary>
    NotADeltaFile,

    /// <summary>It was written by another release; it was not looked into.</summary>
    UnknownVersion,
}

/// <summary>One delta file: a segment of a node's journal.</summary>
public sealed record DeltaFileInfo
{
    public required string Path { get; init; }

    public required DeltaFileState State { get; init; }

    /// <summary>Of the format; null where the file does not say.</summary>
    public int? Version { get; init; }

    /// <summary>The identity of the system database that the changes belong to.</summary>
    public Guid? SystemId { get; init; }

    /// <summary>The node that wrote it.</summary>
    public Guid? NodeId { get; init; }

    public string? Side { get; init; }

    public long? Epoch { get; init; }

    /// <summary>The place among the segments of the epoch.</summary>
    public long? Sequence { get; init; }

    /// <summary>The records that can be read.</summary>
    public long Records { get; init; }

    public long? FirstUpdateKey { get; init; }

    public long? LastUpdateKey { get; init; }

    /// <summary>The length of the file, with the room that was made ahead.</summary>
    public long Bytes { get; init; }

    /// <summary>The bytes that the file itself proves to have been durable.</summary>
    public long DurableBytes { get; init; }

    /// <summary>What the state means here, with the place in the file; null where there is nothing to say.</summary>
    public string? Detail { get; init; }
}

/// <summary>One record of a delta file, without its content.</summary>
public sealed record DeltaRecordInfo
{
    public required string Path { get; init; }

    public required long Epoch { get; init; }

    /// <summary>The last update key of the record.</summary>
    public required long UpdateKey { get; init; }

    /// <summary>Where the record begins in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>The bytes of its content.</summary>
    public required int Bytes { get; init; }
}
