using LoggerCms.Core.Temp;

namespace LoggerCms.Core.Deltas;

/// <summary>The typed failures of delta files.</summary>
internal static class DeltaFailure
{
    /// <summary>The journal cannot write, and what was to be appended is in no file.</summary>
    public static LoggerCmsException NotWritten(Exception exception, string folder) => new(
        ErrorCodes.JournalFailed,
        $"The change was not written: the delta folder '{folder}' cannot be written by {Environment.UserName} ({Cause(exception)}): {exception.Message}",
        Remedy(exception, folder),
        innerException: exception);

    /// <summary>The journal cannot write, and whether what was to be appended is on the disk is not known.</summary>
    public static LoggerCmsException Unknown(Exception exception, string folder) => new(
        ErrorCodes.OutcomeUnknown,
        $"Whether the change is on the disk is not known: writing to the delta folder '{folder}' failed ({Cause(exception)}): {exception.Message}",
        "Look at the object before the change is tried again. " + Remedy(exception, folder),
        innerException: exception);

    public static LoggerCmsException Closed(string folder) => new(
        ErrorCodes.JournalFailed,
        $"The change was not written: the journal in '{folder}' is closed.",
        "Start the node again: Start-CmsNode.");

    public static LoggerCmsException TooMuchPending(string folder, int bytes) => new(
        ErrorCodes.LimitExceeded,
        $"The change was not written: {bytes} bytes already wait to be written to '{folder}'.",
        "Send fewer changes at a time, or try again later.");

    /// <summary>The folder or a file in it cannot be used for what was asked.</summary>
    public static LoggerCmsException OfFolder(Exception exception, string folder) => new(
        ErrorCodes.JournalFailed,
        $"The delta folder '{folder}' cannot be used by {Environment.UserName} ({Cause(exception)}): {exception.Message}",
        Way(exception, folder),
        innerException: exception);

    public static LoggerCmsException Damaged(string path, string why) => new(
        ErrorCodes.DeltaDamaged,
        $"'{path}' is damaged: {why}. Nothing of it was changed.",
        $"Get-DeltaFile '{path}' -Record shows what can be read; -SetDamagedAside of the same command keeps it whole under another name and goes on without it.");

    /// <summary>What comes before a file is in no file and not in the database.</summary>
    public static LoggerCmsException Lost(string path, long keyBefore, long has, long epoch) => Lost(
        $"'{path}' goes on from update key {keyBefore}, and the database has only come to {has} in epoch {epoch}: the delta file before it is missing,"
            + " and changes that its node acknowledged may be nowhere else.");

    /// <summary>Delta files are missing.</summary>
    public static LoggerCmsException Lost(string what) => new(
        ErrorCodes.DeltaDamaged, what, "Bring what is missing back, or mount the folder, and try again. -SetDamagedAside of the same command goes on without it.");

    public static LoggerCmsException MissingBefore(string path, long missing)
        => Damaged(path, $"the segment {missing} before it is missing, while older ones are there");

    public static LoggerCmsException UnknownVersion(string path, int version) => new(
        ErrorCodes.FormatNotSupported,
        $"'{path}' has version {version} of its format; this release reads version {DeltaFormat.Version}. The file was left untouched.",
        "Use the release that wrote it.");

    private static string Cause(Exception exception) => ProbeCause.Of(exception) switch
    {
        TempAccessCause.DiskFull => "disk full",
        TempAccessCause.QuotaExceeded => "quota exceeded",
        TempAccessCause.AccessDenied => "no permission",
        TempAccessCause.ReadOnly => "read-only",
        TempAccessCause.Missing => "missing",
        _ => "I/O error",
    };

    // Of a journal that is open, and tries it again. A command stands alone.
    private static string Remedy(Exception exception, string folder) => ProbeCause.Of(exception) switch
    {
        TempAccessCause.AccessDenied or TempAccessCause.Missing => Way(exception, folder),
        _ => $"{Way(exception, folder)} The node goes on by itself once it can write again.",
    };

    private static string Way(Exception exception, string folder) => ProbeCause.Of(exception) switch
    {
        TempAccessCause.DiskFull or TempAccessCause.QuotaExceeded => $"Make room on the volume of '{folder}'.",
        TempAccessCause.AccessDenied => $"Repair-TempAcl -Path '{folder}' -Account '{Environment.UserName}'; files in it that are another account's, as after a restore by root: chown '{Environment.UserName}' '{folder}'/*",
        TempAccessCause.ReadOnly => $"Mount the volume of '{folder}' for writing.",
        TempAccessCause.Missing => $"Mount or move it back to where it was; where it was removed, make it again, readable by its owner only: '{folder}'.",
        _ => $"Look at the health of the disk under '{folder}' and at the system's log.",
    };
}
