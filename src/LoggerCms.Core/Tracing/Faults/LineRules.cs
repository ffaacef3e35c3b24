namespace LoggerCms.Core.Tracing.Faults;

/// <summary>The rules that one line can satisfy. A new one needs an entry here and a test with its line.</summary>
internal static class LineRules
{
    private const string Temp = "the sender's temporary file";

    /// <summary>The check for whoever runs the Logger: its node manager's temp folder, as that process sees it.</summary>
    private const string CheckTemp = "Test-TempAccess -ProcessId (Get-Process nodeman).Id";
    private const string RepairTemp =
        "Test-TempAccess -ProcessId (Get-Process nodeman).Id | Where-Object { $_.Check -eq 'Overall' -and $_.Cause -eq 'AccessDenied' } | ForEach-Object { Repair-TempAcl -Path $_.Path -Account $_.Account -WhatIf }";

    private const string FreeSpace = "Free space on the drive where ICM is installed and where the temp folder of the Node Manager's account is; then let the receiver try again.";

    public static IReadOnlyList<LineRule> All { get; } =
    [
        NoTempFile(
            FaultCauses.AccessDenied,
            ["[5]", "denied", "permission"],
            "The sender may not write into its own temp folder, so it cannot make the file that the state is sent in. The receiver only sees that nothing comes.",
            "Give the account of the Node Manager on the sending side access to its own temp folder (Repair-TempAcl; drop -WhatIf to do it), and let the receiver try again.",
            RepairTemp,
            Sources.Synchronize),
        NoTempFile(
            FaultCauses.DiskFull,
            ["[112]", "[39]", "not enough space", "no space left", "disk is full"],
            "The sender's disk is full, so it cannot make the file that the state is sent in. The receiver only sees that nothing comes.",
            FreeSpace,
            CheckTemp,
            Sources.Synchronize),
        NoTempFile(
            FaultCauses.QuotaExceeded,
            ["[1816]", "[1295]", "[122]", "quota"],
            "The quota of the sender's account is used up, so it cannot make the file that the state is sent in.",
            "Raise the quota of the account, or remove its files, on the sending side.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.NamesExhausted,
            ["[80]", "[183]", "file exists", "already exists"],
            "All names for temporary files in the sender's temp folder are taken: there are 65,535 of them for one prefix.",
            "Remove the old .tmp files in the temp folder of the Node Manager's account on the sending side.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.ReadOnly,
            ["[19]", "write protected", "write-protected", "read-only file system"],
            "The sender's temp folder is on a disk that is mounted for reading only.",
            "Mount it for writing, or point TEMP of the Node Manager's account to another folder.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.NotAFolder,
            ["[267]", "directory name is invalid", "not a directory"],
            "What the sender's account has as its temp folder is no folder.",
            "Correct TEMP and TMP of the Node Manager's account on the sending side.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.PathTooLong,
            ["[206]", "[111]", "too long"],
            "The path of the sender's temp folder is too long for a temporary file.",
            "Point TEMP of the Node Manager's account on the sending side to a shorter path.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.Missing,
            ["[2]", "[3]", "cannot find", "could not find", "no such file"],
            "The temp folder of the sender's account does not exist.",
            "Make the folder that TEMP of the Node Manager's account names, on the sending side.",
            CheckTemp,
            Sources.TempFileName),
        NoTempFile(
            FaultCauses.NotDetermined,
            [],
            "The sender cannot make the file that the state is sent in; the trace does not say why in words that are known here.",
            "Look at the temp folder of the Node Manager's account on the sending side: space, access, names.",
            CheckTemp,
            Sources.Synchronize),
        new LineRule
        {
            Group = Temp,
            Cause = FaultCauses.NotDetermined,
            Phase = nameof(StateTransferPhase.PrepareToSend),
            Certainty = FaultCertainty.Possible,
            All = ["setup to use file in sending state"],
            Message = "The sender could not set up the file that the state is sent in; the line that says why is not in this trace.",
            Remedy = "Look at the temp folder of the Node Manager's account on the sending side: space, access, names.",
            Command = CheckTemp,
            Source = Sources.Synchronize,
        },
        new LineRule
        {
            Group = "assertion",
            Cause = FaultCauses.ConfigMessageLogEmpty,
            Phase = "Start",
            Certainty = FaultCertainty.Likely,
            All = ["checksumInfo.updateKey", "Assertion failed", "syncMsg.UpdateKey"],
            Message = "The Logger asserts because the update key that it is sent is not the one of its own checksum. Cisco ties this assertion to an empty Config_Message_Log table.",
            Remedy = "See whether Config_Message_Log of the asserting side is empty; if so, bring its database to the state of the other side (ICMDBA Synchronize, or Start-StateTransfer).",
            Command = "Compare-SideState -Source (Read-Host 'Connection of the good side') -Destination (Read-Host 'Connection of the asserting side')",
            Source = Sources.EmptyLog,
        },
        new LineRule
        {
            Group = "assertion",
            Cause = FaultCauses.RecoveryKeyOutOfOrder,
            Phase = "Recovery",
            Certainty = FaultCertainty.Likely,
            All = ["keytop - keybase", "Assertion failed"],
            Message = "The recovery process asserts because a ToRecoveryKey in its control table lies before the key that it starts from: the Router's clock was set back, or a side started alone and made recovery keys of its own.",
            Remedy = "Find the rows of the Recovery table on the HDS database whose ToRecoveryKey is out of sequence, save them, and remove them.",
            Command = "w32tm /query /status",
            Source = Sources.RecoveryAssert,
        },
        new LineRule
        {
            Group = "assertion",
            Cause = FaultCauses.RecoveryKeyOutOfOrder,
            Phase = "Recovery",
            Certainty = FaultCertainty.Possible,
            All = ["Assertion failed"],
            Any = ["RecoveryKey", "recovery key", "keytop", "keybase"],
            Message = "A process asserts over a recovery key. One known cause is a ToRecoveryKey out of sequence after the Router's clock was set back or a side started alone.",
            Remedy = "Compare the recovery keys of the historical tables on both sides with those in the Recovery table of the HDS database.",
            Command = "w32tm /query /status",
            Source = Sources.RecoveryAssert,
        },
        OutOfService(["MDS"], ["is not in service", "is out of service", "went out of service", "out-of-service"]),
        OutOfService(["connection to MDS"], ["lost", "broken", "closed", "terminated", "failed"]),
        NetworkLost(["Synchronizer"], ["isolated-enabled", "isolated-disabled", "isolated enabled", "isolated disabled"]),
        NetworkLost(["peer Synchronizer"], ["lost", "terminated", "timed out", "unable to", "disconnected"]),
        NetworkLost(["private network"], ["lost", " down", "failed", "unavailable", "unreachable"]),
        new LineRule
        {
            Group = "database",
            Cause = FaultCauses.DatabaseFull,
            Phase = "Run",
            Certainty = FaultCertainty.Certain,
            All = ["transaction log", "full"],
            Message = "SQL Server says that a database's transaction log is full: nothing can be written to it.",
            Remedy = "Back up or truncate the log, or give it room, and look for a transaction that was left open.",
            Command = "Get-SideState -Side (Read-Host 'Connection of this side')",
            Source = Sources.SqlServer,
        },
        new LineRule
        {
            Group = "database",
            Cause = FaultCauses.DatabaseFull,
            Phase = "Run",
            Certainty = FaultCertainty.Certain,
            All = ["could not allocate space", "filegroup"],
            Message = "SQL Server says that a database has no room for more rows.",
            Remedy = "Give its files room, or let the purge remove old history.",
            Command = "Get-SideState -Side (Read-Host 'Connection of this side')",
            Source = Sources.SqlServer,
        },
    ];

