using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>The table of the query language that an object appears in.</summary>
internal enum VirtualTable : byte
{
    InfoObjects,
    SystemObjects,
    AppObjects,
}

/// <param name="Name">Its SI_KIND.</param>
/// <param name="Title">What the seed calls it.</param>
/// <param name="Table">Where its objects are found; a folder is found where the system folder above it is.</param>
/// <param name="IsContainer">Whether objects may lie in it.</param>
/// <param name="Rights">The rights it has beside those of every object.</param>
internal sealed record ObjectKind(string Name, string Title, VirtualTable Table, bool IsContainer, IReadOnlyList<string> Rights);

/// <summary>The kinds that every system has, by the names that BusinessObjects gives them. Any other name is a kind too.</summary>
internal static class ObjectKinds
{
    public const string Folder = "Folder";
    public const string FavoritesFolder = "FavoritesFolder";
    public const string CrystalReport = "CrystalReport";
    public const string Webi = "Webi";
    public const string FullClient = "FullClient";
    public const string Pdf = "Pdf";
    public const string Word = "Word";
    public const string Excel = "Excel";
    public const string PowerPoint = "Powerpoint";
    public const string Txt = "Txt";
    public const string Rtf = "Rtf";
    public const string Hyperlink = "Hyperlink";
    public const string Program = "Program";
    public const string ObjectPackage = "ObjectPackage";
    public const string Publication = "Publication";
    public const string Shortcut = "Shortcut";
    public const string Analytic = "Analytic";
    public const string Dashboard = "AFDashboardPage";
    public const string Flash = "Flash";
    public const string User = "User";
    public const string UserGroup = "UserGroup";
    public const string Universe = "Universe";
    public const string UniverseConnection = "CCIS.DataConnection";
    public const string BusinessView = "MetaData.BusinessView";
    public const string BusinessElement = "MetaData.BusinessElement";
    public const string DataFoundation = "MetaData.DataFoundation";
    public const string DataConnection = "MetaData.DataConnection";
    public const string SqlCommand = "Repository.Command";
    public const string Image = "Repository.Image";
    public const string TextObject = "Repository.Text";
    public const string CustomFunction = "Repository.Function";
    public const string Profile = "Profile";
    public const string Category = "Category";
    public const string PersonalCategory = "PersonalCategory";
    public const string Inbox = "Inbox";
    public const string Calendar = "Calendar";
    public const string Event = "Event";
    public const string Server = "Server";
    public const string ServerGroup = "ServerGroup";

    private static readonly string[] OfReports = ["Refresh", "Export", "Print", "EditQuery"];
    private static readonly string[] OfFiles = ["Export", "Print"];
    private static readonly string[] OfQueries = ["CreateQuery", "DataAccess"];

    /// <summary>In the order of the seed's list.</summary>
    public static IReadOnlyList<ObjectKind> All { get; } =
    [
        Info(CrystalReport, "Crystal Report", OfReports),
        Info(Webi, "Web Intelligence document", OfReports),
        Info(FullClient, "Desktop Intelligence document", OfReports),
        Info(Pdf, "Adobe document", OfFiles),
        Info(Word, "Word document", OfFiles),
        Info(Excel, "Excel document", OfFiles),
        Info(PowerPoint, "PowerPoint document", OfFiles),
        Info(Txt, "Text file", OfFiles),
        Info(Rtf, "Rich text file", OfFiles),
        Info(Hyperlink, "Hyperlink", []),
        Info(Program, "Program", []),
        Info(Shortcut, "Shortcut", []),
        Info(ObjectPackage, "Object package", [], isContainer: true),
        Info(Publication, "Publication", [], isContainer: true),
        Info(Analytic, "Dashboard analytic", OfReports),
        Info(Dashboard, "Dashboard", OfReports),
        Info(Flash, "Flash object", OfFiles),
        Info(Folder, "Folder", ["CreateConnection", "Monitor", "Operate", "ReadAudit", "RegisterService"], isContainer: true),
        Info(FavoritesFolder, "Favorites folder", [], isContainer: true),
        Sys(UserGroup, "Group", ["EditMembers"]),
        Sys(User, "User", ["ChangePassword", "ManageTokens"]),
        App(Universe, "Universe", OfQueries),
        App(BusinessView, "Business view", OfQueries),
        App(BusinessElement, "Business element", OfQueries),
        App(DataFoundation, "Data foundation", OfQueries),
        App(SqlCommand, "Shared SQL command", []),
        App(Image, "Shared image", []),
        App(TextObject, "Shared text object", []),
        App(CustomFunction, "Shared custom function", []),
        App(UniverseConnection, "Universe connection", ["DataAccess"]),
        App(DataConnection, "Data connection", ["DataAccess"]),
        Sys(Profile, "Profile", []),
        Info(Category, "Category", [], isContainer: true),
        Info(PersonalCategory, "Personal category", [], isContainer: true),
        Info(Inbox, "Inbox", ["Send"], isContainer: true),
        Sys(Calendar, "Calendar", []),
        Sys(Event, "Event", ["Trigger"]),
        Sys(Server, "Server", []),
        Sys(ServerGroup, "Server group", []),
    ];

    private static readonly FrozenDictionary<string, ObjectKind> Known = All.ToFrozenDictionary(static kind => kind.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Grows with the kinds that a system uses, which the node bounds by validating objects; beyond the bound names are not shared.</summary>
    private static readonly ConcurrentDictionary<string, string> Interned = new(All.Select(static kind => KeyValuePair.Create(kind.Name, kind.Name)), StringComparer.Ordinal);
    private const int MaxInterned = 10_000;

    /// <summary>What is known of a kind; one that nobody declared is an info object that holds nothing.</summary>
    public static ObjectKind Of(string kind) => Known.TryGetValue(kind, out var found) ? found : Info(Intern(kind), kind, []);

    /// <summary>The one string instance for a kind's name.</summary>
    public static string Intern(string kind)
    {
        if (Interned.TryGetValue(kind, out var one))
            return one;
        return Interned.Count < MaxInterned ? Interned.GetOrAdd(kind, kind) : kind;
    }

    /// <summary>A kind that is known as it is declared, whatever the case it is given in; any other as it is given.</summary>
    public static string Spell(string kind) => Known.TryGetValue(kind, out var found) ? found.Name : Intern(kind);

    private static ObjectKind Info(string name, string title, string[] rights, bool isContainer = false)
        => new(name, title, VirtualTable.InfoObjects, isContainer, rights);

    private static ObjectKind Sys(string name, string title, string[] rights) => new(name, title, VirtualTable.SystemObjects, false, rights);

    private static ObjectKind App(string name, string title, string[] rights) => new(name, title, VirtualTable.AppObjects, false, rights);
}
