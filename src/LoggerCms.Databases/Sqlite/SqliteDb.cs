using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// One connection. Opened without mutexes: one thread at a time uses it, which <see cref="Gate"/> ensures where several could.
/// Foreign keys are off (rows are moved as they are), and so is everything that would wait for longer than a moment.
/// </summary>
internal sealed unsafe class SqliteDb : IDisposable
{
    private const int EnableTriggers = 1003;
    private const int LimitColumn = 2;
    private const int BusyStepMilliseconds = 50;

    private readonly sqlite3 _handle;
    private long* _counter;

    static SqliteDb() => Batteries_V2.Init();

    private SqliteDb(sqlite3 handle, string path, string side)
    {
        _handle = handle;
        Pointer = handle.DangerousGetHandle();
        Path = path;
        Side = side;
    }

    public nint Pointer { get; }

    public string Path { get; }

    /// <summary>What the side is called in errors.</summary>
    public string Side { get; }

    public Lock Gate { get; } = new();

    /// <summary>True where another database is attached as <c>src</c>.</summary>
    public bool HasSource { get; private set; }

    /// <summary>Rows that <see cref="CountingFunction"/> was called for since it was last set.</summary>
    public long Counter
    {
        get => *_counter;
        set => *_counter = value;
    }

    /// <summary>An SQL function that counts its calls and returns 0: rows that need no further look are counted without leaving SQLite.</summary>
    public const string CountingFunction = "loggercms_count";

    /// <summary>An SQL function that gives the bits of a real, because SQL holds -0.0 and 0.0 equal.</summary>
    public const string BitsFunction = "loggercms_bits";

