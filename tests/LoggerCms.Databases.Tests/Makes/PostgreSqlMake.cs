using System.Data.Common;
using LoggerCms.Databases.PostgreSql;
using Npgsql;

namespace LoggerCms.Databases.Tests.Makes;

public sealed class PostgreSqlMake : TestMake
{
    public const string Variable = "LOGGERCMS_TEST_POSTGRESQL";

    public static string? Server => Environment.GetEnvironmentVariable(Variable);

    public override SideProvider Provider => SideProvider.PostgreSql;

    public override ISideDriver Driver { get; } = new PostgreSqlSideDriver();

    public override string? Missing => string.IsNullOrEmpty(Server) ? $"No PostgreSQL: {Variable} is not set." : null;

    public override bool TextHoldsNul => false;

    public override bool DoubleHoldsNonFinite => true;

    public override string KeyText => "text COLLATE \"C\"";

    public override string[] LooseTextSetup
        => ["CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"];

    public override string LooseText => "text COLLATE loose";

    public override string IdentityKey => "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY";

    public override string ImpatientSession => "SET lock_timeout = 200";

    public override async Task<TestDatabase> CreateDatabaseAsync()
    {
        var database = new PostgreSqlTestDatabase("loggercms_" + Guid.NewGuid().ToString("n"));
        await database.CreateAsync("template0");
        return database;
    }

    public override string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public override string? TypeOf(LogicalKind kind) => kind switch
    {
        LogicalKind.Boolean => "boolean",
        LogicalKind.Integer => "bigint",
        LogicalKind.Double => "double precision",
        LogicalKind.Single => "real",
        LogicalKind.Decimal => "numeric",
        LogicalKind.Text => "text",
        LogicalKind.Binary => "bytea",
        LogicalKind.Guid => "uuid",
        LogicalKind.Date => "date",
        LogicalKind.Time => "time",
        LogicalKind.DateTime => "timestamp",
        LogicalKind.DateTimeOffset => "timestamptz",
        _ => null,
    };

    public override string GeneratedTwiceV(string name) => $"{name} bigint GENERATED ALWAYS AS (v * 2) STORED";

    public override string Binary(string hex) => $"'\\x{hex}'::bytea";

    public override string LargeBinary(int megabytes)
        => $"(SELECT string_agg(decode(repeat(md5(i::text), 31250), 'hex'), ''::bytea) FROM generate_series(1, {megabytes * 2}) i)";

    public override string[] TriggerThatNotes(string table) =>
    [
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO fired VALUES (1); RETURN NULL; END'",
        $"CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION note()",
    ];

    public override string FillIdAndText(string table, int count)
        => $"INSERT INTO {table}(id, v) SELECT i, 'row ' || i FROM generate_series(1, {count}) i";

    public override string[] Decimals =>
    [
        "0", "0.00", "1", "1.0", "1.50", "-0.001", "123456789012345678901234567890.1234567890", "10000", "100000000", "0.0001", "0.00001", "12345.67891", "NaN", "Infinity", "-Infinity",
        new string('9', 400) + "." + new string('1', 300), "0." + new string('0', 500) + "7",
    ];

    public override string[] StoredCasesSetup =>
    [
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s')",
        "CREATE TYPE pair AS (a integer, b text)",
        "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
        "CREATE DOMAIN code AS varchar(4)",
    ];

