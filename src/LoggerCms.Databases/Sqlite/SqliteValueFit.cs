using System.Runtime.CompilerServices;
using System.Text.Unicode;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Whether a canonical value comes back as it is once it has been through a column of a SQLite table.</summary>
/// <param name="columns">The columns; null where they hold whatever the source can hold.</param>
/// <param name="isUtf8">Whether the file keeps the bytes of a text, or makes UTF-16 of them.</param>
internal sealed class SqliteValueFit(SqliteColumn[]? columns, bool isUtf8) : IValueFit
{
    /// <summary>Null where nothing needs to be looked at.</summary>
    public static SqliteValueFit? Create(TableSchema source, TableSchema destination, bool isUtf8)
        => DoubtfulColumns(source, destination) is var columns && columns is null && isUtf8 ? null : new SqliteValueFit(columns, isUtf8);

    public (int Column, string Reason)? Check(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; reader.Read(); i++)
        {
            if (!isUtf8 && reader.Tag == FieldTag.Text && !ComesBackFromUtf16(reader.Payload))
                return (i, "its text is not one that the file, which keeps text as UTF-16, gives back as it is");
            if (columns is not null && !Fits(columns[i], ref reader))
                return (i, $"a value of kind {reader.Tag} does not come back as it is from a SQLite column of kind {columns[i].Kind}");
        }

        return null;
    }

    private static SqliteColumn[]? DoubtfulColumns(TableSchema source, TableSchema destination)
    {
        // The same declaration in SQLite: what has been through a column of it once is not changed by another.
        if (source.Definition is not null && source.Definition == destination.Definition
            && source.Columns.Select(c => c.DeclaredType).SequenceEqual(destination.Columns.Select(c => c.DeclaredType), StringComparer.Ordinal))
        {
            return null;
        }

        var columns = destination.Columns.Select(c => Describe(c, IsStrict(destination))).ToArray();
        var given = source.Columns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        return columns.All(c => !c.Strict && IsProven(c) && given.TryGetValue(c.Name, out var from) && from.Type.Kind == c.Kind
            && SqliteTypes.GetAffinity(from.DeclaredType, strict: false) == c.Affinity) ? null : columns;
    }

    /// <summary>SQLite puts U+FFFD for what is no UTF-8, and for U+FFFE and U+FFFF.</summary>
    private static bool ComesBackFromUtf16(ReadOnlySpan<byte> text)
        => Utf8.IsValid(text) && text.IndexOf("\uFFFE"u8) < 0 && text.IndexOf("\uFFFF"u8) < 0;

    private static bool IsStrict(TableSchema table)
        => table.Definition is { } sql && sql.Split(SqliteTableBuilder.StatementEnd)[0].TrimEnd() is var create
            && create[(create.LastIndexOf(')') + 1)..].Contains("STRICT", StringComparison.OrdinalIgnoreCase);

    private static SqliteColumn Describe(ColumnSchema column, bool strict)
        => new(
            column.Name,
            column.Type.Kind,
            SqliteTypes.GetAffinity(column.DeclaredType, strict),
            column.Type.Kind == LogicalKind.Decimal ? column.Scale ?? 0 : 0,
            false,
            strict);

    private static bool IsProven(SqliteColumn column) => (column.Kind, column.Affinity) is
        (LogicalKind.Integer, Affinity.Integer) or (LogicalKind.Boolean, Affinity.Numeric) or (LogicalKind.Text, Affinity.Text)
        or (LogicalKind.Binary, Affinity.Blob) or (LogicalKind.Guid, Affinity.Numeric);

    /// <summary>True where the field comes back from the column as it is.</summary>
    [SkipLocalsInit]
    public static bool Fits(SqliteColumn column, scoped ref CanonicalReader field)
    {
        if (column.Strict && !StrictAllows(column, field.Tag))
            return false;
        Span<byte> text = stackalloc byte[SqliteText.MaxLength];
        switch (field.Tag)
        {
            case FieldTag.Null:
                return true;
            case FieldTag.Boolean:
                return column.Kind == LogicalKind.Boolean;
            case FieldTag.Integer:
                return column.Affinity is not (Affinity.Text or Affinity.Real)
                    && column.Kind != LogicalKind.Decimal && !(column.Kind == LogicalKind.Boolean && field.Int64 is 0 or 1);
            case FieldTag.Double:
                return FitsReal(column, field.Double) && column.Kind != LogicalKind.Single
                    && !(column.Kind == LogicalKind.Decimal && SqliteText.FormatDecimal(field.Double, column.Scale) is not null);
            case FieldTag.Single:
                return column.Kind == LogicalKind.Single && FitsReal(column, field.Single);
            case FieldTag.Decimal:
                return column.Kind == LogicalKind.Decimal
                    && (column.Affinity == Affinity.Text || SqliteText.TryStoreDecimal(field.Payload, column.Scale, out _, out _));
            case FieldTag.Text:
                return FitsText(column, field.Payload);
            case FieldTag.Binary:
                return true;
            case FieldTag.Guid when column.Kind == LogicalKind.Guid:
            case FieldTag.Date when column.Kind == LogicalKind.Date:
            case FieldTag.Time when column.Kind == LogicalKind.Time:
            case FieldTag.DateTime when column.Kind == LogicalKind.DateTime:
            case FieldTag.DateTimeOffset when column.Kind == LogicalKind.DateTimeOffset:
                return SqliteRowWriter.WriteText(ref field, text) > 0;
            default:
                return false;
        }
    }

    /// <summary>A STRICT table takes values of the declared storage class and NULL, and in a column ANY every value.</summary>
    private static bool StrictAllows(SqliteColumn column, FieldTag tag) => tag == FieldTag.Null || column.Kind switch
    {
        LogicalKind.Any => true,
        LogicalKind.Integer => tag == FieldTag.Integer,
        LogicalKind.Double => tag == FieldTag.Double,
        LogicalKind.Text => tag == FieldTag.Text,
        _ => tag == FieldTag.Binary,
    };

    private static bool FitsReal(SqliteColumn column, double value)
    {
        // SQLite stores NULL for a NaN, and 0 for a negative zero wherever it may make an integer of a real.
        if (double.IsNaN(value))
            return false;
        var isNegativeZero = value == 0 && double.IsNegative(value);
        return column.Affinity switch
        {
            Affinity.Blob => true,
            Affinity.Real => !isNegativeZero,
            Affinity.Text => false,
            _ => value != Math.Truncate(value) || Math.Abs(value) >= 9223372036854775808.0,
        };
    }

    private static bool FitsText(SqliteColumn column, ReadOnlySpan<byte> text)
    {
        if (column.Affinity is Affinity.Text)
            return column.Kind != LogicalKind.Decimal || !SqliteText.IsDecimal(text);
        if (column.Affinity is not Affinity.Blob && SqliteText.LooksNumeric(text))
            return false;
        Span<byte> guid = stackalloc byte[16];
        return column.Kind switch
        {
            LogicalKind.Guid => !SqliteText.TryReadGuid(text, guid),
            LogicalKind.Date => !SqliteText.TryReadDate(text, out _),
            LogicalKind.Time => !SqliteText.TryReadTime(text, out _),
            LogicalKind.DateTime => !SqliteText.TryReadDateTime(text, out _, out _),
            LogicalKind.DateTimeOffset => !SqliteText.TryReadDateTimeOffset(text, out _, out _, out _),
            _ => true,
        };
    }
}
