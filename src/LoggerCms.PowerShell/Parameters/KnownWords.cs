namespace LoggerCms.PowerShell.Parameters;

/// <summary>Words of the node that completion knows without asking it.</summary>
internal static class KnownWords
{
    public static IReadOnlyList<string> Rights { get; } =
    [
        "Add", "Copy", "CreateConnection", "CreateQuery", "DataAccess", "Delete", "DeleteInstances", "Edit", "EditMembers", "EditQuery", "Export",
        "ChangePassword", "ManageTokens", "ModifyRights", "Monitor", "Operate", "Print", "ReadAudit", "Refresh", "RegisterService", "Schedule", "Send",
        "TakeOwnership", "Trigger", "View", "ViewInstances",
    ];

    /// <summary>Rights that also have a variant for an object's owner alone, as <c>EditOwned</c>.</summary>
    public static IReadOnlyList<string> OwnedRights { get; } =
        ["Add", "Copy", "Delete", "DeleteInstances", "Edit", "Export", "ModifyRights", "Print", "Refresh", "Schedule", "View", "ViewInstances"];

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "AFDashboardPage", "Analytic", "Calendar", "Category", "CCIS.DataConnection", "CrystalReport", "Event", "Excel", "FavoritesFolder", "Flash",
        "Folder", "FullClient", "Hyperlink", "Inbox", "MetaData.BusinessElement", "MetaData.BusinessView", "MetaData.DataConnection",
        "MetaData.DataFoundation", "ObjectPackage", "Pdf", "PersonalCategory", "Powerpoint", "Profile", "Program", "Publication",
        "Repository.Command", "Repository.Function", "Repository.Image", "Repository.Text", "Rtf", "Server", "ServerGroup", "Shortcut", "Txt",
        "Universe", "User", "UserGroup", "Webi", "Word",
    ];

    public static IReadOnlyList<string> AuditActions { get; } =
        ["Create", "Update", "Delete", "Logon", "Token", "Flush", "Reconcile", "Backup", "Stop", "Read"];
}
