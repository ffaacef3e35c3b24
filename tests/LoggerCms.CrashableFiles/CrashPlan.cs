namespace LoggerCms.CrashableFiles;

/// <summary>What goes wrong, and when; each count begins with 1.</summary>
internal sealed record CrashPlan
{
    public const int Never = int.MaxValue;

    /// <summary>The power goes at this operation, which may or may not have had its effect.</summary>
    public int PowerLossAt { get; init; } = Never;

    /// <summary>The disk is full from this write on, part of which may still fit, until there is room again.</summary>
    public int FullAtWrite { get; init; } = Never;

    /// <summary>This sync of a file fails. As on Linux, what was not yet on the disk then counts as written, and is not.</summary>
    public int FailSyncAt { get; init; } = Never;

    /// <summary>Syncs that do nothing: the control that tests must be able to fail.</summary>
    public Lies Lies { get; init; }
}

[Flags]
internal enum Lies
{
    None = 0,
    FileSync = 1,
    FolderSync = 2,
    Both = FileSync | FolderSync,
}

/// <summary>The machine is off: the operation was not answered, and none after it will be.</summary>
internal sealed class PowerLossException() : IOException("The power is gone.");
