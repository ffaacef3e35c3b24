using System.Data.Common;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases;

/// <summary>What the system databases of all makes have in common: the names of their tables, the format, and how they refuse.</summary>
internal static class SystemTables
{
    public const string Object = "cms_object";
    public const string System = "loggercms_system";
    public const string Lease = "loggercms_lease";
    public const string Epoch = "loggercms_epoch";
    public const string Token = "loggercms_token";
    public const string Request = "loggercms_request";

    /// <summary>Where a flush on SQL Server puts its rows first; empty between flushes.</summary>
    public const string Stage = "loggercms_stage";

    /// <summary>The number in <see cref="System"/>; tables of another one are not touched.</summary>
    public const int Format = 1;

    /// <summary>The order in which every statement and reader has the columns of an object.</summary>
    public const string ObjectColumns =
        "id, cuid, kind, parent_id, name, owner_id, version, update_key, created_us, modified_us, access_list, properties";

    /// <summary>What a lease of mode single expires at, and so never does.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The transfers that committed here: by it the end of one is known whose answer to COMMIT was lost.</summary>
    public const string Transfer = "loggercms_transfer";

    /// <summary>The side-local tables that are not the config message log's: switching it off leaves them alone.</summary>
    public static IReadOnlyList<string> NotOfLog { get; } = [System, Lease, Epoch, Token, Request, Stage, Transfer];

    /// <summary>A row of <see cref="ObjectColumns"/>, read in their order, as sequential access demands.</summary>
    public static CmsObject Read(DbDataReader r) => new()
    {
        Id = r.GetInt64(0),
        Cuid = r.GetString(1),
        Kind = ObjectKinds.Intern(r.GetString(2)),
        ParentId = r.GetInt64(3),
        Name = r.GetString(4),
        OwnerId = r.GetInt64(5),
        Version = r.GetInt32(6),
        UpdateKey = r.GetInt64(7),
        CreatedUs = r.GetInt64(8),
        ModifiedUs = r.GetInt64(9),
        AccessList = r.GetFieldValue<byte[]>(10),
        Properties = r.GetFieldValue<byte[]>(11),
    };

    public static string Of(LocalClass localClass) => localClass switch
    {
        LocalClass.Token => Token,
        LocalClass.Request => Request,
        _ => throw new ArgumentOutOfRangeException(nameof(localClass), localClass, "No such class."),
    };

    public static LoggerCmsException EpochLost(string database, long epoch) => new(
        ErrorCodes.EpochLost,
        $"Epoch {epoch} no longer holds the lease of '{database}', or another system's database is in its place; nothing was written.",
        "Stop this node: another one took the lease (Get-CmsNode shows which), or the connection leads to another database than at the start.",
        database);

    public static LoggerCmsException WentBack(string database, Tenure tenure, long lastKey) => new(
        ErrorCodes.DatabaseWentBack,
        $"'{database}' went back to an earlier state: this node has written it up to update key {tenure.LastKey} in epoch {tenure.Epoch}, and it has come to {lastKey}"
        + " only. Nothing was written, because what lies between would be missing without a word.",
        "Bring back the database that has it (the former primary, or the file that was replaced), then start the node again. Start-CmsNode -TakeOver goes on from this one without what is missing.",
        database);

    public static LoggerCmsException InService(string database, Lease lease) => new(
        ErrorCodes.SideInService,
        $"Node '{lease.NodeName}' ({lease.NodeId}) holds the lease of '{database}' with epoch {lease.Epoch}.",
        lease.NodeName == Core.RunTimeImage.Lease.OfReconcile
            ? "That is an Invoke-DeltaReconcile that runs, or was cut off: run it once more with the same -Path, which brings in what is left. If its files"
            + " are gone for good, run Start-CmsNode -TakeOver, which may lose what only they hold."
            : "Stop that node with Stop-CmsNode; if it is gone for good, run Start-CmsNode -TakeOver, which may lose what only its delta files hold.",
        database);

    public static LoggerCmsException UnknownFormat(string database, string format) => new(
        ErrorCodes.FormatNotSupported,
        $"The system tables of '{database}' have format {format}; this release knows {Format}. Nothing was changed.",
        "Start a node of the release that made them, or restore a backup that this release made.",
        database);

    public static LoggerCmsException NotPrepared(string database, Exception? cause = null) => new(
        ErrorCodes.TableNotFound,
        $"'{database}' has no system tables.",
        "Start a node on it with Start-CmsNode, which makes them.",
        database,
        innerException: cause);

    public static LoggerCmsException OutcomeUnknown(string database, Exception cause) => new(
        ErrorCodes.OutcomeUnknown,
        $"The connection to '{database}' ended before the answer to COMMIT came.",
        "The node reads the epoch's last key when the database is back, or writes the same again.",
        database,
        innerException: cause);
}
