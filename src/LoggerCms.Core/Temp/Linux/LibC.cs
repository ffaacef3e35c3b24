using System.Runtime.InteropServices;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>The calls of the C library that have no counterpart in .NET. All of 64-bit Linux.</summary>
internal static partial class LibC
{
    public const int PathOnly = 0x200000;
    public const int NoFollow = 0x20000 | CloseOnExec;
    public const int CloseOnExec = 0x80000;
    public const int EmptyPath = 0x1000;
    public const int NoFollowLink = 0x100;
    public const int CurrentFolder = -100;
    public const uint AllBasic = 0xfff;
    public const uint LinksOnly = 0x4;
    public const uint InodeOnly = 0x100;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int folder, string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int folder, string path, int flags, uint mask, out RawStat stat);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int StatVfs(string path, RawFileSystem* figures);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint GetAttribute(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int SetAttribute(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "removexattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveAttribute(string path, string name);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "getgroups", SetLastError = true)]
    public static unsafe partial int Groups(int size, uint* groups);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int GroupList(string user, uint group, uint* groups, ref int count);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int UserByName(string name, RawUser* user, byte* buffer, nuint size, RawUser** result);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    public static unsafe partial int UserById(uint id, RawUser* user, byte* buffer, nuint size, RawUser** result);

    [LibraryImport("libc", EntryPoint = "getgrgid_r")]
    public static unsafe partial int GroupById(uint id, RawGroup* group, byte* buffer, nuint size, RawGroup** result);

    /// <summary>quotactl_fd, which the C library does not wrap; a kernel before 5.14 answers ENOSYS.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static unsafe partial nint QuotaControl(nint number, nint handle, nint command, nint id, RawQuota* quota);
}

[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct RawStat
{
    [FieldOffset(0)]
    public uint Mask;

    [FieldOffset(8)]
    public ulong Attributes;

    [FieldOffset(16)]
    public uint Links;

    [FieldOffset(20)]
    public uint User;

    [FieldOffset(24)]
    public uint Group;

    [FieldOffset(28)]
    public ushort Mode;

    [FieldOffset(32)]
    public ulong Inode;

    [FieldOffset(80)]
    public long BornSeconds;

    [FieldOffset(88)]
    public uint BornNanoseconds;

    [FieldOffset(136)]
    public uint DeviceMajor;

    [FieldOffset(140)]
    public uint DeviceMinor;
}

/// <summary>The same on glibc and musl, 64 bit; the reserve at the end covers what either may add.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RawFileSystem
{
    public ulong BlockSize;
    public ulong FragmentSize;
    public ulong Blocks;
    public ulong BlocksFree;
    public ulong BlocksAvailable;
    public ulong Inodes;
    public ulong InodesFree;
    public ulong InodesAvailable;
    public ulong Id;
    public ulong Flags;
    public ulong LongestName;
    private fixed ulong _reserve[16];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RawUser
{
    public byte* Name;
    public byte* Password;
    public uint Id;
    public uint Group;
    public byte* Comment;
    public byte* Home;
    public byte* Shell;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RawGroup
{
    public byte* Name;
    public byte* Password;
    public uint Id;
    public byte** Members;
}

[StructLayout(LayoutKind.Sequential)]
internal struct RawQuota
{
    public ulong HardBlocks;
    public ulong SoftBlocks;
    public ulong UsedBytes;
    public ulong HardInodes;
    public ulong SoftInodes;
    public ulong UsedInodes;
    public ulong BlockTime;
    public ulong InodeTime;
    public uint Valid;
    private readonly uint _padding;
}