    private static LineRule NoTempFile(string cause, IReadOnlyList<string> any, string message, string remedy, string command, string source) => new()
    {
        Group = Temp,
        Cause = cause,
        Phase = nameof(StateTransferPhase.PrepareToSend),
        Certainty = cause == FaultCauses.NotDetermined ? FaultCertainty.Possible : FaultCertainty.Certain,
        All = ["Unable to GetTempFileName"],
        Any = any,
        Message = message,
        Remedy = remedy,
        Command = command,
        Source = source,
    };

    private static LineRule OutOfService(IReadOnlyList<string> all, IReadOnlyList<string> any) => new()
    {
        Group = "MDS",
        Cause = FaultCauses.MdsNotInService,
        Phase = "Run",
        Certainty = FaultCertainty.Certain,
        All = all,
        Any = any,
        HealedBy = ["MDS is in service"],
        Message = "The message delivery service of this side is not in service, so that no state can be sent or received.",
        Remedy = "Look at the trace of the MDS process of this side; it comes before the Logger's.",
        Command = "Get-LoggerTrace -Path (Read-Host 'Path of the MDS trace of this side') -Tail 100",
        Source = Sources.Concluded,
    };

    private static LineRule NetworkLost(IReadOnlyList<string> all, IReadOnlyList<string> any) => new()
    {
        Group = "private network",
        Cause = FaultCauses.PrivateNetworkLost,
        Phase = "Run",
        Certainty = FaultCertainty.Likely,
        All = all,
        Any = any,
        HealedBy = ["paired-enabled", "paired-disabled", "paired enabled", "paired disabled", "peer Synchronizer established"],
        Message = "This side's Synchronizer has lost the other one. The private network between the sides is down, or the other side is.",
        Remedy = "Test the private path to the other side, and look at that side's trace at the same time.",
        Command = "Test-Connection -TargetName (Read-Host 'Private address of the other side') -Count 10",
        Source = Sources.Synchronizer,
    };
}
