using System.Collections;

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

/// <summary>One record of a delta file: the changes of one request, which are made all together or not at all.</summary>
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

    /// <summary>When the changes were made.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Who asked for them; 0 for the node itself.</summary>
    public long? PrincipalId { get; init; }

    /// <summary>From where; empty for the node itself.</summary>
    public string? ClientAddress { get; init; }

    public IReadOnlyList<DeltaChangeInfo> Changes { get; init; } = [];

    /// <summary>Why the record's content cannot be told; null where it is.</summary>
    public string? Detail { get; init; }
}

/// <summary>One change of a record, without what a password or a token could be guessed from. What it does not say is null.</summary>
public sealed record DeltaChangeInfo
{
    /// <summary><c>Create</c>, <c>Update</c> or <c>Remove</c> of an object; <c>PutToken</c> (issued or revoked), <c>RemoveToken</c>, <c>PutRequest</c> or <c>RemoveRequest</c>.</summary>
    public required string Operation { get; init; }

    public required long UpdateKey { get; init; }

    public long? Id { get; init; }

    /// <summary>The id of what is no object.</summary>
    public Guid? LocalId { get; init; }

    public string? Cuid { get; init; }

    public string? Kind { get; init; }

    public string? Name { get; init; }

    public long? ParentId { get; init; }

    public long? OwnerId { get; init; }

    public int? Version { get; init; }

    /// <summary>All that the object has after the change, in the form of <see cref="InfoObject.Properties"/>; of a token, whose it is and until when it is good.</summary>
    public IDictionary? Properties { get; init; }

    public bool? InheritFromFolder { get; init; }

    public bool? InheritFromGroups { get; init; }

    /// <summary>The object's own access list after the change.</summary>
    public IReadOnlyList<CmsObjectRight>? Rights { get; init; }

    public override string ToString() => $"{Operation}{(Kind is null ? "" : $" {Kind}")}{(Name is null ? "" : $" '{Name}'")}{(Id is null ? "" : $" (id {Id})")}";
}
