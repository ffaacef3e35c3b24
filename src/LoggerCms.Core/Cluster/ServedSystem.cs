using System.Text.Json.Serialization;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// What a data folder remembers of the system that its node serves, in <c>node.system</c>: the database, without a password, and the system's id. A
/// node whose database is missing, or that is started without the setting that names it, would otherwise make a new, empty system under the same name,
/// and nobody would be told. A database that has moved is the same system; what a restore puts in its place is another one, and the restore of a data
/// folder forgets the one before.
/// </summary>
internal sealed partial class ServedSystem
{
    public const string File = "node.system";
    private const string Magic = "LCMSSERV";
    private const int Version = 1;

    private readonly IFileLayer _files;
    private readonly string _path;
    private readonly Served? _served;

    private ServedSystem(IFileLayer files, string path, Served? served)
    {
        _files = files;
        _path = path;
        _served = served;
    }

    /// <summary>Of a folder that an earlier release used, or nobody yet, nothing is known.</summary>
    /// <exception cref="LoggerCmsException">SecretDamaged, SecretExposed, FormatNotSupported; or it cannot be read.</exception>
    public static ServedSystem Open(IFileLayer files, string dataPath)
    {
        var path = Path.Combine(dataPath, File);
        return new ServedSystem(files, path, FolderFile.Read(files, path, ServedJson.Default.Served, Magic, Version, "it does not tell what a node serves"));
    }

    public bool IsKnown => _served is not null;

    /// <summary>The folder is to serve another system from now on.</summary>
    public static void Forget(IFileLayer files, string dataPath)
    {
        var path = Path.Combine(dataPath, File);
        if (files.Find(path) is null)
            return;
        files.Delete(path);
        files.SyncFolder(dataPath);
    }

    /// <summary>Before the database is made where it is missing, and before the lease is taken.</summary>
    /// <param name="database">As it is given to the node.</param>
    /// <param name="system">The one that it holds; null for none.</param>
    /// <exception cref="LoggerCmsException">InvalidOption: the folder's node served another system.</exception>
    public void Check(string database, Guid? system)
    {
        if (_served is not { } served || served.System == system)
            return;
        var holds = system is { } other ? $"holds the system {other}" : "holds none: it is missing, was emptied, or is on a volume that is not mounted";
        throw served.Database == database
            ? new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"The node of '{Path.GetDirectoryName(_path)}' serves the system {served.System}, and '{database}' {holds}. Nothing was made or changed.",
                $"Bring the database back. Where it was restored on purpose, or a new system is to begin, Start-CmsNode -TakeOver goes on from what is there.")
            : new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"The node of '{Path.GetDirectoryName(_path)}' serves the system {served.System} in '{served.Database}', and '{database}' {holds}. Nothing was made or changed.",
                $"Start-CmsNode -Database '{served.Database.Replace("'", "''", StringComparison.Ordinal)}' as before, with its password; or give the other system a -DataPath of its own."
                    + " Where this folder is to serve it from now on: Start-CmsNode -TakeOver.");
    }

    /// <summary>
    /// Whether a SQLite database that has another path now left its journal at the one before: half of the commit that was killed is in the file, and only
    /// the journal beside it takes that back.
    /// </summary>
    /// <exception cref="LoggerCmsException">DatabaseDamaged.</exception>
    public void CheckJournal(string database)
    {
        const string ending = "-journal";
        if (_served is not { } served || served.Database == database
            || new SideConnection(served.Database) is not { Provider: SideProvider.Sqlite } before || new SideConnection(database) is not { Provider: SideProvider.Sqlite } now)
        {
            return;
        }

        var (left, belongs) = (before.DataSource + ending, now.DataSource + ending);
        if (_files.Find(left) is not { Length: > 0 })
            return;
        throw new LoggerCmsException(
            ErrorCodes.DatabaseDamaged,
            $"The node of '{Path.GetDirectoryName(_path)}' served '{served.Database}' before, and '{left}' is what a killed commit left there: without it half of that commit is in a file that was moved or copied. Nothing was touched.",
            $"Move it along with the file: Move-Item '{left}' '{belongs}'. Where '{database}' is another state of the system, move the journal away.");
    }

    /// <summary>Once it is served.</summary>
    public void Remember(string database, Guid system)
    {
        var served = new Served(Magic, Version, database, system);
        if (served != _served)
            FolderFile.Write(_files, _path, served, ServedJson.Default.Served);
    }

    private sealed record Served(string Magic, int Version, string Database, Guid System) : FolderFile(Magic, Version);

    [JsonSerializable(typeof(Served))]
    private sealed partial class ServedJson : JsonSerializerContext;
}
