using System.Buffers.Binary;
using System.Text;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// A delta file on disk, little-endian throughout: a header of 512 bytes, then frames, each at a multiple of 8, then zeros up to the length
/// that was made ahead. <c>src/ARCHITECTURE.md</c>, "Delta files", describes every byte.
/// </summary>
internal static class DeltaFormat
{
    public const ushort Version = 1;
    public const int HeaderSize = 512;
    public const int FrameHeaderSize = 24;
    public const int RecordHeaderSize = 12;

    /// <summary>No record is longer.</summary>
    public const int MaxRecord = 64 * 1024 * 1024;

    /// <summary>A frame of records.</summary>
    public const uint GroupMark = 0x01_47_43_4C;

    /// <summary>A frame without records, that only tells what is durable.</summary>
    public const uint MarkerMark = 0x02_47_43_4C;

    private const int MaxSideBytes = 256;
    private const int RoomAt = 12;
    private const int SideLengthAt = 120;
    private const int SideAt = 122;
    private const int HeaderCrcAt = HeaderSize - 4;

    public static ReadOnlySpan<byte> Magic => "LCMSDLTA"u8;

    public static int Pad(int length) => (length + 7) & ~7;

    /// <exception cref="ArgumentException">The side's name is longer than 256 bytes of UTF-8.</exception>
    public static void WriteHeader(Span<byte> into, DeltaSegmentHeader header)
    {
        into[..HeaderSize].Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(into[10..], HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(into[RoomAt..], checked((uint)header.Room));
        header.Journal.SystemId.TryWriteBytes(into[16..], bigEndian: true, out _);
        header.Journal.NodeId.TryWriteBytes(into[32..], bigEndian: true, out _);
        header.JournalId.TryWriteBytes(into[48..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(into[64..], header.Journal.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(into[72..], header.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(into[80..], header.PreviousSequence);
        BinaryPrimitives.WriteInt64LittleEndian(into[88..], header.PreviousEnd);
        BinaryPrimitives.WriteInt64LittleEndian(into[96..], header.KeyBefore);
        BinaryPrimitives.WriteUInt64LittleEndian(into[104..], header.Salt);
        BinaryPrimitives.WriteInt64LittleEndian(into[112..], header.CreatedUs);
        var side = Encoding.UTF8.GetByteCount(header.Journal.Side);
        if (side > MaxSideBytes)
            throw new ArgumentException($"The name of the side has {side} bytes, and at most {MaxSideBytes} can be kept.", nameof(header));
        BinaryPrimitives.WriteUInt16LittleEndian(into[SideLengthAt..], (ushort)side);
        Encoding.UTF8.GetBytes(header.Journal.Side, into[SideAt..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[HeaderCrcAt..], FrameFile.Crc(into[..HeaderCrcAt]));
    }

    /// <summary>The header, or null where its bytes are not as they were written. Magic and version were looked at before.</summary>
    public static DeltaSegmentHeader? ReadHeader(ReadOnlySpan<byte> from)
    {
        if (from.Length < HeaderSize || FrameFile.Crc(from[..HeaderCrcAt]) != BinaryPrimitives.ReadUInt32LittleEndian(from[HeaderCrcAt..]))
            return null;
        var side = BinaryPrimitives.ReadUInt16LittleEndian(from[SideLengthAt..]);
        if (side > MaxSideBytes)
            return null;
        return new DeltaSegmentHeader
        {
            Journal = new DeltaJournalHeader(
                new Guid(from[16..32], bigEndian: true),
                new Guid(from[32..48], bigEndian: true),
                BinaryPrimitives.ReadInt64LittleEndian(from[64..]),
                Encoding.UTF8.GetString(from.Slice(SideAt, side))),
            JournalId = new Guid(from[48..64], bigEndian: true),
            Room = BinaryPrimitives.ReadUInt32LittleEndian(from[RoomAt..]),
            Sequence = BinaryPrimitives.ReadInt64LittleEndian(from[72..]),
            PreviousSequence = BinaryPrimitives.ReadInt64LittleEndian(from[80..]),
            PreviousEnd = BinaryPrimitives.ReadInt64LittleEndian(from[88..]),
            KeyBefore = BinaryPrimitives.ReadInt64LittleEndian(from[96..]),
            Salt = BinaryPrimitives.ReadUInt64LittleEndian(from[104..]),
            CreatedUs = BinaryPrimitives.ReadInt64LittleEndian(from[112..]),
        };
    }

    /// <summary>Fills in the header of a frame whose body, padded to a multiple of 8, stands behind it.</summary>
    public static void SealFrame(Span<byte> frame, uint mark, int records, long durable, ulong salt, long offset)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, mark);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], (uint)(frame.Length - FrameHeaderSize));
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], durable);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], (uint)records);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], FrameCrc(frame, salt, offset));
    }

    /// <summary>
    /// CRC-32C of the file's salt, the frame's place, the frame's header and its body: a frame of another file, or at another place, does not match.
    /// </summary>
    public static uint FrameCrc(ReadOnlySpan<byte> frame, ulong salt, long offset)
    {
        Span<byte> place = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(place, salt);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], offset);
        return FrameFile.Crc(frame[FrameHeaderSize..], FrameFile.Crc(frame[..20], FrameFile.Crc(place)));
    }
}

/// <summary>The 24 bytes before a frame's body.</summary>
internal readonly record struct FrameHead(uint Mark, long BodyLength, long Durable, long Records, uint Crc)
{
    public bool IsMarked => Mark is DeltaFormat.GroupMark or DeltaFormat.MarkerMark;

    public static FrameHead Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(from),
        BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[20..]));
}
