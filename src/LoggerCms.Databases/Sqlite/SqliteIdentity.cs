using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LoggerCms.Databases.Sqlite;

/// <summary>What tells a database file from its own copy: where it is, and which file that is.</summary>
internal static unsafe class SqliteIdentity
{
    private const int CurrentFolder = -100;
    private const uint InodeMask = 0x100;
    private const int StatxSize = 256;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;

    public static string Of(string path)
        => OperatingSystem.IsLinux()
            ? $"{path}#{FileOf(path).Inode}"
            : string.Create(CultureInfo.InvariantCulture, $"{path}#{File.GetCreationTimeUtc(path).Ticks}");

    /// <summary>True where two paths are names of one file: hard links, or a folder that is mounted twice. Told on Linux only.</summary>
    public static bool IsSameFile(string one, string other)
        => OperatingSystem.IsLinux() && FileOf(one) is { Inode: not 0 } file && file == FileOf(other);

    /// <summary>The origin of a copy that nobody has written to through LoggerCms yet: the same at every look, and no other file's.</summary>
    public static string OriginOfCopy(string origin, string identity)
    {
        var dash = origin.LastIndexOf('-');
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{origin}\n{identity}"));
        return $"{(dash < 0 ? origin : origin[..dash])}-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}";
    }

    public static string NewOrigin(string sideName) => $"{sideName}-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4))}";

    private static (ulong Device, ulong Inode) FileOf(string path)
    {
        var buffer = stackalloc byte[StatxSize];
        try
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            {
                return Statx(CurrentFolder, name, 0, InodeMask, buffer) == 0
                    ? (BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(buffer + DeviceOffset, sizeof(ulong))),
                        BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(buffer + InodeOffset, sizeof(ulong))))
                    : default;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library: the path alone has to do.
            return default;
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int Statx(int folder, byte* path, int flags, uint mask, byte* buffer);
}
