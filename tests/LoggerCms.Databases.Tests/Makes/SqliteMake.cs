using System.Data.Common;
using LoggerCms.Databases.Sqlite;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Databases.Tests.Makes;

public sealed class SqliteMake : TestMake
{
    public override SideProvider Provider => SideProvider.Sqlite;

    public override ISideDriver Driver { get; } = new SqliteSideDriver();

    public override string? Missing => null;

    public override bool TextHoldsNul => true;

    public override bool DoubleHoldsNonFinite => false;

    public override string KeyText => "TEXT";

    public override string LooseText => "TEXT COLLATE NOCASE";

    public override string IdentityKey => "INTEGER PRIMARY KEY AUTOINCREMENT";

    public override string ImpatientSession => "PRAGMA busy_timeout = 0";

    public override string BeginWrite => "BEGIN IMMEDIATE";

    public override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());

    public override string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public override string? TypeOf(LogicalKind kind) => kind switch
    {
        LogicalKind.Boolean => "BOOLEAN",
        LogicalKind.Integer => "INTEGER",
        LogicalKind.Double => "DOUBLE",
        LogicalKind.Decimal => "DECIMAL_TEXT",
        LogicalKind.Single => "FLOAT4",
        LogicalKind.Text => "TEXT",
        LogicalKind.Binary => "BLOB",
        LogicalKind.Guid => "GUID",
        LogicalKind.Date => "DATE",
        LogicalKind.Time => "TIME",
        LogicalKind.DateTime => "DATETIME",
        LogicalKind.DateTimeOffset => "DATETIMEOFFSET",
        _ => null,
    };

    public override string GeneratedTwiceV(string name) => $"{name} INTEGER GENERATED ALWAYS AS (v * 2) STORED";

    public override string Binary(string hex) => $"x'{hex}'";

    public override string LargeBinary(int megabytes) => $"randomblob({megabytes}000000)";

    public override string[] TriggerThatNotes(string table) =>
    [
        $"CREATE TRIGGER note_i AFTER INSERT ON {table} BEGIN INSERT INTO fired VALUES (1); END",
        $"CREATE TRIGGER note_u AFTER UPDATE ON {table} BEGIN INSERT INTO fired VALUES (2); END",
        $"CREATE TRIGGER note_d AFTER DELETE ON {table} BEGIN INSERT INTO fired VALUES (3); END",
    ];

    public override string FillIdAndText(string table, int count)
        => $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO {table}(id, v) SELECT i, 'row ' || i FROM n";

    public override bool CanArrive(LogicalKind kind, object value) => (kind, value) switch
    {
        (LogicalKind.Boolean, double or 1L) => false,
        (LogicalKind.Integer, "12" or 1.0 or bool or DateOnly or Support.Raw) => false,
        (LogicalKind.Text, not (string or byte[] or Support.Raw { Tag: FieldTag.Text })) => false,
        (LogicalKind.Guid, "00112233-4455-6677-8899-aabbccddeeff") => false,
        _ => true,
    };

    public override string[] Decimals
        => ["0", "0.0", "1", "1.0", "1.50", "-0.001", "123456789012345678901234567890.1234567890", "79228162514264337593543950336", "-99999999999999999999999999999999999999"];

    public override (string Declared, string Literal, string? Expected)[] StoredCases => [.. Classes(), .. Meanings];

    private static (string Declared, string Literal, string? Expected)[] Meanings =>
    [
        ("TEXT", "'a' || char(0) || 'b'", "Text u610062"),
        ("TEXT", "CAST(x'FFFE' AS TEXT)", null),
        ("INTEGER", "9223372036854775807", "Integer 9223372036854775807"),
        ("REAL", "4.9406564584124654e-324", null),
        ("REAL", "1e999", null),
        ("REAL", "-1e999", null),
        ("REAL", "1", "Double 1 3ff0000000000000"),
        ("REAL", "9007199254740993", null),
        ("BLOB", "zeroblob(0)", "Binary "),
        ("VARCHAR(10)", "'longer than ten'", "Text 'longer than ten'"),
    ];

    /// <summary>Every storage class under every declared type: SQLite keeps what it is given, fitting or not.</summary>
    private static IEnumerable<(string Declared, string Literal, string? Expected)> Classes()
    {
        string[] declared =
        [
            "", "INTEGER", "INT", "TINYINT", "REAL", "DOUBLE", "FLOAT", "NUMERIC", "DECIMAL(10,2)", "DECIMAL_TEXT", "TEXT", "VARCHAR(3)", "CHAR(5)", "BLOB", "BOOLEAN", "DATE", "TIME",
            "DATETIME", "TIMESTAMP", "DATETIMEOFFSET", "GUID", "UUID", "UNIQUEIDENTIFIER", "JSON", "STRING", "MONEY",
        ];
        string[] literals =
        [
            "1", "-1", "2", "1.5", "1.0", "'1'", "'1.50'", "' 1'", "'01'", "'abc'", "''", "'true'", "x''", "x'00'", "x'31'", "'2026-11-22'", "'2026-11-22 01:02:03'", "'2026-11-22T01:02:03.1234567Z'",
            "'2026-11-22 01:02:03+02:00'", "'01:02:03'", "'24:00:00'", "'2026-02-30'", "'00112233-4455-6677-8899-aabbccddeeff'", "'00112233-4455-6677-8899-AABBCCDDEEFF'",
            "x'00112233445566778899aabbccddeeff'", "'123456789012345678901234567890.10'", "9223372036854775807", "1e300", "'1e5'", "'-0'", "'NaN'",
        ];
        return declared.SelectMany(d => literals.Select(l => (d, l, (string?)null)));
    }
}

internal sealed class SqliteTestDatabase : TestDatabase
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-test-").FullName;

    public SqliteTestDatabase(string? copyOf = null)
    {
        Path = System.IO.Path.Combine(_folder, "side.db");
        if (copyOf is not null)
        {
            File.Copy(copyOf, Path);
            return;
        }

        using var connection = Open(Path);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version = 1";
        command.ExecuteNonQuery();
    }

    public string Path { get; }

    public override SideConnection Connection => new(SideProvider.Sqlite, Path);

    public override Task<DbConnection> ConnectAsync() => Task.FromResult<DbConnection>(Open(Path));

    public override Task<TestDatabase> CloneAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase(Path));

    public override async Task<IReadOnlyList<string>> DumpAsync(string quotedTable)
    {
        var literal = quotedTable.Trim('"').Replace("\"\"", "\"", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
        var columns = await ListAsync($"SELECT name FROM pragma_table_xinfo('{literal}')");
        var fields = columns
            .Select(c => "\"" + c.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"")
            .Select(c => $"typeof({c}) || ' ' || CASE typeof({c}) WHEN 'text' THEN hex(CAST({c} AS BLOB)) WHEN 'blob' THEN hex({c}) ELSE quote({c}) END");
        return await ListAsync($"SELECT {string.Join(" || ' | ' || ", fields)} FROM {quotedTable}");
    }

    public override Task<IReadOnlyList<string>> FindOwnObjectsAsync()
        => ListAsync("SELECT type || ' ' || name FROM sqlite_schema WHERE name LIKE '%loggercms%' OR sql LIKE '%loggercms%'");

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();

        // The witness need not be durable; what is tested is the driver.
        command.CommandText = "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF";
        command.ExecuteNonQuery();
        return connection;
    }
}
