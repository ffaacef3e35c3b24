using System.Text;

namespace LoggerCms.Databases.Sqlite;

/// <summary>A prepared statement. Used by one thread at a time, as its connection is.</summary>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private const int MostOnStack = 256;

    private readonly SqliteDb _db;

    public SqliteStatement(SqliteDb db, nint handle)
    {
        _db = db;
        Handle = handle;
    }

    public nint Handle { get; private set; }

    /// <summary>True while there is a row.</summary>
    public bool Step()
    {
        var result = Native.Step(Handle);
        if (result == Native.Row)
            return true;
        if (result == Native.Done)
            return false;
        throw _db.Failure();
    }

    /// <summary>One step whose result code the caller looks at.</summary>
    public int TryStep() => Native.Step(Handle);

    public void Run()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    // The error of a failed step is repeated by reset, and has been reported by then.
    public void Reset() => _ = Native.Reset(Handle);

    public SqliteStatement Bind(int index, long value)
    {
        _db.Check(Native.BindInt64(Handle, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
        {
            _db.Check(Native.BindNull(Handle, index));
            return this;
        }

        var bytes = value.Length <= MostOnStack ? stackalloc byte[3 * MostOnStack] : Encoding.UTF8.GetBytes(value);
        var length = value.Length <= MostOnStack ? Encoding.UTF8.GetBytes(value, bytes) : bytes.Length;
        fixed (byte* text = bytes)
            _db.Check(Native.BindText(Handle, index, text, length, -1));
        return this;
    }

    /// <summary>Binds bytes, empty ones as an empty blob; SQLite copies them.</summary>
    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value.IsEmpty ? "\0"u8 : value)
            _db.Check(Native.BindBlob(Handle, index, bytes, value.Length, -1));
        return this;
    }

    public bool IsNull(int index) => Native.ColumnType(Handle, index) == Native.TypeNull;

    public long Int64(int index) => Native.ColumnInt64(Handle, index);

    public byte[] Blob(int index)
    {
        var bytes = Native.ColumnBlob(Handle, index);
        return bytes is null ? [] : new ReadOnlySpan<byte>(bytes, Native.ColumnBytes(Handle, index)).ToArray();
    }

    public string Text(int index)
    {
        var text = Native.ColumnText(Handle, index);
        return text is null ? string.Empty : Encoding.UTF8.GetString(text, Native.ColumnBytes(Handle, index));
    }

    public string? TextOrNull(int index) => IsNull(index) ? null : Text(index);

    public void Dispose()
    {
        if (Handle == 0)
            return;
        _ = Native.Finalize(Handle);
        Handle = 0;
    }
}
