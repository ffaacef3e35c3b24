namespace LoggerCms.Core.Deltas;

/// <param name="SystemId">The identity of the system database.</param>
/// <param name="NodeId">The node whose journal it is.</param>
/// <param name="Epoch">The epoch that its changes were ordered in.</param>
/// <param name="Side">The name of the side, at most 256 bytes of UTF-8.</param>
internal sealed record DeltaJournalHeader(Guid SystemId, Guid NodeId, long Epoch, string Side);

/// <summary>What stands at the beginning of each segment.</summary>
internal sealed record DeltaSegmentHeader
{
    public required DeltaJournalHeader Journal { get; init; }

    /// <summary>Made when the journal was: segments of one journal belong together.</summary>
    public required Guid JournalId { get; init; }

    /// <summary>Grows from segment to segment of an epoch in a folder; numbers may be left out.</summary>
    public required long Sequence { get; init; }

    /// <summary>The segment that this one goes on from; 0 for the first of its journal.</summary>
    public required long PreviousSequence { get; init; }

    /// <summary>Where the valid part of that one ends. What stands behind it there was written anew here, or was never acknowledged.</summary>
    public required long PreviousEnd { get; init; }

    /// <summary>The length that the file had before it got its name; 0 in files of releases that did not say it.</summary>
    public required long Room { get; init; }

    /// <summary>The last update key before the first record here; 0 for none.</summary>
    public required long KeyBefore { get; init; }

    /// <summary>Drawn for the segment; part of every frame's CRC.</summary>
    public required ulong Salt { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long CreatedUs { get; init; }
}
