using System.Text;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// An event as bytes: its id (16, big end first), int64 time, principal and object, uint8 result, then source, principal name, action, object
/// name, object kind, path, detail and client address, each UTF-8 behind its length (seven bits a byte, low ones first). Little-endian.
/// </summary>
internal static class AuditCodec
{
    /// <summary>What one event may take; a longer one is refused.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <exception cref="LoggerCmsException">InvalidOption for an event without an id, LimitExceeded for one that is too long.</exception>
    public static byte[] Encode(AuditEvent e)
    {
        if (e.Id == Guid.Empty || !Enum.IsDefined(e.Result))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"The audit event '{e.Action}' of '{e.Source}' has no id or no result.", "Give each event a new GUID and a result.");
        }

        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8))
        {
            writer.Write(e.Id.ToByteArray(bigEndian: true));
            writer.Write(e.TimeUs);
            writer.Write(e.PrincipalId);
            writer.Write(e.ObjectId);
            writer.Write((byte)e.Result);
            foreach (var text in new[] { e.Source, e.PrincipalName, e.Action, e.ObjectName, e.ObjectKind, e.Path, e.Detail, e.ClientAddress })
                writer.Write(Storable(text));
        }

        var bytes = stream.ToArray();
        if (bytes.Length <= MaxBytes)
            return bytes;
        throw new LoggerCmsException(
            ErrorCodes.LimitExceeded, $"The audit event {e.Id} has {bytes.Length} bytes; {MaxBytes} are the most.", "Shorten its detail.");
    }

    public static AuditEvent Decode(byte[] bytes, int offset, int length)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, offset, length, writable: false), Encoding.UTF8);
        return new AuditEvent
        {
            Id = new Guid(reader.ReadBytes(16), bigEndian: true),
            TimeUs = reader.ReadInt64(),
            PrincipalId = reader.ReadInt64(),
            ObjectId = reader.ReadInt64(),
            Result = (AuditResult)reader.ReadByte(),
            Source = reader.ReadString(),
            PrincipalName = reader.ReadString(),
            Action = reader.ReadString(),
            ObjectName = reader.ReadString(),
            ObjectKind = reader.ReadString(),
            Path = reader.ReadString(),
            Detail = reader.ReadString(),
            ClientAddress = reader.ReadString(),
        };
    }

    // Not every database holds NUL; half a surrogate pair becomes U+FFFD in UTF-8 anyway. An event that no database takes would stop the queue.
    private static string Storable(string text) => text.Replace('\0', '\uFFFD');
}
