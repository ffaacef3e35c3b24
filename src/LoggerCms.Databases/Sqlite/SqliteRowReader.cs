using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Writes rows of a statement in the canonical form, straight from SQLite's memory into the batch.</summary>
internal sealed unsafe class SqliteRowReader(SqliteColumn[] columns, bool utf8)
{
    /// <summary>Appends the current row, whose columns begin at <paramref name="first"/> of the statement.</summary>
    public void Read(nint statement, RowBatch batch, int first = 0)
    {
        for (var i = 0; i < columns.Length; i++)
            ReadField(statement, first + i, columns[i], batch);
        batch.EndRow();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReadField(nint statement, int index, SqliteColumn column, RowBatch batch)
    {
        switch (Native.ColumnType(statement, index))
        {
            case Native.TypeInteger:
                WriteInteger(batch, column, Native.ColumnInt64(statement, index));
                break;
            case Native.TypeText:
                var text = utf8 ? Native.ColumnBlob(statement, index) : Native.ColumnText(statement, index);
                WriteText(batch, column, new ReadOnlySpan<byte>(text, Native.ColumnBytes(statement, index)));
                break;
            case Native.TypeFloat:
                WriteReal(batch, column, Native.ColumnDouble(statement, index));
                break;
            case Native.TypeBlob:
                var bytes = Native.ColumnBlob(statement, index);
                Canonical.WriteBytes(batch, FieldTag.Binary, new ReadOnlySpan<byte>(bytes, Native.ColumnBytes(statement, index)));
                break;
            default:
                Canonical.WriteNull(batch);
                break;
        }
    }

    private static void WriteInteger(RowBatch batch, SqliteColumn column, long value)
    {
        switch (column.Kind)
        {
            case LogicalKind.Boolean when value is 0 or 1:
                Canonical.WriteBoolean(batch, value == 1);
                break;
            case LogicalKind.Decimal:
                Span<byte> digits = stackalloc byte[SqliteText.MaxLength + column.Scale];
                var length = SqliteText.WriteDecimal(value, column.Scale, digits);
                Canonical.WriteBytes(batch, FieldTag.Decimal, digits[..length]);
                break;
            default:
                Canonical.WriteInteger(batch, value);
                break;
        }
    }

    private static void WriteReal(RowBatch batch, SqliteColumn column, double value)
    {
        if (column.Kind == LogicalKind.Decimal && SqliteText.FormatDecimal(value, column.Scale) is { } digits)
            Canonical.WriteBytes(batch, FieldTag.Decimal, digits);
        else if (column.Kind == LogicalKind.Single && (double)(float)value == value)
            Canonical.WriteSingle(batch, (float)value);
        else
            Canonical.WriteDouble(batch, value);
    }

    private static void WriteText(RowBatch batch, SqliteColumn column, ReadOnlySpan<byte> text)
    {
        switch (column.Kind)
        {
            case LogicalKind.Guid:
                Span<byte> guid = stackalloc byte[16];
                if (SqliteText.TryReadGuid(text, guid))
                {
                    Canonical.WriteGuid(batch, guid);
                    return;
                }

                break;
            case LogicalKind.Decimal:
                // A numeric column keeps as text only what is no number to SQLite, and takes back as text only what is text.
                if (column.Affinity == Affinity.Text && SqliteText.IsDecimal(text))
                {
                    Canonical.WriteBytes(batch, FieldTag.Decimal, text);
                    return;
                }

                break;
            case LogicalKind.Date:
                if (SqliteText.TryReadDate(text, out var date))
                {
                    Canonical.WriteDate(batch, date);
                    return;
                }

                break;
            case LogicalKind.Time:
                if (SqliteText.TryReadTime(text, out var time))
                {
                    Canonical.WriteTime(batch, time);
                    return;
                }

                break;
            case LogicalKind.DateTime:
                if (SqliteText.TryReadDateTime(text, out var days, out var ticks))
                {
                    Canonical.WriteDateTime(batch, days, ticks);
                    return;
                }

                break;
            case LogicalKind.DateTimeOffset:
                if (SqliteText.TryReadDateTimeOffset(text, out var utcDays, out var utcTicks, out var offset))
                {
                    Canonical.WriteDateTimeOffset(batch, utcDays, utcTicks, offset);
                    return;
                }

                break;
        }

        Canonical.WriteBytes(batch, FieldTag.Text, text);
    }
}
