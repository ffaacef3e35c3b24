using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// A file of frames. On disk: 8 bytes of magic, uint16 version (1), uint16 zero; then frames, each uint32 length, uint32 CRC-32C of the
/// payload, payload; the first byte of a payload is the frame's type. The last frame is the end record (type 255): int64 count of the frames
/// before it, int64 bytes before it, SHA-256 of all bytes before it. A file without its end record is not complete. Little-endian throughout.
/// </summary>
internal static class FrameFile
{
    public const ushort Version = 1;
    public const byte EndType = 255;
    public const int HeaderSize = 12;
    public const int EndFrameSize = 8 + 1 + 8 + 8 + SHA256.HashSizeInBytes;

    /// <summary>No frame is longer: one row and its envelope.</summary>
    public const int MaxFrame = int.MaxValue - 64;

    /// <summary>CRC-32C of the bytes, going on from <paramref name="crc"/> of the bytes before them.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes, uint crc = 0)
    {
        crc = ~crc;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, word);
        foreach (var b in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
