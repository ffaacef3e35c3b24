namespace LoggerCms.Core.RunTimeImage;

/// <summary>How much of the system database stays in memory.</summary>
internal sealed record RunTimeImageOptions
{
    /// <summary>About how many bytes the objects and their indexes may take; null for no limit. Ids, names, access lists and indexes stay in any case.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Reads an object as the system database has it: how dropped properties come back. Needed with a limit.</summary>
    public Func<long, CancellationToken, Task<CmsObject?>>? FindAsync { get; init; }
}

/// <param name="Objects">Objects there are now.</param>
/// <param name="Bytes">About how many bytes of memory they and their indexes take.</param>
/// <param name="Dropped">Objects whose properties are not in memory.</param>
/// <param name="Hits">Reads with properties that found them in memory; counted where there is a limit.</param>
/// <param name="Misses">Reads that went to the system database.</param>
/// <param name="KeptVersions">Replaced versions kept for snapshots.</param>
/// <param name="Snapshots">Snapshots not let go yet.</param>
internal sealed record RunTimeImageStatistics(
    long Objects, long Bytes, long Dropped, long Hits, long Misses, int KeptVersions, int Snapshots);
