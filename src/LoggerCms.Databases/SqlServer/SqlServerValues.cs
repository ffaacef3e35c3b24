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
    public static object ToValue(SqlServerTable table, SqlServerColumn column, CanonicalReader field)
    {
        if (field.Tag == FieldTag.Null)
            return DBNull.Value;
        try
        {
            return (column.Form, field.Tag) switch
            {
                (ColumnForm.Boolean, FieldTag.Boolean) => field.Boolean,
                (ColumnForm.Byte, FieldTag.Integer) => checked((byte)field.Int64),
                (ColumnForm.Int16, FieldTag.Integer) => checked((short)field.Int64),
                (ColumnForm.Int32, FieldTag.Integer) => checked((int)field.Int64),
                (ColumnForm.Int64, FieldTag.Integer) => field.Int64,
                (ColumnForm.Double, FieldTag.Double) when double.IsFinite(field.Double) => field.Double,
                (ColumnForm.Single, FieldTag.Single) when float.IsFinite(field.Single) => field.Single,
                (ColumnForm.Decimal, FieldTag.Decimal) => ToDecimal(column, field.Payload),
                (ColumnForm.Money, FieldTag.Decimal) => ToDecimal(column, field.Payload).Value,
                (ColumnForm.Text, FieldTag.Text) => Wtf8.Decode(field.Payload) ?? throw new FormatException("it is not Unicode text"),
                (ColumnForm.Xml, FieldTag.Native) => Encoding.UTF8.GetString(field.Payload),
                (ColumnForm.Binary, FieldTag.Binary) => field.Payload.ToArray(),
                (ColumnForm.Serialized, FieldTag.Native) => Convert.FromHexString(Encoding.ASCII.GetString(field.Payload[2..])),
                (ColumnForm.Guid, FieldTag.Guid) => new Guid(field.Payload, bigEndian: true),
                (ColumnForm.Date, FieldTag.Date) => ToDate(field.Int32),
                (ColumnForm.Time, FieldTag.Time) => new TimeSpan(field.Int64),
                (ColumnForm.DateTime or ColumnForm.DateTime2, FieldTag.DateTime) => ToDate(field.DateTime.Days).AddTicks(field.DateTime.Ticks),
                (ColumnForm.DateTimeOffset, FieldTag.DateTimeOffset) => ToOffset(field),
                _ => throw new FormatException($"a value of kind {field.Tag} does not go into a column of type {column.TypeName}"),
            };
        }
        catch (Exception error) when (error is OverflowException or FormatException or ArgumentException)
        {
            throw NotRepresentable(table, column, error.Message);
        }
    }

    public static LoggerCmsException NotRepresentable(SqlServerTable table, SqlServerColumn column, string reason) => new(
        ErrorCodes.ValueNotRepresentable,
        $"Table '{table.Schema.Name}', column '{column.Schema.Name}' ({column.Schema.DeclaredType}) cannot hold a value: {reason}.",
        "Widen the column, or leave it out with a side profile.");

    public static SqlParameter Parameter(string name, SqlServerTable table, SqlServerColumn column, CanonicalReader field)
    {
        var parameter = new SqlParameter(name, column.ParameterType) { Value = ToValue(table, column, field) };
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

    /// <summary>Digits before and after the point of a canonical decimal; null for NaN and the infinities.</summary>
    public static (int Whole, int Fraction)? Digits(ReadOnlySpan<byte> payload)
    {
        if (payload.StartsWith("-"u8))
            payload = payload[1..];
        if (payload.IsEmpty || !char.IsAsciiDigit((char)payload[0]))
            return null;
        var point = payload.IndexOf((byte)'.');
        var whole = point < 0 ? payload : payload[..point];
        return (whole is [(byte)'0'] ? 0 : whole.Length, point < 0 ? 0 : payload.Length - point - 1);
    }

    private static SqlDecimal ToDecimal(SqlServerColumn column, ReadOnlySpan<byte> payload)
    {
        var digits = Digits(payload) ?? throw new FormatException("it is not a finite number");
        int precision = column.Schema.Precision!.Value, scale = column.Schema.Scale!.Value;
        if (digits.Fraction > scale || digits.Whole > precision - scale)
            throw new FormatException($"it has {digits.Whole} digits before and {digits.Fraction} after the point");
        if (precision <= 28 && Utf8Parser.TryParse(payload, out decimal value, out var consumed) && consumed == payload.Length)
            return new SqlDecimal(value);
        return SqlDecimal.Parse(Encoding.ASCII.GetString(payload));
    }

    private static DateTime ToDate(int days)
        => days is int.MaxValue or int.MinValue
            ? throw new FormatException("it is an infinite date")
            : DateOnly.FromDayNumber(checked(days + EpochDays)).ToDateTime(TimeOnly.MinValue);

    private static DateTimeOffset ToOffset(CanonicalReader field)
    {
        var utc = ToDate(field.DateTime.Days).AddTicks(field.DateTime.Ticks);
        return new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).ToOffset(TimeSpan.FromMinutes(field.OffsetMinutes));
    }
}
