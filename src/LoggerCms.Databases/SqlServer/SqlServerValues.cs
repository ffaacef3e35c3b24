using System.Buffers.Text;
using System.Data.SqlTypes;
using System.Text;
using LoggerCms.Core.Sides;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Canonical fields as the client's values and parameters.</summary>
internal static class SqlServerValues
{
    private static readonly int EpochDays = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>The field as the value that the column's type takes, exactly.</summary>
    /// <exception cref="LoggerCmsException">ValueNotRepresentable names table and column.</exception>
    public static object ToValue(SqlServerTable table, SqlServerColumn column, CanonicalReader field, SqlServerDialect dialect)
    {
        if (field.Tag == FieldTag.Null)
            return DBNull.Value;
        if (SqlServerFit.Check(column, field, dialect) is { } reason)
            throw NotRepresentable(table, column, reason);
        return column.Form switch
        {
            ColumnForm.Boolean => field.Boolean,
            ColumnForm.Byte => (byte)field.Int64,
            ColumnForm.Int16 => (short)field.Int64,
            ColumnForm.Int32 => (int)field.Int64,
            ColumnForm.Int64 => field.Int64,
            ColumnForm.Double => field.Double,
            ColumnForm.Single => field.Single,
            ColumnForm.Decimal => ToDecimal(column, field.Payload),
            ColumnForm.Money => ToDecimal(column, field.Payload).Value,
            ColumnForm.Text => Wtf8.Decode(field.Payload) ?? throw NotRepresentable(table, column, "it is not Unicode text"),
            ColumnForm.Xml => Encoding.UTF8.GetString(field.Payload),
            ColumnForm.Binary => field.Payload.ToArray(),
            ColumnForm.Guid => new Guid(field.Payload, bigEndian: true),
            ColumnForm.Date => ToDate(field.Int32),
            ColumnForm.Time => new TimeSpan(field.Int64),
            ColumnForm.DateTime or ColumnForm.DateTime2 => ToDate(field.DateTime.Days).AddTicks(field.DateTime.Ticks),
            ColumnForm.DateTimeOffset => ToOffset(field),
            _ => ToBytes(table, column, field.Payload),
        };
    }

    public static LoggerCmsException NotRepresentable(SqlServerTable table, SqlServerColumn column, string reason) => new(
        ErrorCodes.ValueNotRepresentable,
        $"Table '{table.Schema.Name}', column '{column.Schema.Name}' ({column.Schema.DeclaredType}) cannot hold a value: {reason}.",
        "Widen the column, or leave it out with a side profile.");

    public static SqlParameter Parameter(string name, SqlServerTable table, SqlServerColumn column, CanonicalReader field, SqlServerDialect dialect)
    {
        var parameter = new SqlParameter(name, column.ParameterType) { Value = ToValue(table, column, field, dialect) };
        switch (column.Form)
        {
            case ColumnForm.Decimal:
                parameter.Precision = (byte)column.Schema.Precision!.Value;
                parameter.Scale = (byte)column.Schema.Scale!.Value;
                break;
            case ColumnForm.Time or ColumnForm.DateTime2 or ColumnForm.DateTimeOffset:
                parameter.Scale = (byte)column.Schema.Scale!.Value;
                break;
            case ColumnForm.Text:
                // One size for all values of a column, so that the server keeps one plan.
                parameter.Size = column.Length is <= 4000 ? Math.Max(column.Length.Value, ((parameter.Value as string)?.Length).GetValueOrDefault()) : -1;
                break;
            case ColumnForm.Binary:
                parameter.Size = column.Length is <= 8000 ? column.Length.Value : -1;
                break;
            case ColumnForm.Xml or ColumnForm.Serialized:
                parameter.Size = -1;
                break;
        }

        return parameter;
    }

    private static SqlDecimal ToDecimal(SqlServerColumn column, ReadOnlySpan<byte> payload)
        => column.Schema.Precision <= 28 && Utf8Parser.TryParse(payload, out decimal value, out var consumed) && consumed == payload.Length
            ? new SqlDecimal(value)
            : SqlDecimal.Parse(Encoding.ASCII.GetString(payload));

    private static byte[] ToBytes(SqlServerTable table, SqlServerColumn column, ReadOnlySpan<byte> payload)
    {
        try
        {
            return Convert.FromHexString(Encoding.ASCII.GetString(payload[2..]));
        }
        catch (Exception error) when (error is FormatException or ArgumentOutOfRangeException)
        {
            throw NotRepresentable(table, column, "it is not 0x and hexadecimal digits");
        }
    }

    private static DateTime ToDate(int days) => DateOnly.FromDayNumber(days + EpochDays).ToDateTime(TimeOnly.MinValue);

    private static DateTimeOffset ToOffset(CanonicalReader field)
    {
        var utc = ToDate(field.DateTime.Days).AddTicks(field.DateTime.Ticks);
        return new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).ToOffset(TimeSpan.FromMinutes(field.OffsetMinutes));
    }
}