    /// <summary>
    /// Opens an existing file. It is opened for writing where that is allowed, also by readers: only so does SQLite roll a crashed
    /// writer's journal back and tidy its own files away. Readers are held to reading by query_only.
    /// </summary>
    public static SqliteDb Open(string path, string side, bool write)
    {
        const int extendedResultCodes = 0x02000000;
        const int flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX | extendedResultCodes;
        var result = raw.sqlite3_open_v2(path, out var handle, flags, null);
        var db = new SqliteDb(handle, path, side);
        try
        {
            db.Check(result);
            SqliteJournal.Check(db);
            db.WaitForLocks(true);
            db.Execute("PRAGMA foreign_keys = OFF");
            if (!write)
                db.Execute("PRAGMA query_only = ON");
            db.AddFunctions();
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads the file as it lies there, by the connection's own handle: closing another one would take this process's locks on the file away
    /// (https://sqlite.org/howtocorrupt.html). No lock is taken, and nothing is rolled back.
    /// </summary>
    /// <returns>False where the file does not have so many bytes, or cannot be read.</returns>
    public bool TryReadFile(long offset, Span<byte> bytes)
    {
        nint file = 0;
        fixed (byte* name = "main\0"u8, target = bytes)
        {
            if (Native.FileControl(Pointer, name, Native.FilePointer, &file) != Native.Ok || file == 0 || *(nint*)file == 0)
                return false;
            var methods = *(nint**)file;
            return ((delegate* unmanaged<nint, byte*, int, long, int>)methods[Native.ReadMethod])(file, target, bytes.Length, offset) == Native.Ok;
        }
    }

    /// <summary>How many columns a statement may give.</summary>
    public int MostColumns => raw.sqlite3_limit(_handle, LimitColumn, -1);

    public void SwitchTriggersOff()
        => Check(raw.sqlite3_db_config(_handle, EnableTriggers, 0, out _));

    /// <summary>
    /// Also syncs the folder that a rollback journal goes from: without that the next power loss may take a commit back. Not inside a transaction.
    /// </summary>
    public void MakeCommitsLast() => Execute("PRAGMA main.synchronous = EXTRA");

    /// <summary>Attaches another database as <c>src</c>.</summary>
    public void Attach(string path, CancellationToken cancellationToken)
    {
        SqliteViews.Read(
            this,
            db =>
            {
                using var attach = db.Prepare("ATTACH DATABASE ?1 AS src");
                attach.Bind(1, path).Run();
                return true;
            },
            cancellationToken);
        HasSource = true;
        Execute("PRAGMA main.cache_size = -8000; PRAGMA src.cache_size = -8000");
        MakeCommitsLast();
    }

    public SqliteStatement Prepare(string sql)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        nint statement;
        fixed (byte* text = bytes)
            Check(Native.Prepare(Pointer, text, bytes.Length, 0, &statement, null));
        return new SqliteStatement(this, statement);
    }

    /// <summary>Runs all statements of <paramref name="sql"/>.</summary>
    public void Execute(string sql)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* start = bytes)
        {
            var at = start;
            while (at < start + bytes.Length)
            {
                nint handle;
                byte* tail;
                Check(Native.Prepare(Pointer, at, (int)(start + bytes.Length - at), 0, &handle, &tail));
                at = tail;
                if (handle == 0)
                    continue;
                using var statement = new SqliteStatement(this, handle);
                statement.Run();
            }
        }
    }

    public long ScalarInt64(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    public string? ScalarText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.TextOrNull(0) : null;
    }

    /// <summary>
    /// Runs a statement that needs a lock, in short waits, so that cancelling takes effect at once.
    /// </summary>
    /// <returns>False when the lock was not to be had in <paramref name="timeout"/>.</returns>
    public bool TryExecuteLocked(string sql, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var statement = Prepare(sql);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = statement.TryStep();
            while (result == Native.Row)
                result = statement.TryStep();
            if (result == Native.Done)
                return true;
            var failure = Failure(result);
            statement.Reset();
            if ((result & 0xFF) is not (Native.Busy or Native.Locked) || result == Native.BusySnapshot)
                throw failure;
            if (Stopwatch.GetElapsedTime(started) >= timeout)
                return false;
        }
    }

    /// <summary>Whether a statement that meets a lock waits for a moment before it fails, or fails at once.</summary>
    public void WaitForLocks(bool wait) => Check(Native.BusyTimeout(Pointer, wait ? BusyStepMilliseconds : 0));

    public bool IsInTransaction => Native.GetAutoCommit(Pointer) == 0;

    public long Changes => Native.Changes(Pointer);

    /// <summary>Ends what the connection is doing, from any thread.</summary>
    public void Interrupt() => Native.Interrupt(Pointer);

    public void Check(int result)
    {
        if (result != Native.Ok)
            throw Failure(result);
    }

    /// <summary>The connection's last error as a typed failure; an interrupt as a cancellation.</summary>
    public Exception Failure() => Failure(Native.ExtendedErrorCode(Pointer));

    public Exception Failure(int result)
    {
        if ((result & 0xFF) == Native.Interrupted)
            return new OperationCanceledException("SQLite was interrupted.");
        var message = Marshal.PtrToStringUTF8((nint)Native.ErrorMessage(Pointer)) ?? string.Empty;
        const int noSpace = 28;
        if ((result & 0xFF) == Native.InputOutput && Native.SystemErrorNumber(Pointer) == noSpace)
            result = Native.Full;
        return SqliteErrors.Create(result, message, Path, Side);
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (_counter is not null)
            NativeMemory.Free(_counter);
        _counter = null;
    }

    private void AddFunctions()
    {
        _counter = (long*)NativeMemory.AllocZeroed(sizeof(long));
        fixed (byte* name = "loggercms_count\0"u8)
            Check(Native.CreateFunction(Pointer, name, 0, Native.Utf8, (nint)_counter, &Count, 0, 0, 0));
        fixed (byte* name = "loggercms_bits\0"u8)
            Check(Native.CreateFunction(Pointer, name, 1, Native.Utf8, 0, &Bits, 0, 0, 0));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Count(nint context, int arguments, nint* values)
    {
        ++*(long*)Native.UserData(context);
        Native.ResultInt64(context, 0);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bits(nint context, int arguments, nint* values)
        => Native.ResultInt64(context, BitConverter.DoubleToInt64Bits(Native.ValueDouble(values[0])));
}
