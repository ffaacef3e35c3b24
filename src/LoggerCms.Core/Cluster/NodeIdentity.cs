using System.Text.Json.Serialization;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;
using LoggerCms.Core.Temp;

namespace LoggerCms.Core.Cluster;

/// <summary>The node's id, made once and kept in its data folder; and the lock that keeps a second process out of that folder.</summary>
internal sealed partial class NodeIdentity : IDisposable
{
    /// <summary>In the data folder: the profile of whoever started the node.</summary>
    public const string ProfileFile = "admin.profile.json";

    /// <summary>In the data folder: the process and the endpoint of the node that was last started.</summary>
    public const string StateFile = "node.state";

    private const string Magic = "LCMSNODE";
    private const int Version = 1;
    private const string IdFile = "node.json.id";
    private const string LockedFile = "node.lock";
    private const int ReadOnlyFileSystem = 30;

    private static readonly string FolderRemedy = $"Give a folder that the account '{Environment.UserName}' may make and write to, with -DataPath, or set LOGGERCMS_HOME, below which data folders are made otherwise.";

    private readonly FileStream _lock;

    private NodeIdentity(Guid id, bool isNew, FileStream @lock)
    {
        Id = id;
        IsNew = isNew;
        _lock = @lock;
    }

    public Guid Id { get; }

    /// <summary>True when the data folder was used for the first time.</summary>
    public bool IsNew { get; }

    /// <summary>Whether the folder is a node's data folder.</summary>
    public static bool IsIn(string folder) => SystemFiles.Instance.Find(Path.Combine(folder, IdFile)) is not null;

    /// <exception cref="LoggerCmsException">
    /// SideInService where another process has the folder; AccessDenied, TempFolderUnusable or DiskFull where it cannot be made; FormatNotSupported.
    /// </exception>
    public static NodeIdentity Open(string folder)
    {
        var files = SystemFiles.Instance;
        var held = Lock(files, folder);
        try
        {
            var path = Path.Combine(folder, IdFile);
            if (FolderFile.Read(files, path, IdentityJson.Default.NodeIdFile, Magic, Version, "it is not a node's id") is { } file)
                return new NodeIdentity(file.Id, isNew: false, held);
            var id = Guid.NewGuid();
            FolderFile.Write(files, path, new NodeIdFile(Magic, Version, id), IdentityJson.Default.NodeIdFile);
            return new NodeIdentity(id, isNew: true, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open"/>, for who only plans: nothing is made.</summary>
    /// <returns>Null where no node has used the folder yet.</returns>
    /// <exception cref="LoggerCmsException">As <see cref="Open"/> has them.</exception>
    public static NodeIdentity? OpenExisting(string folder)
    {
        if (IsIn(folder))
            return Open(folder);
        return OwnTemp.Refine(TempAccessCause.Missing, folder) == TempAccessCause.NotAFolder
            ? throw new LoggerCmsException(ErrorCodes.TempFolderUnusable, $"The data folder '{folder}' cannot be made: a part of its path is a file.", FolderRemedy)
            : null;
    }

    /// <summary>
    /// Holds the lock of the data folder that a folder of delta files is in, so that its node does not write there meanwhile. A folder that cannot be
    /// written and has no lock, as of a copy on a medium, is nobody's: a node makes its lock before all else.
    /// </summary>
    /// <param name="deltas">The folder of delta files.</param>
    /// <param name="own">The data folder of this process's own node, whose lock it holds already; null for none.</param>
    /// <returns>Null where there is nothing to hold.</returns>
    /// <exception cref="LoggerCmsException">SideInService: a node runs there. AccessDenied: its lock cannot be asked.</exception>
    public static IDisposable? HoldOf(string deltas, string? own)
    {
        if (Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(deltas))) is not { } folder || !IsIn(folder) || (own is not null && IsSame(folder, own)))
            return null;
        var path = Path.Combine(folder, LockedFile);
        try
        {
            return LockFile.Open(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && !File.Exists(path))
        {
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Denied(folder, exception);
        }
        catch (IOException exception)
        {
            // Of a file system that others write to, a lock of what is opened to be read may say nothing.
            return (exception.HResult == ReadOnlyFileSystem ? LockFile.TryOpenToRead(path) : null) ?? throw new LoggerCmsException(
                ErrorCodes.SideInService, $"The node of '{folder}' runs, or its lock cannot be asked: {exception.Message}",
                "Stop that node with Stop-CmsNode, then do it again. Where it can start, it brings its delta files in by itself.", innerException: exception);
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Makes a data folder where there is none.</summary>
    /// <exception cref="LoggerCmsException">AccessDenied, TempFolderUnusable or DiskFull.</exception>
    public static void MakeFolder(IFileLayer files, string folder)
    {
        try
        {
            files.MakeFolder(folder);
        }
        catch (IOException exception)
        {
            throw FileFailure.Of(exception, folder, FolderRemedy);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Denied(folder, exception);
        }
    }

    // By its mark also where it is reached by another name.
    private static bool IsSame(string folder, string own)
    {
        var files = SystemFiles.Instance;
        return folder == Path.TrimEndingDirectorySeparator(Path.GetFullPath(own)) || (files.Mark(folder) is { } mark && mark == files.Mark(own));
    }

    private static FileStream Lock(IFileLayer files, string folder)
    {
        MakeFolder(files, folder);
        try
        {
            return LockFile.Open(Path.Combine(folder, LockedFile));
        }
        catch (UnauthorizedAccessException exception)
        {
            throw Denied(folder, exception);
        }
        catch (IOException exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.SideInService, $"The data folder '{folder}' is in use by another node, or cannot be locked: {exception.Message}",
                "Stop that node with Stop-CmsNode, or give this one a folder of its own with -DataPath.", innerException: exception);
        }
    }

    private static LoggerCmsException Denied(string folder, Exception exception) => new(
        ErrorCodes.AccessDenied,
        $"The data folder '{folder}' cannot be used: {exception.Message}",
        $"{FolderRemedy} Test-TempAccess -Path '{folder.Replace("'", "''", StringComparison.Ordinal)}' shows why.",
        innerException: exception);

    private sealed record NodeIdFile(string Magic, int Version, Guid Id) : FolderFile(Magic, Version);

    [JsonSerializable(typeof(NodeIdFile))]
    private sealed partial class IdentityJson : JsonSerializerContext;
}
