namespace LoggerCms.Core.Deltas;

/// <summary>One file of a delta folder, read whole.</summary>
/// <param name="Path">The file.</param>
/// <param name="Header">Null where it has none that can be read.</param>
/// <param name="Version">Of the format; null where it is no delta file.</param>
/// <param name="Length">Its bytes, with the room that was made ahead.</param>
/// <param name="Records">The records that can be read.</param>
/// <param name="FirstKey">The first one's key.</param>
/// <param name="LastKey">The last one's key.</param>
/// <param name="DurableEnd">Up to where it is proven to have been durable: by itself, or by the segment after it.</param>
/// <param name="End">How it ends.</param>
/// <param name="IsVoid">No segment goes on from it, and it is not the last: it stands for nothing.</param>
/// <param name="MissingBefore">The segment that must be there before it and is not; null where none is missing.</param>
internal sealed record DeltaFileReport(
    string Path,
    DeltaSegmentHeader? Header,
    int? Version,
    long Length,
    long Records,
    long? FirstKey,
    long? LastKey,
    long DurableEnd,
    DeltaEnd End,
    bool IsVoid,
    long? MissingBefore)
{
    /// <summary>Whether what it holds may be used.</summary>
    public bool IsUsable => End.State is DeltaFileState.Clean or DeltaFileState.TornTail && MissingBefore is null;

    /// <exception cref="LoggerCmsException">DeltaDamaged or FormatNotSupported, where it is not usable.</exception>
    public void Check()
    {
        if (MissingBefore is { } missing)
            throw DeltaFailure.MissingBefore(Path, missing);
        switch (End.State)
        {
            case DeltaFileState.Damaged:
                throw DeltaFailure.Damaged(Path, $"at byte {End.Offset}: {End.Reason}");
            case DeltaFileState.NotADeltaFile:
                throw DeltaFailure.Damaged(Path, End.Reason!);
            case DeltaFileState.UnknownVersion:
                throw DeltaFailure.UnknownVersion(Path, Version ?? 0);
        }
    }
}
