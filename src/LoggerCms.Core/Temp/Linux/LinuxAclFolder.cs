using System.Runtime.InteropServices;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>
/// A folder held by a handle that gives no rights (O_PATH), reached without following any link. Everything is done through
/// <c>/proc/self/fd</c>, so what is at the path by then cannot be hit.
/// </summary>
internal sealed class LinuxAclFolder : IAclFolder
{
    private readonly FolderView _view;
    private readonly string _path;
    private readonly string _account;
    private readonly int _handle;

    private LinuxAclFolder(FolderView view, string path, string account, int handle, FileStat stat)
    {
        _view = view;
        _path = path;
        _account = account;
        _handle = handle;
        Identity = stat.Identity;
    }

    public FolderIdentity Identity { get; }

    private string Name => _view.Root + _path;

    private string ByHandle => FormattableString.Invariant($"/proc/self/fd/{_handle}");

    /// <exception cref="LoggerCmsException">UnsafeLink, TempFolderUnusable, AccessDenied.</exception>
    public static LinuxAclFolder Open(string path, string account)
    {
        var (view, inView) = FolderView.Of(path);
        var handle = Walk(view, inView, out var error, out var at);
        if (handle >= 0 && FileStat.OfHandle(handle, out _) is { IsFolder: true } stat)
            return new LinuxAclFolder(view, inView, account, handle, stat);
        if (handle >= 0)
            _ = LibC.Close(handle);
        throw error == Errno.Loop ? Link(view, inView, at, account) : CannotOpen(path, at, handle >= 0 ? Errno.NotAFolder : error, account);
    }

    public void Dispose() => _ = LibC.Close(_handle);

    public string? WhyProtected() => ProtectedFolders.Why(_path, Identity, _account);

    public FolderRights Read()
    {
        var stat = FileStat.OfHandle(_handle, out var error) ?? throw Failure("read", error);
        return new FolderRights { Mode = stat.Permissions, Owner = stat.User, Group = stat.Group, Acl = AclAttribute.Read(ByHandle) };
    }

    public FolderRights Grant(FolderRights rights, TempRight right)
    {
        var account = LinuxAccount.ByName(_account);
        if (account.Overrides && right != TempRight.FullControl)
            return rights;
        var keepsLists = AclAttribute.IsSupported(ByHandle);
        if (right == TempRight.FullControl)
        {
            var after = PosixGrant.ByOwnership(rights, account);
            return keepsLists || after.Acl is null ? after : throw new LoggerCmsException(
                ErrorCodes.AclNotPossible,
                $"The file system of '{Name}' keeps no access lists, so {LinuxAccount.ByNumber(rights.Owner).Name}, the owner, would lose its rights. Nothing was changed.",
                "Use a temp folder on a file system with access lists, such as ext4, xfs, btrfs or tmpfs.");
        }

        var wanted = right == TempRight.Traverse ? PosixAcl.Execute : PosixAcl.All;
        return keepsLists ? PosixGrant.ByEntry(rights, account, wanted) : PosixGrant.ByMode(rights, account, wanted, Name);
    }

    public IReadOnlyList<string> Compare(FolderRights before, FolderRights after)
    {
        var changes = new List<string>();
        if (before.Owner != after.Owner)
            changes.Add($"owner: {LinuxAccount.ByNumber(before.Owner).Name} -> {LinuxAccount.ByNumber(after.Owner).Name}");
        if (before.Group != after.Group)
            changes.Add($"owning group: {LinuxAccount.GroupName(before.Group)} -> {LinuxAccount.GroupName(after.Group)}");
        var (old, now) = (PosixGrant.AclOf(before), PosixGrant.AclOf(after));
        foreach (var entry in now.Entries)
        {
            var known = old.Entries.Any(e => e.Tag == entry.Tag && e.Id == entry.Id);
            if (!known)
                changes.Add($"add {PosixAcl.Name(entry)}:{PosixAcl.Text(entry.Rights)}");
            else if (old.Of(entry.Tag, entry.Id) is var was && was != entry.Rights)
                changes.Add($"{PosixAcl.Name(entry)}: {PosixAcl.Text(was)} -> {PosixAcl.Text(entry.Rights)}");
        }

        changes.AddRange(old.Entries
            .Where(e => !now.Entries.Any(n => n.Tag == e.Tag && n.Id == e.Id))
            .Select(e => $"remove {PosixAcl.Name(e)}:{PosixAcl.Text(e.Rights)}"));
        if ((before.Mode & ~0x1ffu) != (after.Mode & ~0x1ffu))
            changes.Add($"mode: {Octal(before.Mode)} -> {Octal(after.Mode)}");
        return changes;
    }

    public string Describe(FolderRights rights)
        => $"{PosixGrant.AclOf(rights)} (owner {LinuxAccount.ByNumber(rights.Owner).Name}, group {LinuxAccount.GroupName(rights.Group)}, mode {Octal(rights.Mode)})";

    public void Write(FolderRights rights)
    {
        var now = Read();
        if (rights.Acl is { } acl)
            AclAttribute.Write(ByHandle, Convert.FromHexString(acl), Failure);
        else if (now.Acl is not null)
            AclAttribute.Remove(ByHandle, Failure);
        if ((now.Owner != rights.Owner || now.Group != rights.Group) && LibC.ChangeOwner(ByHandle, rights.Owner, rights.Group) != 0)
            throw Failure("changed", Marshal.GetLastPInvokeError());

        // Also after the list: without the right to keep it the system drops the set-group-id bit.
        if (Read().Mode != rights.Mode && LibC.ChangeMode(ByHandle, rights.Mode) != 0)
            throw Failure("changed", Marshal.GetLastPInvokeError());
    }

