using System.Buffers;
using System.Globalization;
using System.Text;

namespace LoggerCms.Core.Sides;

/// <summary>
/// A row's key as the config message log keeps it: text that triggers of every make can write and that is the same for the same canonical key.
/// Fields in key order, joined by commas: <c>n</c> (null), <c>i</c> and a decimal number (Integer; Boolean as 0 or 1 behind <c>o</c>),
/// <c>t</c> and hexadecimal UTF-8 (Text), <c>b</c> and hexadecimal bytes (Binary), <c>g</c> and 32 hexadecimal digits in RFC 4122 order (Guid),
/// <c>d</c> and the canonical decimal. Hexadecimal digits are lower case. Other kinds cannot be logged.
/// </summary>
public static class LogKey
{
    /// <summary>True when a key column of this kind can stand in the log.</summary>
    public static bool CanCarry(LogicalKind kind)
        => kind is LogicalKind.Integer or LogicalKind.Boolean or LogicalKind.Text or LogicalKind.Binary or LogicalKind.Guid or LogicalKind.Decimal;

    /// <summary>Writes canonical key fields as text.</summary>
    public static string Format(ReadOnlySpan<byte> key)
    {
        var text = new StringBuilder();
        var reader = new CanonicalReader(key);
        while (reader.Read())
        {
            if (text.Length > 0)
                text.Append(',');
            switch (reader.Tag)
            {
                case FieldTag.Null:
                    text.Append('n');
                    break;
                case FieldTag.Integer:
                    text.Append('i').Append(reader.Int64.ToString(CultureInfo.InvariantCulture));
                    break;
                case FieldTag.Boolean:
                    text.Append('o').Append(reader.Boolean ? '1' : '0');
                    break;
                case FieldTag.Text:
                    text.Append('t').Append(Convert.ToHexStringLower(reader.Payload));
                    break;
                case FieldTag.Binary:
                    text.Append('b').Append(Convert.ToHexStringLower(reader.Payload));
                    break;
                case FieldTag.Guid:
                    text.Append('g').Append(Convert.ToHexStringLower(reader.Payload));
                    break;
                case FieldTag.Decimal:
                    text.Append('d').Append(Encoding.ASCII.GetString(reader.Payload));
                    break;
                default:
                    throw new LoggerCmsException(
                        ErrorCodes.LogNotPossible,
                        $"A key field of kind {reader.Tag} cannot stand in the config message log.",
                        "Leave the table out of Enable-ConfigMessageLog; Rows and Full transfers carry it.");
            }
        }

        return text.ToString();
    }

    /// <summary>Appends one row of canonical key fields to <paramref name="keys"/>.</summary>
    /// <exception cref="FormatException">The text is not of this form.</exception>
    public static void Parse(ReadOnlySpan<char> text, RowBatch keys)
    {
        foreach (var range in text.Split(','))
        {
            var field = text[range];
            if (field.IsEmpty)
                throw new FormatException("A field of a log key is empty.");
            var rest = field[1..];
            switch (field[0])
            {
                case 'n':
                    Canonical.WriteNull(keys);
                    break;
                case 'i':
                    if (!long.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                        throw new FormatException("A field of a log key is no 64-bit integer.");
                    Canonical.WriteInteger(keys, number);
                    break;
                case 'o':
                    Canonical.WriteBoolean(keys, rest is "1");
                    break;
                case 't':
                    WriteHex(keys, FieldTag.Text, rest);
                    break;
                case 'b':
                    WriteHex(keys, FieldTag.Binary, rest);
                    break;
                case 'g':
                    WriteHex(keys, FieldTag.Guid, rest);
                    break;
                case 'd':
                    Canonical.WriteBytes(keys, FieldTag.Decimal, Encoding.ASCII.GetBytes(rest.ToString()));
                    break;
                default:
                    throw new FormatException($"'{field[0]}' begins no field of a log key.");
            }
        }

        keys.EndRow();
    }

    private static void WriteHex(RowBatch keys, FieldTag tag, ReadOnlySpan<char> hex)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(hex.Length / 2);
        if (Convert.FromHexString(hex, bytes, out _, out var written) != OperationStatus.Done)
            throw new FormatException("A field of a log key is not hexadecimal.");
        Canonical.WriteBytes(keys, tag, bytes.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
