using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Canonical rows as the forward-only reader that a bulk copy takes. Batches are disposed as they are used up.</summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "It is a data reader; that it can be enumerated is the base class's.")]
internal sealed class CanonicalDataReader(SqlServerTable table, SqlServerDialect dialect, IAsyncEnumerator<RowBatch> batches) : DbDataReader
{
    private readonly (int Start, int Length)[] _fields = new (int, int)[table.Columns.Count];
    private RowBatch? _batch;
    private int _row;

    /// <summary>Why the rows did not all arrive: the source's own failure, which a bulk copy would hand on in another's clothes.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>A column of the row at hand that is NULL and may not be; null where there is none.</summary>
    public string? ColumnWithoutValue
        => _batch is null ? null : Enumerable.Range(0, FieldCount).Where(i => !table.Columns[i].Schema.Nullable && IsDBNull(i)).Select(GetName).FirstOrDefault();

    public override int FieldCount => _fields.Length;

    public override int Depth => 0;

    public override bool HasRows => true;

    public override bool IsClosed => false;

    public override int RecordsAffected => -1;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public override bool Read() => throw new NotSupportedException("Rows come asynchronously.");

    public override async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (_batch is null || ++_row >= _batch.Count)
        {
            _batch?.Dispose();
            _batch = null;
            if (!await MoveNextAsync().ConfigureAwait(false))
                return false;
            _batch = batches.Current;
            _row = -1;
        }

        FindFields(_batch[_row]);
        return true;
    }

    public override bool IsDBNull(int ordinal) => Field(ordinal).Tag == FieldTag.Null;

    public override object GetValue(int ordinal) => SqlServerValues.ToValue(table, table.Columns[ordinal], Field(ordinal), dialect);

    /// <summary>The bytes of a long binary value, without a copy of it.</summary>
    public override Stream GetStream(int ordinal)
    {
        var payload = PayloadOf(ordinal);
        return MemoryMarshal.TryGetArray(payload, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(payload.ToArray(), writable: false);
    }

    /// <summary>The characters of a long text, without a copy of it where it is valid UTF-8.</summary>
    public override TextReader GetTextReader(int ordinal)
        => Utf8.IsValid(PayloadOf(ordinal).Span)
            ? new StreamReader(GetStream(ordinal), new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false)
            : new StringReader((string)GetValue(ordinal));

    public override string GetName(int ordinal) => table.Columns[ordinal].Schema.Name;

    public override int GetOrdinal(string name)
    {
        for (var i = 0; i < table.Columns.Count; i++)
        {
            if (table.Columns[i].Schema.Name == name)
                return i;
        }

        throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such column.");
    }

    public override Type GetFieldType(int ordinal) => table.Columns[ordinal].Form switch
    {
        ColumnForm.Boolean => typeof(bool),
        ColumnForm.Byte => typeof(byte),
        ColumnForm.Int16 => typeof(short),
        ColumnForm.Int32 => typeof(int),
        ColumnForm.Int64 => typeof(long),
        ColumnForm.Double => typeof(double),
        ColumnForm.Single => typeof(float),
        ColumnForm.Decimal => typeof(System.Data.SqlTypes.SqlDecimal),
        ColumnForm.Money => typeof(decimal),
        ColumnForm.Binary or ColumnForm.Serialized => typeof(byte[]),
        ColumnForm.Guid => typeof(Guid),
        ColumnForm.Time => typeof(TimeSpan),
        ColumnForm.Date or ColumnForm.DateTime or ColumnForm.DateTime2 => typeof(DateTime),
        ColumnForm.DateTimeOffset => typeof(DateTimeOffset),
        _ => typeof(string),
    };

    public override string GetDataTypeName(int ordinal) => table.Columns[ordinal].TypeName;

    public override int GetValues(object[] values)
    {
        var count = Math.Min(values.Length, FieldCount);
        for (var i = 0; i < count; i++)
            values[i] = GetValue(i);
        return count;
    }

    public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);

    public override byte GetByte(int ordinal) => (byte)GetValue(ordinal);

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

    public override decimal GetDecimal(int ordinal) => (decimal)GetValue(ordinal);

    public override double GetDouble(int ordinal) => (double)GetValue(ordinal);

    public override float GetFloat(int ordinal) => (float)GetValue(ordinal);

    public override Guid GetGuid(int ordinal) => (Guid)GetValue(ordinal);

    public override short GetInt16(int ordinal) => (short)GetValue(ordinal);

    public override int GetInt32(int ordinal) => (int)GetValue(ordinal);

    public override long GetInt64(int ordinal) => (long)GetValue(ordinal);

    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override bool NextResult() => false;

    public override IEnumerator GetEnumerator() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _batch?.Dispose();
            _batch = null;
        }

        base.Dispose(disposing);
    }

    private async Task<bool> MoveNextAsync()
    {
        try
        {
            return await batches.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failure = ExceptionDispatchInfo.Capture(error);
            throw;
        }
    }

    private void FindFields(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        var start = 0;
        for (var i = 0; i < _fields.Length && reader.Read(); i++)
        {
            _fields[i] = (start, reader.Field.Length);
            start += reader.Field.Length;
        }
    }

    private CanonicalReader Field(int ordinal)
    {
        var (start, length) = _fields[ordinal];
        var reader = new CanonicalReader(_batch![_row].Slice(start, length));
        reader.Read();
        return reader;
    }

    private ReadOnlyMemory<byte> PayloadOf(int ordinal)
    {
        var (start, length) = _fields[ordinal];
        var payload = Field(ordinal).Payload.Length;
        return _batch!.Memory(_row).Slice(start + length - payload, payload);
    }
}
