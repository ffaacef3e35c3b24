namespace LoggerCms.Core.Deltas;

/// <summary>How a journal writes.</summary>
internal sealed record DeltaOptions
{
    private const int LeastSegment = 4096;

    /// <summary>The length of a segment, made ahead of its use. A group that is longer gets a segment of its own length.</summary>
    public int SegmentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>After how much of a segment a trim begins a new one, so that the old one can go.</summary>
    public int TrimRollBytes { get; init; } = 1024 * 1024;

    /// <summary>How long appends wait for a journal that cannot write, before they fail.</summary>
    public TimeSpan FailAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after a failure it tries again.</summary>
    public TimeSpan RetryEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long nothing was appended when the durable marker is written.</summary>
    public TimeSpan MarkAfter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How many bytes may wait to be written; an append beyond that is refused.</summary>
    public int MaxPendingBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Whether the next segment is made in the background once half of this one is used.</summary>
    public bool MakeAhead { get; init; } = true;

    /// <exception cref="ArgumentException">A value that nothing could work with.</exception>
    public void Check()
    {
        if (SegmentBytes < LeastSegment || SegmentBytes % 8 != 0)
            throw new ArgumentException($"A segment has at least {LeastSegment} bytes and a multiple of 8, not {SegmentBytes}.");
        if (MaxPendingBytes < 1 || TrimRollBytes < 0 || FailAfter < TimeSpan.Zero || RetryEvery <= TimeSpan.Zero || MarkAfter <= TimeSpan.Zero)
            throw new ArgumentException("Bounds and times of a journal are positive.");
    }
}

/// <summary>A journal as its metrics tell it.</summary>
/// <param name="Segments">The files that are there, the active one included.</param>
/// <param name="Bytes">Their lengths together.</param>
/// <param name="DurableKey">The last update key that is on the disk; 0 before the first.</param>
/// <param name="Records">Records made durable since it was opened.</param>
/// <param name="Groups">Groups of them: one write and one sync each.</param>
/// <param name="Syncs">Syncs of files, those for markers and new segments included.</param>
/// <param name="FailedSince">Since when it cannot write; null while it can.</param>
/// <param name="Failure">Why.</param>
internal sealed record DeltaJournalState(
    int Segments, long Bytes, long DurableKey, long Records, long Groups, long Syncs, DateTimeOffset? FailedSince, string? Failure);

/// <summary>All that waited has failed.</summary>
/// <param name="NotWritten">Why; of those that are in no file.</param>
/// <param name="Unknown">The same of those that were written to a file that was given up; null where there are none.</param>
/// <param name="UnknownThrough">The last key of those.</param>
internal sealed record DeltaAppendFailure(LoggerCmsException NotWritten, LoggerCmsException? Unknown, long UnknownThrough)
{
    public LoggerCmsException Of(long updateKey) => updateKey <= UnknownThrough ? Unknown! : NotWritten;
}
