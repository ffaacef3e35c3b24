using System.Runtime.InteropServices;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// The parts of SQLite's C interface that run once a row or oftener. Getters of a column of the current row only read memory
/// (connections are opened without mutexes), so they are called without leaving the collector's cooperative mode.
/// </summary>
internal static unsafe class Native
{
    public const int Ok = 0;
    public const int Error = 1;
    public const int Permission = 3;
    public const int Busy = 5;
    public const int Locked = 6;
    public const int NoMemory = 7;
    public const int ReadOnly = 8;
    public const int Interrupted = 9;
    public const int InputOutput = 10;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int TooBig = 18;
    public const int Constraint = 19;
    public const int Mismatch = 20;
    public const int NotADatabase = 26;
    public const int Row = 100;
    public const int Done = 101;
    public const int BusySnapshot = Busy | (2 << 8);
    public const int ReadOnlyRollback = ReadOnly | (3 << 8);

    public const int TypeInteger = 1;
    public const int TypeFloat = 2;
    public const int TypeText = 3;
    public const int TypeBlob = 4;
    public const int TypeNull = 5;

    public const int Utf8 = 1;

    /// <summary>SQLITE_FCNTL_FILE_POINTER.</summary>
    public const int FilePointer = 7;

    /// <summary>The place of xRead in sqlite3_io_methods, behind iVersion and xClose.</summary>
    public const int ReadMethod = 2;

    private const string Library = "e_sqlite3";

    [DllImport(Library, EntryPoint = "sqlite3_file_control")]
    public static extern int FileControl(nint db, byte* name, int operation, void* argument);

    [DllImport(Library, EntryPoint = "sqlite3_prepare_v3")]
    public static extern int Prepare(nint db, byte* sql, int length, uint flags, nint* statement, byte** tail);

    [DllImport(Library, EntryPoint = "sqlite3_step")]
    public static extern int Step(nint statement);

    [DllImport(Library, EntryPoint = "sqlite3_reset")]
    public static extern int Reset(nint statement);

    [DllImport(Library, EntryPoint = "sqlite3_finalize")]
    public static extern int Finalize(nint statement);

    [DllImport(Library, EntryPoint = "sqlite3_bind_null")]
    public static extern int BindNull(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_bind_int64")]
    public static extern int BindInt64(nint statement, int index, long value);

    [DllImport(Library, EntryPoint = "sqlite3_bind_double")]
    public static extern int BindDouble(nint statement, int index, double value);

    [DllImport(Library, EntryPoint = "sqlite3_bind_text")]
    public static extern int BindText(nint statement, int index, byte* text, int length, nint destructor);

    [DllImport(Library, EntryPoint = "sqlite3_bind_blob")]
    public static extern int BindBlob(nint statement, int index, byte* bytes, int length, nint destructor);

    [DllImport(Library, EntryPoint = "sqlite3_column_type"), SuppressGCTransition]
    public static extern int ColumnType(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_column_int64"), SuppressGCTransition]
    public static extern long ColumnInt64(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_column_double"), SuppressGCTransition]
    public static extern double ColumnDouble(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_column_bytes"), SuppressGCTransition]
    public static extern int ColumnBytes(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_column_blob"), SuppressGCTransition]
    public static extern byte* ColumnBlob(nint statement, int index);

    /// <summary>May convert from UTF-16, and so may take long.</summary>
    [DllImport(Library, EntryPoint = "sqlite3_column_text")]
    public static extern byte* ColumnText(nint statement, int index);

    [DllImport(Library, EntryPoint = "sqlite3_changes64")]
    public static extern long Changes(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_extended_errcode")]
    public static extern int ExtendedErrorCode(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_errmsg")]
    public static extern byte* ErrorMessage(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_system_errno")]
    public static extern int SystemErrorNumber(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_interrupt")]
    public static extern void Interrupt(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_busy_timeout")]
    public static extern int BusyTimeout(nint db, int milliseconds);

    [DllImport(Library, EntryPoint = "sqlite3_get_autocommit")]
    public static extern int GetAutoCommit(nint db);

    [DllImport(Library, EntryPoint = "sqlite3_table_column_metadata")]
    public static extern int ColumnMetadata(
        nint db, byte* schema, byte* table, byte* column, byte** type, byte** collation, int* notNull, int* primaryKey, int* autoIncrement);

    [DllImport(Library, EntryPoint = "sqlite3_create_function_v2")]
    public static extern int CreateFunction(
        nint db,
        byte* name,
        int arguments,
        int encoding,
        nint data,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> function,
        nint step,
        nint final,
        nint destructor);

    [DllImport(Library, EntryPoint = "sqlite3_user_data"), SuppressGCTransition]
    public static extern nint UserData(nint context);

    [DllImport(Library, EntryPoint = "sqlite3_value_double"), SuppressGCTransition]
    public static extern double ValueDouble(nint value);

    [DllImport(Library, EntryPoint = "sqlite3_result_int64"), SuppressGCTransition]
    public static extern void ResultInt64(nint context, long value);
}
