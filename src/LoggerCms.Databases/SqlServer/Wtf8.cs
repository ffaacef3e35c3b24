using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace LoggerCms.Databases.SqlServer;

/// <summary>UTF-16 as the server stores it to UTF-8 and back; a lone surrogate is the three bytes of its code point.</summary>
internal static class Wtf8
{
    /// <summary>Bytes that <paramref name="chars"/> UTF-16 units take at most.</summary>
    public static int MaxBytes(int chars) => checked(chars * 3);

    /// <summary>Encodes all of <paramref name="source"/>; the destination has room for <see cref="MaxBytes"/>.</summary>
    public static int Encode(ReadOnlySpan<char> source, Span<byte> destination)
    {
        var written = 0;
        while (true)
        {
            var status = Utf8.FromUtf16(source, destination[written..], out var read, out var bytes, replaceInvalidSequences: false);
            written += bytes;
            if (status == OperationStatus.Done)
                return written;
            if (status == OperationStatus.DestinationTooSmall)
                throw new ArgumentException("The destination is too small.", nameof(destination));

            // The unit at `read` is a surrogate without its partner.
            int lone = source[read];
            destination[written++] = (byte)(0xE0 | (lone >> 12));
            destination[written++] = (byte)(0x80 | ((lone >> 6) & 0x3F));
            destination[written++] = (byte)(0x80 | (lone & 0x3F));
            source = source[(read + 1)..];
        }
    }

    /// <summary>Decodes a payload of the canonical form; null where it is neither UTF-8 nor a lone surrogate.</summary>
    public static string? Decode(ReadOnlySpan<byte> source)
    {
        if (Utf8.IsValid(source))
            return Encoding.UTF8.GetString(source);
        var text = new StringBuilder(source.Length);
        while (!source.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(source, out var rune, out var consumed) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
                source = source[consumed..];
                continue;
            }

            if (source.Length < 3 || source[0] != 0xED || source[1] is < 0xA0 or > 0xBF || (source[2] & 0xC0) != 0x80)
                return null;
            text.Append((char)(0xD000 | ((source[1] & 0x3F) << 6) | (source[2] & 0x3F)));
            source = source[3..];
        }

        return text.ToString();
    }
}