    public override (string Declared, string Literal, string? Expected)[] StoredCases =>
    [
        ("smallint", "-32768", "Integer -32768"), ("integer", "2147483647", "Integer 2147483647"), ("bigint", "-9223372036854775808", "Integer -9223372036854775808"),
        ("boolean", "true", "Boolean True"), ("numeric(10, 2)", "1.5", "Decimal 1.50"), ("numeric(10, 2)", "'NaN'", "Decimal NaN"), ("numeric(10, -2)", "12345", "Decimal 12300"),
        ("numeric(3, 5)", "0.00123", "Decimal 0.00123"), ("numeric", "'-Infinity'", "Decimal -Infinity"), ("numeric", "1e20", "Decimal 100000000000000000000"), ("numeric", "-0.0", "Decimal 0.0"),
        ("numeric", "1e-20", "Decimal 0.00000000000000000001"), ("real", "'1.17549435e-38'", "Single 1.1754944E-38 00800000"), ("real", "'-0'", "Single -0 80000000"), ("real", "'NaN'", null),
        ("double precision", "'4.9406564584124654e-324'", "Double 5E-324 0000000000000001"), ("double precision", "'-0'", "Double -0 8000000000000000"), ("double precision", "'-Infinity'", null),
        ("text", "''", "Text ''"), ("text", "E'a\\u0301'", "Text u61CC81"), ("varchar(5)", "'a  '", "Text 'a  '"), ("char(5)", "'a'", null), ("\"char\"", "'x'", null), ("name", "'n'", null),
        ("bytea", "'\\x00ff'", "Binary 00FF"), ("uuid", "'00112233-4455-6677-8899-aabbccddeeff'", "Guid 00112233445566778899AABBCCDDEEFF"), ("date", "'infinity'", "Date infinity"),
        ("date", "'-infinity'", "Date -infinity"), ("date", "'0044-03-15 BC'", null), ("date", "'5874897-12-31'", null), ("date", "'4713-01-01 BC'", null), ("time", "'24:00'", null), ("time(0)", "'12:34:56.7'", "Time 12:34:57"),
        ("timestamp", "'infinity'", null), ("timestamp", "'-infinity'", null), ("timestamp", "'294276-12-31 23:59:59.999999'", null), ("timestamp", "'4713-01-01 BC'", null),
        ("timestamp", "'1969-12-31 23:59:59.999999'", "DateTime 1969-12-31T23:59:59.9999990"), ("timestamptz", "'2026-11-22 01:02:03.456789+02'", "DateTimeOffset 2026-11-21T23:02:03.4567890Z 0"),
        ("timestamptz", "'infinity'", null), ("timetz", "'12:00+02'", null), ("interval", "'1 mon -3 days 04:05:06.789'", null), ("interval", "'-1 year'", null), ("json", "'{\"a\":  1, \"a\": 2}'", null),
        ("jsonb", "'{\"a\": 1.50}'", null), ("xml", "'<a b=\"c\">&amp;</a>'", null), ("inet", "'10.0.0.1/8'", null), ("cidr", "'10.0.0.0/8'", null), ("macaddr", "'08:00:2b:01:02:03'", null),
        ("bit(4)", "B'1010'", null), ("varbit", "B'101'", null), ("money", "'-1234.56'", null), ("point", "'(0.1,1e300)'", null), ("polygon", "'((0,0),(1,1))'", null), ("int4range", "'[1,5)'", null),
        ("tsvector", "'a:1 b'", null), ("integer[]", "'{1,NULL,3}'", null), ("text[]", "ARRAY['a', '', NULL, 'q\"', ',', 'NULL']", null), ("text[]", "'{}'", null), ("integer[]", "'[2:3]={1,2}'", null), ("mood", "'it''s'", null),
        ("pair", "ROW(1, 'a,b')", null), ("positive", "5", null), ("code", "'a '", null), ("oid", "4294967295", null), ("xid8", "'18446744073709551615'", null), ("pg_lsn", "'16/B374D848'", null), ("int8multirange", "'{[1,3)}'", null),
        ("regclass", "'pg_class'", null), ("timestamp[]", "ARRAY['infinity'::timestamp]", null), ("double precision[]", "ARRAY[0.1::float8, 'NaN']", null),
    ];
}

internal sealed class PostgreSqlTestDatabase(string name) : TestDatabase
{
    public override SideConnection Connection => new(SideProvider.PostgreSql, ConnectionString(name));

    public async Task CreateAsync(string template)
    {
        await using var server = await OpenAsync("postgres");
        await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'");
    }

    public override async Task<DbConnection> ConnectAsync() => await OpenAsync(name);

    public override async Task<TestDatabase> CloneAsync()
    {
        await DisconnectAsync();
        var copy = new PostgreSqlTestDatabase(name + "_copy");
        await copy.CreateAsync(name);
        return copy;
    }

    public override Task<IReadOnlyList<string>> DumpAsync(string quotedTable)
        => ListAsync($"SELECT t::text FROM {quotedTable} t");

    public override Task<IReadOnlyList<string>> FindOwnObjectsAsync() => ListAsync(
        """
        SELECT 'relation ' || relname FROM pg_class WHERE relname LIKE '%loggercms%'
        UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE '%loggercms%' OR prosrc LIKE '%loggercms%'
        UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE '%loggercms%'
        UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE '%loggercms%'
        UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger WHERE evtname LIKE '%loggercms%'
        """);

    public override async ValueTask DisposeAsync()
    {
        await using var server = await OpenAsync("postgres");
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

    public async Task DisconnectAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await using var server = await OpenAsync("postgres");
        await ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    }

    public static string ConnectionString(string database)
        => new NpgsqlConnectionStringBuilder(PostgreSqlMake.Server) { Database = database }.ConnectionString;

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var builder = new NpgsqlConnectionStringBuilder(ConnectionString(database)) { Pooling = false };
        var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
