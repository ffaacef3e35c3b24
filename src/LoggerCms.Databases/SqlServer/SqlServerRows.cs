using System.Buffers;
using System.Buffers.Text;
using System.Data.SqlTypes;
using System.Text;
using LoggerCms.Core.Sides;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Reads rows in sequential access straight into canonical batches. Holds the buffers for long values; one reader at a time.</summary>
internal sealed class SqlServerRows(SqlServerTable table) : IDisposable
{
    /// <summary>A batch ends after the row that takes it past this.</summary>
    public const int BatchBytes = 256 * 1024;

    private static readonly int EpochDays = new DateOnly(1970, 1, 1).DayNumber;

    private readonly SqlServerColumn[] _columns = [.. table.Columns];
    private readonly byte[] _guid = new byte[16];
    private char[] _chars = ArrayPool<char>.Shared.Rent(8192);
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(32768);

    /// <summary>Refuses a table with a column that cannot be read and written back exactly.</summary>
    public static void Require(SqlServerTable table, string side)
    {
        if (table.Columns.FirstOrDefault(c => c.Form == ColumnForm.Unsupported) is { } column)
        {
            throw new LoggerCmsException(
                ErrorCodes.ValueNotRepresentable,
                $"Column '{column.Schema.Name}' of table '{table.Schema.Name}' in '{side}' has the type {column.TypeName}, which cannot be carried exactly.",
                "Leave the table out with -ExcludeTable, or make the column side-local with a side profile.",
                side);
        }
    }

    /// <summary>Reads rows until the batch is full; false when there are no more.</summary>
    public bool Fill(SqlDataReader reader, RowBatch batch)
    {
        while (batch.Length < BatchBytes)
        {
            if (!reader.Read())
                return false;
            for (var i = 0; i < _columns.Length; i++)
                ReadField(reader, i, batch);
            batch.EndRow();
        }

        return true;
    }

    public void Dispose()
    {
        ArrayPool<char>.Shared.Return(_chars);
        ArrayPool<byte>.Shared.Return(_bytes);
        _chars = [];
        _bytes = [];
    }

    private void ReadField(SqlDataReader reader, int i, RowBatch batch)
    {
        if (reader.IsDBNull(i))
        {
            Canonical.WriteNull(batch);
            return;
        }

        switch (_columns[i].Form)
        {
            case ColumnForm.Boolean:
                Canonical.WriteBoolean(batch, reader.GetBoolean(i));
                break;
            case ColumnForm.Byte:
                Canonical.WriteInteger(batch, reader.GetByte(i));
                break;
            case ColumnForm.Int16:
                Canonical.WriteInteger(batch, reader.GetInt16(i));
                break;
            case ColumnForm.Int32:
                Canonical.WriteInteger(batch, reader.GetInt32(i));
                break;
            case ColumnForm.Int64:
                Canonical.WriteInteger(batch, reader.GetInt64(i));
                break;
            case ColumnForm.Double:
                Canonical.WriteDouble(batch, reader.GetDouble(i));
                break;
            case ColumnForm.Single:
                Canonical.WriteSingle(batch, reader.GetFloat(i));
                break;
            case ColumnForm.Decimal or ColumnForm.Money:
                ReadDecimal(reader, i, batch);
                break;
            case ColumnForm.Guid:
                reader.GetGuid(i).TryWriteBytes(_guid, bigEndian: true, out _);
                Canonical.WriteGuid(batch, _guid);
                break;
            case ColumnForm.Date:
                Canonical.WriteDate(batch, Days(reader.GetDateTime(i)));
                break;
            case ColumnForm.Time:
                Canonical.WriteTime(batch, reader.GetTimeSpan(i).Ticks);
                break;
            case ColumnForm.DateTime or ColumnForm.DateTime2:
                var moment = reader.GetDateTime(i);
                Canonical.WriteDateTime(batch, Days(moment), moment.TimeOfDay.Ticks);
                break;
            case ColumnForm.DateTimeOffset:
                var instant = reader.GetDateTimeOffset(i);
                Canonical.WriteDateTimeOffset(batch, Days(instant.UtcDateTime), instant.UtcDateTime.TimeOfDay.Ticks, (short)instant.TotalOffsetMinutes);
                break;
            case ColumnForm.Text:
                Canonical.WriteBytes(batch, FieldTag.Text, ReadText(reader, i));
                break;
            case ColumnForm.Xml:
                Canonical.WriteBytes(batch, FieldTag.Native, ReadText(reader, i));
                break;
            case ColumnForm.Binary:
                Canonical.WriteBytes(batch, FieldTag.Binary, ReadBytes(reader, i));
                break;
            default:
                Canonical.WriteBytes(batch, FieldTag.Native, Encoding.ASCII.GetBytes("0x" + Convert.ToHexString(ReadBytes(reader, i))));
                break;
        }
    }

