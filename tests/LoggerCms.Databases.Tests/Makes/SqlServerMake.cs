using System.Data.Common;
using System.Data.SqlTypes;
using System.Globalization;
using LoggerCms.Databases.SqlServer;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.Tests.Makes;

public sealed class SqlServerMake : TestMake
{
    public const string Variable = "LOGGERCMS_TEST_SQLSERVER";

    public static string? Server => Environment.GetEnvironmentVariable(Variable);

    public override SideProvider Provider => SideProvider.SqlServer;

    public override ISideDriver Driver { get; } = new SqlServerSideDriver();

    public override string? Missing => string.IsNullOrEmpty(Server) ? $"No SQL Server: {Variable} is not set." : null;

    public override bool TextHoldsNul => false;

    public override bool BlankAtTheEndCounts => false;

    public override bool TextKeysAreOrderable => false;

    public override bool DoubleHoldsNonFinite => false;

    public override string KeyText => "nvarchar(200) COLLATE Latin1_General_BIN2";

    public override string LooseText => "nvarchar(200) COLLATE SQL_Latin1_General_CP1_CI_AS";

    public override string IdentityKey => "bigint IDENTITY(1, 1) PRIMARY KEY";

    public override string ImpatientSession => "SET LOCK_TIMEOUT 200";

    public override string BeginWrite => "BEGIN TRANSACTION";

    public override string[] InSavepoint(string statement, bool keep)
        => keep ? ["SAVE TRANSACTION s", statement] : ["SAVE TRANSACTION s", statement, "ROLLBACK TRANSACTION s"];

    public override async Task<TestDatabase> CreateDatabaseAsync()
    {
        var database = new SqlServerTestDatabase("loggercms_" + Guid.NewGuid().ToString("n")[..12]);
        await database.CreateAsync();
        return database;
    }

