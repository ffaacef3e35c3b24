using System.Runtime.InteropServices;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>What a file system says of a file, without following a link.</summary>
internal sealed record FileStat(uint Mode, uint User, uint Group, FolderIdentity Identity, bool Immutable)
{
    private const uint KindMask = 0xf000;
    private const uint Folder = 0x4000;
    private const uint Link = 0xa000;
    private const uint BornKnown = 0x800;
    private const ulong ImmutableFlag = 0x10;

    public bool IsFolder => (Mode & KindMask) == Folder;

    public bool IsLink => (Mode & KindMask) == Link;

    public bool IsSticky => (Mode & 0x200) != 0;

    /// <summary>The twelve permission bits.</summary>
    public uint Permissions => Mode & 0xfff;

    /// <returns>Null with the error number where the file cannot be looked at.</returns>
    public static FileStat? OfPath(string path, out int error) => Of(LibC.CurrentFolder, path, LibC.NoFollowLink, out error);

    public static FileStat? OfHandle(int handle, out int error) => Of(handle, string.Empty, LibC.EmptyPath, out error);

    /// <summary>Whether a file that is open has a name anywhere; true where nobody can say. Allocates nothing.</summary>
    public static bool HasName(int handle)
        => LibC.Statx(handle, string.Empty, LibC.EmptyPath, LibC.LinksOnly, out var raw) != 0 || (raw.Mask & LibC.LinksOnly) == 0 || raw.Links > 0;

    /// <summary>Whether a path leads to a file that is open; true where nobody can say of the file. Allocates nothing.</summary>
    public static bool IsAt(int handle, string path)
        => LibC.Statx(handle, string.Empty, LibC.EmptyPath, LibC.InodeOnly, out var open) != 0 || (open.Mask & LibC.InodeOnly) == 0
            || (LibC.Statx(LibC.CurrentFolder, path, LibC.NoFollowLink, LibC.InodeOnly, out var there) == 0
                && there.Inode == open.Inode && there.DeviceMajor == open.DeviceMajor && there.DeviceMinor == open.DeviceMinor);

    private static FileStat? Of(int folder, string path, int flags, out int error)
    {
        if (LibC.Statx(folder, path, flags, LibC.AllBasic, out var raw) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        error = 0;
        var identity = new FolderIdentity
        {
            Device = FormattableString.Invariant($"{raw.DeviceMajor}:{raw.DeviceMinor}"),
            Inode = raw.Inode,
            Born = (raw.Mask & BornKnown) == 0 ? null : DateTime.UnixEpoch.Ticks + (raw.BornSeconds * TimeSpan.TicksPerSecond) + (raw.BornNanoseconds / 100),
        };
        return new FileStat(raw.Mode, raw.User, raw.Group, identity, (raw.Attributes & ImmutableFlag) != 0);
    }
}

/// <summary>The figures of a file system.</summary>
/// <param name="FreeBytes">For accounts other than root; null where the file system does not tell, as ramfs does not.</param>
/// <param name="FreeBytesForRoot">With what is reserved for root.</param>
/// <param name="FreeInodes">Null where the file system makes them as needed.</param>
/// <param name="IsReadOnly">Whether it, or this mount of it, is read-only.</param>
/// <param name="LongestName">The most bytes of one name.</param>
internal sealed record FileSystemFigures(long? FreeBytes, long FreeBytesForRoot, long? FreeInodes, bool IsReadOnly, int LongestName)
{
    public static unsafe FileSystemFigures? Of(string path, out int error)
    {
        RawFileSystem raw;
        if (LibC.StatVfs(path, &raw) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        error = 0;
        return new FileSystemFigures(
            raw.Blocks == 0 ? null : checked((long)(raw.BlocksAvailable * raw.FragmentSize)),
            checked((long)(raw.BlocksFree * raw.FragmentSize)),
            raw.Inodes == 0 ? null : (long)raw.InodesAvailable,
            (raw.Flags & 1) != 0,
            (int)raw.LongestName);
    }
}

/// <summary>What a quota leaves to an account or a group.</summary>
/// <param name="FreeBytes">Null where bytes are not limited.</param>
/// <param name="FreeInodes">Null where files are not limited.</param>
internal sealed record QuotaRoom(long? FreeBytes, long? FreeInodes)
{
    private const nint SystemCall = 443;
    private const int GetQuota = 0x800007;
    private const int CommandShift = 8;
    private const int BlockShift = 10;

    /// <returns>Null with the error number; ESRCH, ENOTSUP and ENOSYS say that there is no quota or no way to ask.</returns>
    public static unsafe QuotaRoom? Of(int handle, bool ofGroup, uint id, out int error)
    {
        RawQuota raw;
        var command = unchecked((int)((uint)GetQuota << CommandShift)) | (ofGroup ? 1 : 0);
        if (LibC.QuotaControl(SystemCall, handle, command, (nint)id, &raw) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        error = 0;
        return Room(raw);
    }

    /// <summary>The hard limit counts: above the soft one writing goes on for the time of grace.</summary>
    public static QuotaRoom Room(RawQuota raw) => new(
        raw.HardBlocks == 0 ? null : Math.Max(0, (long)(raw.HardBlocks << BlockShift) - (long)raw.UsedBytes),
        raw.HardInodes == 0 ? null : Math.Max(0, (long)raw.HardInodes - (long)raw.UsedInodes));
}