    private static int Days(DateTime moment) => DateOnly.FromDateTime(moment).DayNumber - EpochDays;

    private void ReadDecimal(SqlDataReader reader, int i, RowBatch batch)
    {
        // decimal holds 28 digits and is cheap to format; beyond that only the client's own type is exact.
        if (_columns[i].Schema.Precision <= 28)
        {
            var value = reader.GetDecimal(i);
            if (value == 0)
                value = Math.Abs(value);
            Utf8Formatter.TryFormat(value, _bytes, out var written, new StandardFormat('F', (byte)value.Scale));
            Canonical.WriteBytes(batch, FieldTag.Decimal, _bytes.AsSpan(0, written));
            return;
        }

        SqlDecimal exact = reader.GetSqlDecimal(i);
        var text = exact.ToString();
        if (text.StartsWith('-') && !text.AsSpan().ContainsAnyInRange('1', '9'))
            text = text[1..];
        Canonical.WriteBytes(batch, FieldTag.Decimal, Encoding.ASCII.GetBytes(text));
    }

    private ReadOnlySpan<byte> ReadText(SqlDataReader reader, int i)
    {
        if (_columns[i].Length is <= 4000)
        {
            var text = reader.GetString(i);
            Reserve(Wtf8.MaxBytes(text.Length), 0);
            return _bytes.AsSpan(0, Wtf8.Encode(text, _bytes));
        }

        // Long text comes in pieces; a piece that ends in the first half of a pair keeps it for the next one. It comes by the client's text reader,
        // because its GetChars and GetString lose their place where a piece's length lies across two packets.
        using var source = reader.GetTextReader(i);
        var length = 0;
        var kept = 0;
        while (true)
        {
            var read = source.Read(_chars, kept, _chars.Length - kept);
            if (read == 0)
                break;
            var have = kept + read;
            kept = char.IsHighSurrogate(_chars[have - 1]) ? 1 : 0;
            Reserve(Wtf8.MaxBytes(have - kept), length);
            length += Wtf8.Encode(_chars.AsSpan(0, have - kept), _bytes.AsSpan(length));
            if (kept == 1)
                _chars[0] = _chars[have - 1];
        }

        if (kept == 1)
        {
            Reserve(3, length);
            length += Wtf8.Encode(_chars.AsSpan(0, 1), _bytes.AsSpan(length));
        }

        return _bytes.AsSpan(0, length);
    }

    private ReadOnlySpan<byte> ReadBytes(SqlDataReader reader, int i)
    {
        var length = 0;
        while (true)
        {
            Reserve(16 * 1024, length);
            var read = (int)reader.GetBytes(i, length, _bytes, length, _bytes.Length - length);
            if (read == 0)
                return _bytes.AsSpan(0, length);
            length += read;
        }
    }

    private void Reserve(int more, int used)
    {
        if (_bytes.Length - used >= more)
            return;
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(2L * _bytes.Length, (long)used + more), Array.MaxLength));
        _bytes.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
