using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using Microsoft.Win32.SafeHandles;

namespace LoggerCms.Core.Temp.Windows;

/// <summary>A folder held open, no reparse point followed and not to be renamed or removed meanwhile.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsAclFolder : IAclFolder
{
    private const uint ReadControl = 0x00020000;
    private const uint ReadAttributes = 0x80;
    private const uint ShareReadWrite = 3;
    private const uint OpenExisting = 3;
    private const uint BackupSemantics = 0x02000000;
    private const uint OpenReparsePoint = 0x00200000;
    private const AccessControlSections Kept = AccessControlSections.Owner | AccessControlSections.Group | AccessControlSections.Access;

    private readonly string _path;
    private readonly WindowsAccount _account;
    private readonly SafeFileHandle _handle;

    private WindowsAclFolder(string path, WindowsAccount account, SafeFileHandle handle, FolderIdentity identity)
    {
        _path = path;
        _account = account;
        _handle = handle;
        Identity = identity;
    }

    public FolderIdentity Identity { get; }

    private static FileSystemRights RightsFor(TempRight right) => right switch
    {
        TempRight.FullControl => FileSystemRights.FullControl,
        TempRight.Traverse => FileSystemRights.Traverse | FileSystemRights.Synchronize,
        _ => FileSystemRights.Modify | FileSystemRights.Synchronize,
    };

    /// <exception cref="LoggerCmsException">UnsafeLink, TempFolderUnusable, AccountNotFound.</exception>
    public static WindowsAclFolder Open(string path, string account)
    {
        for (var part = new DirectoryInfo(path); part is not null; part = part.Parent)
        {
            if (part.Exists && (part.Attributes & FileAttributes.ReparsePoint) != 0)
            {
                throw new LoggerCmsException(
                    ErrorCodes.UnsafeLink, $"'{part.FullName}' is a link or junction, and rights are never changed through one.", "Name the folder itself.");
            }
        }

        if (!Directory.Exists(path))
            throw new LoggerCmsException(ErrorCodes.TempFolderUnusable, $"'{path}' is missing or no folder.", TempRemedy.Make(path, account));
        var handle = CreateFile(path, ReadControl | ReadAttributes, ShareReadWrite, 0, OpenExisting, BackupSemantics | OpenReparsePoint, 0);
        if (handle.IsInvalid || !GetInformation(handle, out var information))
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            handle.Dispose();
            throw new LoggerCmsException(ErrorCodes.AccessDenied, $"'{path}' cannot be opened: {error.Message}", "Run the command elevated.", innerException: error);
        }

        var born = DateTime.FromFileTimeUtc(((long)information.CreatedHigh << 32) | information.CreatedLow).Ticks;
        var identity = new FolderIdentity
        {
            Device = information.Volume.ToString("x8", System.Globalization.CultureInfo.InvariantCulture),
            Inode = ((ulong)information.IndexHigh << 32) | information.IndexLow,
            Born = born,
        };
        return new WindowsAclFolder(path, WindowsAccount.ByName(account), handle, identity);
    }

    public void Dispose() => _handle.Dispose();

    public string? WhyProtected()
    {
        var windows = Environment.GetFolderPath(Environment.SpecialFolder.Windows);
        if (Path.GetPathRoot(_path) is { } root && string.Equals(Path.TrimEndingDirectorySeparator(root), _path.TrimEnd('\\'), StringComparison.OrdinalIgnoreCase))
            return "it is the root of a drive";
        Environment.SpecialFolder[] system = [Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86];
        if (IsIn(_path, windows) || system.Select(Environment.GetFolderPath).Any(f => f.Length > 0 && IsIn(_path, f)))
            return "it is part of a system folder";
        var profiles = Path.GetDirectoryName(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        if (profiles is null || !IsIn(_path, profiles))
            return null;
        var own = _account.TempFolder();
        return own is not null && IsIn(own, Path.Combine(profiles, Path.GetRelativePath(profiles, _path).Split('\\')[0])) ? null : "it is in another account's profile";
    }

    public FolderRights Read() => new() { Sddl = Security().GetSecurityDescriptorSddlForm(Kept) };

    public FolderRights Grant(FolderRights rights, TempRight right)
    {
        var wanted = RightsFor(right);
        var security = Of(rights);
        try
        {
            if ((EffectiveRights.Of(security, _account.Sid) & wanted) == wanted)
                return rights;
        }
        catch (Win32Exception exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.AclNotPossible, $"What '{_account.Name}' may do cannot be computed: {exception.Message}", "Reach a domain controller, or use a local account.", innerException: exception);
        }

        var inherit = right == TempRight.Traverse ? InheritanceFlags.None : InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit;
        security.AddAccessRule(new FileSystemAccessRule(_account.Sid, wanted, inherit, PropagationFlags.None, AccessControlType.Allow));
        return (EffectiveRights.Of(security, _account.Sid) & wanted) == wanted
            ? new FolderRights { Sddl = security.GetSecurityDescriptorSddlForm(Kept) }
            : throw new LoggerCmsException(
                ErrorCodes.AclNotPossible,
                $"An entry that denies outweighs what would be granted to '{_account.Name}' on '{_path}'. Nothing was changed.",
                $"Get-Acl {TempRemedy.Quote(_path)} | Select-Object -ExpandProperty Access shows the entry; denials are for people to take back.");
    }

    public IReadOnlyList<string> Compare(FolderRights before, FolderRights after)
    {
        var (old, now) = (Rules(before), Rules(after));
        return [.. now.Except(old).Select(r => "add " + r), .. old.Except(now).Select(r => "remove " + r)];
    }

    public string Describe(FolderRights rights) => rights.Sddl ?? string.Empty;

    public void Write(FolderRights rights)
    {
        try
        {
            var security = new DirectorySecurity();
            security.SetSecurityDescriptorSddlForm(rights.Sddl!, AccessControlSections.Access);

            // The handle shares no deletion, so the path cannot be another folder by now.
            new DirectoryInfo(_path).SetAccessControl(security);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new LoggerCmsException(
                ErrorCodes.AccessDenied, $"The rights of '{_path}' cannot be changed: {exception.Message}", "Run the command elevated.", innerException: exception);
        }
    }

    public bool IsStillThere()
    {
        using var again = CreateFile(_path, ReadAttributes, ShareReadWrite, 0, OpenExisting, BackupSemantics | OpenReparsePoint, 0);
        return !again.IsInvalid && GetInformation(again, out var now)
            && (((ulong)now.IndexHigh << 32) | now.IndexLow) == Identity.Inode;
    }

    private static DirectorySecurity Of(FolderRights rights)
    {
        var security = new DirectorySecurity();
        security.SetSecurityDescriptorSddlForm(rights.Sddl!, Kept);
        return security;
    }

    private static List<string> Rules(FolderRights rights)
        => [.. Of(rights).GetAccessRules(true, true, typeof(System.Security.Principal.SecurityIdentifier)).Cast<FileSystemAccessRule>()
            .Select(r => $"{r.AccessControlType} {WindowsAccount.BySid((System.Security.Principal.SecurityIdentifier)r.IdentityReference).Name}: {r.FileSystemRights}{(r.IsInherited ? " (inherited)" : string.Empty)}")];

    private static bool IsIn(string path, string folder)
        => path.Equals(folder, StringComparison.OrdinalIgnoreCase) || path.StartsWith(folder + '\\', StringComparison.OrdinalIgnoreCase);

    private DirectorySecurity Security() => new DirectoryInfo(_path).GetAccessControl(Kept);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFile(string path, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandle", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetInformation(SafeFileHandle file, out FileInformation information);

    [StructLayout(LayoutKind.Sequential)]
    private struct FileInformation
    {
        public uint Attributes;
        public uint CreatedLow;
        public uint CreatedHigh;
        public uint AccessedLow;
        public uint AccessedHigh;
        public uint WrittenLow;
        public uint WrittenHigh;
        public uint Volume;
        public uint SizeHigh;
        public uint SizeLow;
        public uint Links;
        public uint IndexHigh;
        public uint IndexLow;
    }
}
