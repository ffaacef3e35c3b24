using System.Buffers.Binary;
using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// An event as bytes: its id (16, big end first), int64 time, principal and object, uint8 result, then source, principal name, action, object
/// name, object kind, path, detail and client address, each UTF-8 behind its length (seven bits a byte, low ones first). Little-endian.
/// </summary>
internal static class AuditCodec
{
    /// <summary>What one event may take; a longer one is refused.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int HeadBytes = 41;

    /// <exception cref="LoggerCmsException">InvalidOption for an event without an id, LimitExceeded for one that is too long.</exception>
    public static byte[] Encode(AuditEvent e)
    {
        if (e.Id == Guid.Empty || !Enum.IsDefined(e.Result))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"The audit event '{e.Action}' of '{e.Source}' has no id or no result.", "Give each event a new GUID and a result.");
        }

        ReadOnlySpan<string> texts =
        [
            Storable(e.Source), Storable(e.PrincipalName), Storable(e.Action), Storable(e.ObjectName), Storable(e.ObjectKind), Storable(e.Path), Storable(e.Detail),
            Storable(e.ClientAddress),
        ];
        long length = HeadBytes;
        foreach (var text in texts)
            length += TextBytes(text);
        if (length > MaxBytes)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded, $"The audit event {e.Id} has {length} bytes; {MaxBytes} are the most.", "Shorten its detail.");
        }

        var bytes = new byte[length];
        e.Id.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), e.TimeUs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), e.PrincipalId);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), e.ObjectId);
        bytes[40] = (byte)e.Result;
        var at = HeadBytes;
        foreach (var text in texts)
            at += Write(bytes.AsSpan(at), text);
        return bytes;
    }

    /// <param name="bytes">One event.</param>
    /// <param name="before">The event before it, whose texts are used again where they are the same; null for none.</param>
    public static AuditEvent Decode(ReadOnlySpan<byte> bytes, AuditEvent? before)
    {
        var texts = bytes[HeadBytes..];
        return new AuditEvent
        {
            Id = new Guid(bytes[..16], bigEndian: true),
            TimeUs = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            PrincipalId = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            ObjectId = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            Result = (AuditResult)bytes[40],
            Source = Read(ref texts, before?.Source),
            PrincipalName = Read(ref texts, before?.PrincipalName),
            Action = Read(ref texts, before?.Action),
            ObjectName = Read(ref texts, before?.ObjectName),
            ObjectKind = Read(ref texts, before?.ObjectKind),
            Path = Read(ref texts, before?.Path),
            Detail = Read(ref texts, before?.Detail),
            ClientAddress = Read(ref texts, before?.ClientAddress),
        };
    }

    private static int TextBytes(string text)
    {
        var count = Encoding.UTF8.GetByteCount(text);
        return PropertyCodec.VarintLength((ulong)count) + count;
    }

    private static int Write(Span<byte> to, string text)
    {
        var head = PropertyCodec.WriteVarint(to, (ulong)Encoding.UTF8.GetByteCount(text));
        return head + Encoding.UTF8.GetBytes(text, to[head..]);
    }

    private static string Read(ref ReadOnlySpan<byte> from, string? before)
    {
        var at = 0;
        var length = PropertyCodec.ReadLength(from, ref at, from.Length);
        var utf8 = from.Slice(at, length);
        from = from[(at + length)..];
        return before is not null && Ascii.Equals(utf8, before) ? before : Encoding.UTF8.GetString(utf8);
    }

    // Not every database holds NUL; half a surrogate pair becomes U+FFFD in UTF-8 anyway. An event that no database takes would stop the queue.
    private static string Storable(string text) => text.Replace('\0', '\uFFFD');
}