    public bool IsStillThere()
    {
        var handle = Walk(_view, _path, out _, out _);
        if (handle < 0)
            return false;
        var stat = FileStat.OfHandle(handle, out _);
        _ = LibC.Close(handle);
        return stat?.Identity == Identity;
    }

    /// <summary>Opens the folder step by step; a link on the way is ELOOP.</summary>
    private static int Walk(FolderView view, string path, out int error, out string at)
    {
        at = "/";
        var handle = LibC.OpenAt(LibC.CurrentFolder, view.Root + "/", LibC.PathOnly | LibC.CloseOnExec);
        error = Marshal.GetLastPInvokeError();
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (handle < 0)
                return handle;
            at = at == "/" ? "/" + name : $"{at}/{name}";
            var next = LibC.OpenAt(handle, name, LibC.PathOnly | LibC.NoFollow);
            error = Marshal.GetLastPInvokeError();
            _ = LibC.Close(handle);
            handle = next;
            if (handle < 0 || FileStat.OfHandle(handle, out _) is not { IsLink: true })
                continue;
            _ = LibC.Close(handle);
            error = Errno.Loop;
            return -1;
        }

        return handle;
    }

    private static LoggerCmsException Link(FolderView view, string path, string at, string account)
    {
        var walk = PathWalk.Of(view, path);
        return new LoggerCmsException(
            ErrorCodes.UnsafeLink,
            $"'{at}' is a link, and rights are never changed through one.{(walk.End is { IsFolder: true } ? $" It leads to '{walk.Last}'." : string.Empty)}",
            walk.End is { IsFolder: true } ? $"If that is the folder meant, name it: {TempRemedy.Repair(view.Root + walk.Last, account)}" : "Name the folder itself.");
    }

    private static LoggerCmsException CannotOpen(string path, string at, int error, string account) => error switch
    {
        Errno.PermissionDenied or Errno.NotPermitted => new LoggerCmsException(
            ErrorCodes.AccessDenied, $"'{path}' cannot be reached: {Marshal.GetPInvokeErrorMessage(error)} at '{at}'.", "Run the command as root."),
        Errno.NoEntry => new LoggerCmsException(
            ErrorCodes.TempFolderUnusable, $"'{path}' is missing: there is no '{at}'.", TempRemedy.Make(path, account)),
        _ => new LoggerCmsException(
            ErrorCodes.TempFolderUnusable,
            $"'{path}' is no folder that can be opened: {Marshal.GetPInvokeErrorMessage(error)} at '{at}'.",
            TempRemedy.Test(path, account)),
    };

    private LoggerCmsException Failure(string what, int error) => error switch
    {
        Errno.NotPermitted or Errno.PermissionDenied => new LoggerCmsException(
            ErrorCodes.AccessDenied,
            $"The rights of '{Name}' cannot be {what} by {LinuxAccount.Current().Name}: {Marshal.GetPInvokeErrorMessage(error)}.",
            FileStat.OfHandle(_handle, out _) is { Immutable: true } ? $"The folder is immutable: chattr -i {TempRemedy.Quote(Name)}" : "Run the command as the folder's owner or as root."),
        Errno.ReadOnly => new LoggerCmsException(
            ErrorCodes.TempFolderUnusable,
            $"'{Name}' is on a read-only file system.",
            MountPoint.Of(_view, _path)?.Remount(_view) ?? TempRemedy.Test(Name, _account)),
        _ => new LoggerCmsException(
            ErrorCodes.AclNotPossible,
            $"The rights of '{Name}' cannot be {what}: {Marshal.GetPInvokeErrorMessage(error)}.",
            TempRemedy.Test(Name, _account)),
    };

    private static string Octal(uint mode) => Convert.ToString(mode, 8).PadLeft(4, '0');
}

/// <summary>The access list as the file system stores it, by the extended attribute itself: libacl need not be there.</summary>
internal static class AclAttribute
{
    private const string Attribute = "system.posix_acl_access";
    private const int MostBytes = 1 << 16;

    /// <returns>In hexadecimal; null where there are only mode bits.</returns>
    public static unsafe string? Read(string path)
    {
        var buffer = new byte[MostBytes];
        nint length;
        fixed (byte* bytes = buffer)
            length = LibC.GetAttribute(path, Attribute, bytes, MostBytes);
        return length > 0 ? Convert.ToHexStringLower(buffer.AsSpan(0, (int)length)) : null;
    }

    public static unsafe bool IsSupported(string path)
        => LibC.GetAttribute(path, Attribute, null, 0) >= 0 || Marshal.GetLastPInvokeError() != Errno.NotSupported;

    public static unsafe void Write(string path, byte[] value, Func<string, int, LoggerCmsException> failure)
    {
        fixed (byte* bytes = value)
        {
            if (LibC.SetAttribute(path, Attribute, bytes, (nuint)value.Length, 0) != 0)
                throw failure("changed", Marshal.GetLastPInvokeError());
        }
    }

    public static void Remove(string path, Func<string, int, LoggerCmsException> failure)
    {
        if (LibC.RemoveAttribute(path, Attribute) != 0 && Marshal.GetLastPInvokeError() != Errno.NoData)
            throw failure("changed", Marshal.GetLastPInvokeError());
    }
}
