using System.Globalization;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Keys and values for people: <c>id=5, code='a''b', token=0x0A1B</c>. Control characters are escaped, so that a key cannot forge a line.</summary>
public static class KeyText
{
    /// <summary>Canonical key fields, column by column.</summary>
    public static string Of(TableSchema table, ReadOnlySpan<byte> key)
    {
        var text = new StringBuilder();
        var reader = new CanonicalReader(key);
        foreach (var column in table.Key)
        {
            if (!reader.Read())
                break;
            if (text.Length > 0)
                text.Append(", ");
            AppendEscaped(text, table.Columns[column].Name);
            text.Append('=');
            AppendValue(text, reader);
        }

        return text.ToString();
    }

    /// <summary>The key of a whole row; for a table without a key, the row's hash.</summary>
    public static string OfRow(TableSchema table, ReadOnlySpan<byte> row)
    {
        if (table.HasKey)
            return Of(table, new KeyReader(table).Read(row));
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(row, hash);
        return OfHash(hash);
    }

    internal static string OfHash(ReadOnlySpan<byte> hash) => "sha256=" + Convert.ToHexStringLower(hash);

    private static void AppendValue(StringBuilder text, CanonicalReader field)
    {
        var invariant = CultureInfo.InvariantCulture;
        switch (field.Tag)
        {
            case FieldTag.Null:
                text.Append("NULL");
                break;
            case FieldTag.Boolean:
                text.Append(field.Boolean ? "true" : "false");
                break;
            case FieldTag.Integer:
                text.Append(field.Int64.ToString(invariant));
                break;
            case FieldTag.Double:
                text.Append(field.Double.ToString("R", invariant));
                break;
            case FieldTag.Single:
                text.Append(field.Single.ToString("R", invariant));
                break;
            case FieldTag.Decimal:
                text.Append(Encoding.ASCII.GetString(field.Payload));
                break;
            case FieldTag.Guid:
                text.Append(new Guid(field.Payload, bigEndian: true).ToString("D"));
                break;
            case FieldTag.Date:
                AppendDate(text, field.Int32);
                break;
            case FieldTag.Time:
                AppendTime(text, field.Int64);
                break;
            case FieldTag.DateTime:
                AppendDateTime(text, field);
                break;
            case FieldTag.DateTimeOffset:
                AppendDateTime(text, field);
                text.Append("Z offset ").Append(field.OffsetMinutes.ToString(invariant)).Append(" min");
                break;
            case FieldTag.Text:
            case FieldTag.Native:
                text.Append('\'');
                AppendEscaped(text, Encoding.UTF8.GetString(field.Payload).Replace("'", "''", StringComparison.Ordinal));
                text.Append('\'');
                break;
            default:
                text.Append("0x").Append(Convert.ToHexString(field.Payload));
                break;
        }
    }

    private static void AppendDateTime(StringBuilder text, CanonicalReader field)
    {
        var (days, ticks) = field.DateTime;
        AppendDate(text, days);
        if (days is int.MaxValue or int.MinValue)
            return;
        text.Append('T');
        AppendTime(text, ticks);
    }

    private static void AppendDate(StringBuilder text, int days)
    {
        const int epoch = 719162;
        var number = (long)days + epoch;
        if (days is int.MaxValue or int.MinValue)
            text.Append(days == int.MaxValue ? "infinity" : "-infinity");
        else if (number is >= 0 and <= 3652058)
            text.Append(DateOnly.FromDayNumber((int)number).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        else
            text.Append(CultureInfo.InvariantCulture, $"1970-01-01{days:+0;-0} days");
    }

    private static void AppendTime(StringBuilder text, long ticks)
        => text.Append(new TimeSpan(ticks).ToString(@"hh\:mm\:ss\.FFFFFFF", CultureInfo.InvariantCulture).TrimEnd('.'));

    private static void AppendEscaped(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            switch (c)
            {
                case '\\':
                    text.Append(@"\\");
                    break;
                case '\n':
                    text.Append(@"\n");
                    break;
                case '\r':
                    text.Append(@"\r");
                    break;
                case '\t':
                    text.Append(@"\t");
                    break;
                default:
                    if (IsUnsafe(c))
                        text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
                    else
                        text.Append(c);
                    break;
            }
        }
    }

    /// <summary>Controls, line separators, and marks that change the direction of what follows.</summary>
    private static bool IsUnsafe(char c)
        => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
