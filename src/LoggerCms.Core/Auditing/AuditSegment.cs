using System.Buffers;
using System.Buffers.Binary;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// One file of the queue, <c>NUMBER.audit</c>. On disk: 8 bytes of magic, uint16 version (1), uint16 zero; then frames, each uint32 length of
/// the event, uint32 CRC-32C of what follows, int64 offset up to which the file was durable when the frame was written, the event's bytes
/// (<see cref="AuditCodec"/>). Little-endian. Not safe for several callers at once.
/// </summary>
internal sealed class AuditSegment(string path, IDurableFile file, long end) : IDisposable
{
    public const string Suffix = ".audit";
    public const int HeaderSize = 12;
    public const int EnvelopeSize = 16;
    public const ushort Version = 1;

    public static ReadOnlySpan<byte> Magic => "LCMSAUDQ"u8;

    public string Path => path;

    /// <summary>The end of the last whole frame.</summary>
    public long End { get; private set; } = end;

    /// <summary>Up to here the file is durable.</summary>
    public long Durable { get; set; }

    /// <summary>Up to here its events are in the database.</summary>
    public long Stored { get; set; } = HeaderSize;

    /// <summary>Parts of the file that cannot be read and once could: it is set aside, not deleted.</summary>
    public bool IsDamaged { get; init; }

    public bool IsStored => Stored >= End;

    public static AuditSegment Create(IFileLayer files, string path)
    {
        var file = files.Create(path);
        try
        {
            var header = new byte[HeaderSize];
            Magic.CopyTo(header);
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), Version);
            file.Write(header, 0);
            files.SyncFolder(System.IO.Path.GetDirectoryName(path)!);
            return new AuditSegment(path, file, HeaderSize);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends frames; after a failure the end is where it was, and the next frames take the place of what was written.</summary>
    public void Append(IReadOnlyList<byte[]> events)
    {
        var length = checked((int)events.Sum(e => (long)e.Length + EnvelopeSize));
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Fill(bytes, events);
            file.Write(bytes.AsSpan(0, length), End);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        End += length;
    }

    private void Fill(byte[] bytes, IReadOnlyList<byte[]> events)
    {
        var at = 0;
        foreach (var e in events)
        {
            var frame = bytes.AsSpan(at, EnvelopeSize + e.Length);
            BinaryPrimitives.WriteInt32LittleEndian(frame, e.Length);
            BinaryPrimitives.WriteInt64LittleEndian(frame[8..], Durable);
            e.CopyTo(frame[EnvelopeSize..]);
            BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], FrameFile.Crc(frame[8..]));
            at += frame.Length;
        }
    }

    public void Sync() => file.Sync();

    /// <summary>The next events that are not in the database yet, and where the last of them ends.</summary>
    public List<AuditEvent> Read(int most, int mostBytes, out long readTo)
    {
        var size = (int)Math.Min(End - Stored, Math.Max(mostBytes, AuditCodec.MaxBytes + EnvelopeSize));
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var events = Read(buffer.AsSpan(0, file.ReadFully(buffer.AsSpan(0, size), Stored)), most, out var read);
            readTo = Stored + read;
            return events;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private List<AuditEvent> Read(ReadOnlySpan<byte> buffer, int most, out int at)
    {
        var events = new List<AuditEvent>();
        at = 0;
        while (events.Count < most && at < buffer.Length)
        {
            var size = FrameAt(buffer[at..], out _);
            if (size > 0)
            {
                events.Add(AuditCodec.Decode(buffer.Slice(at + EnvelopeSize, size - EnvelopeSize), events.Count > 0 ? events[^1] : null));
                at += size;
                continue;
            }

            // The rest of a frame that the buffer cuts comes with the next read; a damaged part is passed over.
            if (buffer.Length - at < AuditCodec.MaxBytes + EnvelopeSize && Stored + buffer.Length < End && events.Count > 0)
                break;
            at++;
        }

        return events;
    }

    /// <summary>The size of a whole frame at the start, or 0.</summary>
    public static int FrameAt(ReadOnlySpan<byte> bytes, out long durable)
    {
        durable = 0;
        if (bytes.Length < EnvelopeSize)
            return 0;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length is <= 0 or > AuditCodec.MaxBytes || bytes.Length < EnvelopeSize + length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != FrameFile.Crc(bytes[8..(EnvelopeSize + length)]))
            return 0;
        durable = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        return EnvelopeSize + length;
    }

    public void Dispose() => file.Dispose();
}
