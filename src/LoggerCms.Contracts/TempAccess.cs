namespace LoggerCms;

/// <summary>Why a temp folder cannot be used.</summary>
public enum TempAccessCause
{
    None,
    AccessDenied,
    DiskFull,
    QuotaExceeded,
    NoInodes,

    /// <summary>Windows: all 65,535 names of <c>GetTempFileName</c> for one prefix are taken.</summary>
    NamesExhausted,
    Missing,
    NotAFolder,
    ReadOnly,
    PathTooLong,

    /// <summary>A link leads elsewhere, and somebody other than root or the account can turn it.</summary>
    UnsafeLink,

    /// <summary>It could not be found out; the detail says why.</summary>
    NotDetermined,
}

/// <summary>How a check came to its answer.</summary>
public enum TempCheckMethod
{
    /// <summary>By doing it as the account.</summary>
    Probed,

    /// <summary>From mode bits, access control list, groups and parents: what the system should answer, not what it answered.</summary>
    Computed,

    /// <summary>A figure or a fact of the system.</summary>
    Read,
}

/// <summary>What <c>Repair-TempAcl</c> grants.</summary>
public enum TempRight
{
    /// <summary>Create, write, read and delete in the folder.</summary>
    Modify,

    /// <summary>Windows: full control. Linux: the account becomes the folder's owner.</summary>
    FullControl,

    /// <summary>Pass through the folder, and nothing else: what a folder on the way needs.</summary>
    Traverse,
}

/// <summary>How a repair or a restore ended.</summary>
public enum TempAclStatus
{
    Repaired,

    /// <summary>The account has the right already; nothing was changed.</summary>
    AlreadyGranted,
    Restored,

    /// <summary>The folder is as it was saved; nothing was changed.</summary>
    AlreadyRestored,
    WhatIf,
    Cancelled,
}

/// <summary>Whose access is asked for. Without account, process and service: the caller's.</summary>
public sealed record TempAccessRequest
{
    /// <summary>The account's name, or its number.</summary>
    public string? Account { get; init; }

    /// <summary>A running process: its account, groups, TMPDIR and root folder count.</summary>
    public int? ProcessId { get; init; }

    /// <summary>A systemd unit or a Windows service.</summary>
    public string? ServiceName { get; init; }

    /// <summary>Absolute paths; empty means the temp folder that the account, process or service uses.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Bytes that must find room; 0 means that any will do.</summary>
    public long RequiredBytes { get; init; }
}

/// <summary>One check of one folder. The last one of a folder is <c>Overall</c>.</summary>
public sealed record TempAccessCheck
{
    /// <summary>The folder as this machine's shells name it; of a process with a root of its own below <c>/proc/ID/root</c>.</summary>
    public required string Path { get; init; }

    public required string Account { get; init; }

    /// <summary>
    /// <c>Subject</c>, <c>PathLength</c>, <c>Exists</c>, <c>IsFolder</c>, <c>Link</c>, <c>Parents</c>, <c>Mount</c>, <c>Rights</c>,
    /// <c>Owner</c>, <c>FreeBytes</c>, <c>FreeInodes</c>, <c>Quota</c>, <c>Names</c>, <c>Probe</c> or <c>Overall</c>.
    /// </summary>
    public required string Check { get; init; }

    /// <summary>Null where it could not be found out.</summary>
    public required bool? Passed { get; init; }

    public required TempAccessCause Cause { get; init; }

    public required TempCheckMethod Method { get; init; }

    public required string Detail { get; init; }

    /// <summary>A command to run; null where there is nothing to repair.</summary>
    public string? Remedy { get; init; }
}

/// <summary>What is to be granted to whom.</summary>
public sealed record TempRepairRequest
{
    public required string Path { get; init; }

    public required string Account { get; init; }

    public TempRight Right { get; init; } = TempRight.Modify;

    /// <summary>Also where the folder is a system folder or in another account's home.</summary>
    public bool Force { get; init; }

    public bool WhatIf { get; init; }

    /// <summary>Asked with the plan before the first change; false cancels. Null means yes.</summary>
    public Func<TempAclResult, ValueTask<bool>>? Confirm { get; init; }
}

/// <summary>Which saved descriptor is to be brought back: by id, or the newest of a folder.</summary>
public sealed record TempRestoreRequest
{
    public Guid? Id { get; init; }

    public string? Path { get; init; }

    /// <summary>Also where the folder's rights were changed since, or it is another folder by now.</summary>
    public bool Force { get; init; }

    public bool WhatIf { get; init; }

    public Func<TempAclResult, ValueTask<bool>>? Confirm { get; init; }
}

/// <summary>What a repair or a restore did, or would do.</summary>
public sealed record TempAclResult
{
    /// <summary>The saved descriptor's id; <c>Restore-TempAcl -Id</c> brings it back. Null where nothing was saved.</summary>
    public Guid? Id { get; init; }

    public required string Path { get; init; }

    public required string Account { get; init; }

    public required TempRight Right { get; init; }

    public required TempAclStatus Status { get; init; }

    /// <summary>Every entry that changes, as text.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>The rights before, in the system's short text form.</summary>
    public required string Before { get; init; }

    public required string After { get; init; }

    /// <summary>The file with the rights before.</summary>
    public string? DescriptorPath { get; init; }

    /// <summary>Whether the account can use the folder now; null where that was not or could not be found out.</summary>
    public bool? Verified { get; init; }

    /// <summary>How <see cref="Verified"/> was found out.</summary>
    public TempCheckMethod? Method { get; init; }

    /// <summary>What still stands in the way.</summary>
    public TempAccessCause Cause { get; init; }

    public string? Detail { get; init; }

    /// <summary>The command against what still stands in the way.</summary>
    public string? Remedy { get; init; }
}

/// <summary>Checks temp folders and repairs their rights.</summary>
/// <remarks>Every method throws <see cref="LoggerCmsException"/> for a typed failure and honours cancellation.</remarks>
public interface ITempTools
{
    /// <summary>Every check of every folder, each folder's <c>Overall</c> last.</summary>
    Task<IReadOnlyList<TempAccessCheck>> TestAsync(TempAccessRequest request, CancellationToken cancellationToken);

    /// <summary>Saves the folder's rights, grants the least that works to one account, and verifies it by a probe.</summary>
    Task<TempAclResult> RepairAsync(TempRepairRequest request, CancellationToken cancellationToken);

    /// <summary>Brings saved rights back.</summary>
    Task<TempAclResult> RestoreAsync(TempRestoreRequest request, CancellationToken cancellationToken);
}
