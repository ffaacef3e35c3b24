using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core;

/// <summary>Ids that are made from what they stand for, so that who makes one again gets the same: UUIDs of version 8.</summary>
internal static class DerivedId
{
    public const int Version = 8;

    /// <summary>SHA-256 of whose it is, the epoch and the key there (little-endian), and what else tells it from others.</summary>
    public static void Hash(Guid whose, long epoch, long key, ReadOnlySpan<byte> more, Span<byte> hash)
    {
        Span<byte> source = stackalloc byte[32 + more.Length];
        whose.TryWriteBytes(source);
        BinaryPrimitives.WriteInt64LittleEndian(source[16..], epoch);
        BinaryPrimitives.WriteInt64LittleEndian(source[24..], key);
        more.CopyTo(source[32..]);
        RowKeys.Hash(source, hash);
    }

    /// <summary>The id with the first 16 bytes, big end first, but for version and variant, which are written over them.</summary>
    public static Guid Of(Span<byte> bytes)
    {
        bytes[6] = (byte)((bytes[6] & 0x0F) | (Version << 4));
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes[..16], bigEndian: true);
    }
}