    public override async Task<string?> RefusesNameAsync(string name)
    {
        var reason = name.Contains(']', StringComparison.Ordinal) ? "Babelfish does not understand a doubled closing bracket in a name."
            : name.Any(char.IsSurrogate) ? "Babelfish sends a column's name short by one for each surrogate pair in it."
            : null;
        if (reason is null)
            return null;
        await using var connection = new SqlConnection(new SqlConnectionStringBuilder(Server) { InitialCatalog = "master", Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT CAST(SERVERPROPERTY('Babelfish') AS int)";
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is 1 ? reason : null;
    }

    public override string Quote(string name) => "[" + name.Replace("]", "]]", StringComparison.Ordinal) + "]";

    public override string? TypeOf(LogicalKind kind) => kind switch
    {
        LogicalKind.Boolean => "bit",
        LogicalKind.Integer => "bigint",
        LogicalKind.Double => "float(53)",
        LogicalKind.Single => "real",
        LogicalKind.Decimal => "decimal(38, 10)",
        LogicalKind.Text => "nvarchar(max)",
        LogicalKind.Binary => "varbinary(max)",
        LogicalKind.Guid => "uniqueidentifier",
        LogicalKind.Date => "date",
        LogicalKind.Time => "time(6)",
        LogicalKind.DateTime => "datetime2(6)",
        LogicalKind.DateTimeOffset => "datetimeoffset(6)",
        _ => null,
    };

    public override string RenameTable(string from, string to) => $"EXEC sp_rename '{from}', '{to}', 'OBJECT'";

    public override string GeneratedTwiceV(string name) => $"{name} AS (v * 2) PERSISTED";

    public override string Binary(string hex) => "0x" + hex;

    public override string Text(string value) => "N" + base.Text(value);

    public override string LargeBinary(int megabytes)
        => $"CONVERT(varbinary(max), REPLICATE(CONVERT(varchar(max), '0123456789'), {megabytes}00000))";

    public override string[] TriggerThatNotes(string table) =>
        [$"CREATE TRIGGER note ON {table} AFTER INSERT, UPDATE, DELETE AS BEGIN SET NOCOUNT ON; INSERT INTO fired VALUES (1); END"];

    public override string FillIdAndText(string table, int count)
        => $"""
            WITH d(i) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
                UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9),
            n(i) AS (SELECT a.i + 10 * b.i + 100 * c.i + 1000 * e.i + 10000 * f.i + 1 FROM d a, d b, d c, d e, d f)
            INSERT INTO {table}(id, v) SELECT i, 'row ' + CAST(i AS varchar(10)) FROM n WHERE i <= {count}
            """;

    public override string[] Decimals =>
    [
        "0.0000000000", "1.0000000000", "1.5000000000", "-0.0010000000", "1234567890123456789012345678.1234567890", "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999",
    ];

    public override (string Declared, string Literal, string? Expected)[] StoredCases =>
    [
        ("tinyint", "255", "Integer 255"), ("smallint", "-32768", "Integer -32768"), ("int", "2147483647", "Integer 2147483647"), ("bigint", "-9223372036854775808", "Integer -9223372036854775808"),
        ("bit", "1", "Boolean True"), ("decimal(38, 0)", "99999999999999999999999999999999999999", "Decimal 99999999999999999999999999999999999999"), ("decimal(38, 38)", "0.00000000000000000000000000000000000001", null),
        ("numeric(10, 2)", "1.5", "Decimal 1.50"), ("numeric(10, 2)", "0", "Decimal 0.00"), ("money", "922337203685477.5807", null), ("money", "-0.0001", null), ("smallmoney", "214748.3647", null),
        ("float(53)", "1.7976931348623157e308", null), ("float(53)", "2.2250738585072014e-308", null), ("real", "3.4028234e38", null), ("float", "0.1", "Double 0.1 3fb999999999999a"),
        ("nvarchar(50)", "N'a '", "Text 'a '"), ("nvarchar(50)", "N''", "Text ''"), ("nvarchar(50)", "N'e' + NCHAR(769)", "Text u65CC81"), ("varchar(50)", "'é'", "Text uC3A9"), ("char(5)", "'a'", null), ("nchar(5)", "N'a'", null),
        ("varchar(max)", "'x'", "Text 'x'"), ("nvarchar(max)", "N'😀'", "Text uF09F9880"), ("ntext", "N'old'", null), ("text", "'old'", null), ("image", "0x0102", null),
        ("binary(4)", "0x01", "Binary 01000000"), ("varbinary(10)", "0x", "Binary "), ("varbinary(max)", "0x00FF", "Binary 00FF"),
        ("uniqueidentifier", "'00112233-4455-6677-8899-aabbccddeeff'", "Guid 00112233445566778899AABBCCDDEEFF"),
        ("date", "'0001-01-01'", "Date 0001-01-01"), ("date", "'9999-12-31'", "Date 9999-12-31"), ("time(7)", "'23:59:59.999999'", "Time 23:59:59.9999990"), ("time(0)", "'12:34:56'", "Time 12:34:56"),
        ("datetime", "'1753-01-01 00:00:00.003'", null), ("datetime", "'9999-12-31 23:59:59.997'", null), ("smalldatetime", "'2026-11-22 01:02'", "DateTime 2026-11-22T01:02:00"),
        ("datetime2(6)", "'2026-11-22 01:02:03.456789'", "DateTime 2026-11-22T01:02:03.4567890"), ("datetimeoffset(6)", "'2026-11-22 01:02:03.456789 +02:00'", "DateTimeOffset 2026-11-21T23:02:03.4567890Z 120"),
        ("datetimeoffset", "'2026-11-22 01:02:03 -09:30'", "DateTimeOffset 2026-11-22T10:32:03Z -570"), ("sysname NULL", "N'n'", null), ("xml", "N'<a b=\"c\"/>'", null),
    ];
}

internal sealed class SqlServerTestDatabase(string name) : TestDatabase
{
    public override SideConnection Connection
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { InitialCatalog = name }.ConnectionString);

    public Task CreateAsync() => MaintainAsync($"CREATE DATABASE {name}");

    public override async Task<DbConnection> ConnectAsync() => await OpenAsync(name);

    public override Task<TestDatabase> CloneAsync()
    {
        Assert.Skip("A copy needs BACKUP and RESTORE on the server's own disk.");
        return null!;
    }

    public override async Task<IReadOnlyList<string>> DumpAsync(string quotedTable)
    {
        await using var connection = await OpenAsync(name);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {quotedTable}";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        var values = new object[reader.FieldCount];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            reader.GetSqlValues(values);
            rows.Add(string.Join(" | ", values.Select(Show)));
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    public override Task<IReadOnlyList<string>> FindOwnObjectsAsync()
        => ListAsync("SELECT CAST(name AS nvarchar(200)) FROM sys.objects WHERE name LIKE '%loggercms%'");

    public override async ValueTask DisposeAsync()
    {
        SqlConnection.ClearAllPools();
        try
        {
            await MaintainAsync($"DROP DATABASE {name}");
        }
        catch (SqlException error) when (error.Message.Contains("in use", StringComparison.Ordinal))
        {
            // Babelfish takes no notice of a cancellation while it waits for a lock, so a connection may outlive its test until the lock's time-out.
            TestContext.Current.SendDiagnosticMessage($"{name} stays: {error.Message}");
        }
    }

    private static async Task MaintainAsync(string statement)
    {
        await using var server = await OpenAsync("master");
        for (var tries = 1; ; tries++)
        {
            try
            {
                await ExecuteAsync(server, statement);
                return;
            }
            catch (SqlException error) when (tries < 20 && error.Message.Contains("tuple concurrently updated", StringComparison.Ordinal))
            {
                // Babelfish, whose databases are schemas of one, neither makes nor drops two at once: another test was first.
            }
        }
    }

    private static string Show(object value) => value switch
    {
        INullable { IsNull: true } => "NULL",
        SqlBinary binary => Convert.ToHexString(binary.Value),
        SqlBytes bytes => Convert.ToHexString(bytes.Value),
        SqlDouble number => BitConverter.DoubleToInt64Bits(number.Value).ToString("x16", CultureInfo.InvariantCulture),
        SqlSingle number => BitConverter.SingleToInt32Bits(number.Value).ToString("x8", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static async Task<SqlConnection> OpenAsync(string database)
    {
        var builder = new SqlConnectionStringBuilder(SqlServerMake.Server) { InitialCatalog = database, Pooling = false };
        var connection = new SqlConnection(builder.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
