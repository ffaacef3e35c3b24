using LoggerCms.Core.Comparison;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Npgsql;

namespace LoggerCms.Databases.Tests.PostgreSql;

/// <summary>What the server's own hashes of rows must not be mistaken in: types of one name and another number, and rows that moved.</summary>
public sealed class PostgreSqlHashTests : PostgreSqlTest
{
    private static readonly string[] Types =
    [
        "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE TYPE pair AS (a integer, b text)", "CREATE DOMAIN d_bool AS boolean", "CREATE DOMAIN d_int2 AS smallint", "CREATE DOMAIN d_int4 AS integer CHECK (VALUE > -100)",
        "CREATE DOMAIN d_int8 AS bigint", "CREATE DOMAIN d_float4 AS real", "CREATE DOMAIN d_float8 AS double precision", "CREATE DOMAIN d_numeric AS numeric(20, 4)", "CREATE DOMAIN d_text AS text", "CREATE DOMAIN d_varchar AS varchar(20)",
        "CREATE DOMAIN d_char AS char(5)", "CREATE DOMAIN d_bytea AS bytea", "CREATE DOMAIN d_uuid AS uuid", "CREATE DOMAIN d_date AS date", "CREATE DOMAIN d_time AS time(3)", "CREATE DOMAIN d_timestamp AS timestamp(3)",
        "CREATE DOMAIN d_timestamptz AS timestamptz", "CREATE DOMAIN d_mood AS mood", "CREATE DOMAIN d_array AS integer[]", "CREATE DOMAIN d_json AS jsonb", "CREATE DOMAIN d_deep AS d_int4",
    ];

    /// <summary>The other database numbers its types otherwise, and orders its labels so too.</summary>
    private static readonly string[] OtherTypes = ["CREATE TYPE before AS ENUM ('x')", "CREATE TYPE mood AS ENUM ('ok', 'new', 'sad')", .. Types.Skip(1).Reverse().OrderBy(t => t.Contains("d_mood") || t.Contains("d_deep"))];

    /// <summary>Type and value here, type and value there, whether both databases hash alike, whether the values are equal.</summary>
    private static readonly (string Here, string There, string Ours, string Theirs, bool Hashed, bool Equal)[] Values =
    [
        ("smallint", "bigint", "-5", "-5", true, true), ("integer", "smallint", "5", "6", true, false), ("integer", "bigint", "NULL", "NULL", true, true), ("integer", "bigint", "0", "NULL", true, false),
        ("d_int2", "d_int8", "7", "7", true, true), ("d_deep", "bigint", "7", "7", true, true), ("d_int4", "d_deep", "7", "8", true, false),
        ("boolean", "d_bool", "true", "true", true, true), ("boolean", "d_bool", "true", "false", true, false),
        ("real", "d_float4", "'NaN'", "'NaN'", true, true), ("real", "real", "'-0'", "'0'", true, false), ("double precision", "d_float8", "'-0'", "'0'", true, false),
        ("double precision", "double precision", "0.1", "0.1::float8 + 1.4e-17", true, false), ("double precision", "double precision", "'Infinity'", "'-Infinity'", true, false),
        ("numeric", "numeric", "1.0", "1.00", true, false), ("numeric", "numeric(20, 4)", "1.0000", "1", true, true), ("d_numeric", "numeric", "1", "1.0000", true, true), ("numeric", "numeric", "1e-16383", "1.1e-16382", true, false),
        ("numeric", "numeric", "'NaN'", "'NaN'", true, true), ("numeric", "numeric", "'Infinity'", "'-Infinity'", true, false), ("numeric", "numeric", "0", "0.0", true, false), ("numeric", "numeric", "10000", "10000.0", true, false),
        ("text", "varchar(20)", "'a '", "'a '", true, true), ("text", "varchar", "'a '", "'a'", true, false), ("d_text", "d_varchar", "'é'", "'é'", true, true), ("text", "text", "'é'", "E'e\\u0301'", true, false),
        ("text", "text COLLATE \"C\"", "'a'", "'A'", true, false), ("text", "text", "''", "NULL", true, false), ("text", "d_text", "'1'", "'1'", true, true),
        ("char(5)", "char(5)", "'a'", "'a  '", true, true), ("char(5)", "d_char", "'a'", "'a'", true, true), ("char(5)", "char(6)", "'a'", "'a'", true, false), ("char(5)", "char(5)", "'a'", "' a'", true, false), ("char(5)", "char(5)", "''", "NULL", true, false),
        ("char(5)", "text", "'a'", "'a    '", false, true), ("char(5)", "varchar(5)", "'a'", "'a'", false, false),
        ("bytea", "d_bytea", "'\\x00'", "'\\x00'", true, true), ("bytea", "bytea", "'\\x00'", "'\\x0000'", true, false), ("bytea", "bytea", "'\\x80'", "'\\x81'", true, false), ("bytea", "bytea", "''", "NULL", true, false),
        ("uuid", "d_uuid", "'00112233-4455-6677-8899-aabbccddeeff'", "'{00112233445566778899AABBCCDDEEFF}'", true, true), ("uuid", "uuid", "'00112233-4455-6677-8899-aabbccddeeff'", "'00112233-4455-6677-8899-aabbccddeefe'", true, false),
        ("date", "d_date", "'infinity'", "'infinity'", true, true), ("date", "date", "'5874897-12-31'", "'infinity'", true, false), ("date", "date", "'4713-01-01 BC'", "'-infinity'", true, false),
        ("time", "d_time", "'24:00'", "'24:00'", true, true), ("time", "time", "'24:00'", "'00:00'", true, false), ("time", "time(0)", "'01:02:03.000001'", "'01:02:03'", true, false),
        ("timestamp", "d_timestamp", "'2026-11-22 01:02:03.456'", "'2026-11-22 01:02:03.4561'", true, true), ("timestamp", "timestamp", "'294276-12-31 23:59:59.999999'", "'infinity'", true, false), ("timestamp", "timestamp", "'4713-01-01 BC'", "'-infinity'", true, false),
        ("timestamptz", "d_timestamptz", "'2026-11-22 01:00+02'", "'2026-11-21 23:00+00'", true, true), ("timestamptz", "timestamptz", "'2026-11-22 01:00:00.000001Z'", "'2026-11-22 01:00Z'", true, false),
        ("mood", "d_mood", "'ok'", "'ok'", true, true), ("mood", "mood", "'ok'", "'sad'", true, false), ("pair", "pair", "(1, 'a')", "(1, 'a')", true, true), ("pair", "pair", "(1, 'a')", "(1, NULL)", true, false),
        ("integer[]", "d_array", "'{1,NULL}'", "'{1,NULL}'", true, true), ("integer[]", "integer[]", "'[0:1]={1,2}'", "'{1,2}'", true, false), ("text[]", "text[]", "ARRAY['NULL']", "ARRAY[NULL]::text[]", true, false), ("text[]", "text[]", "'{}'", "NULL", true, false),
        ("mood[]", "mood[]", "'{ok,sad}'", "'{ok,sad}'", true, true), ("double precision[]", "double precision[]", "'{0.1}'", "ARRAY[0.1::float8 + 1.4e-17]", true, false), ("double precision[]", "double precision[]", "'{-0}'", "'{0}'", true, false),
        ("json", "json", "'{\"a\":1}'", "'{\"a\": 1}'", true, false), ("jsonb", "d_json", "'{\"a\":1}'", "'{\"a\": 1}'", true, true), ("jsonb", "jsonb", "'1.0'", "'1.00'", true, false), ("xml", "xml", "'<a/>'", "'<a></a>'", true, false),
        ("interval", "interval", "'1 day'", "'24 hours'", true, false), ("timetz", "timetz", "'12:00+00'", "'14:00+02'", true, false), ("inet", "inet", "'10.0.0.1'", "'10.0.0.1/24'", true, false), ("bit(3)", "bit(3)", "B'101'", "B'101'", true, true), ("\"char\"", "\"char\"", "''", "NULL", true, false),
        ("money", "money", "1.5", "1.50", true, true), ("regtype", "regtype", "'integer'", "'int4'", true, true), ("name", "name", "'n'", "'N'", true, false), ("oid", "oid", "1", "2", true, false), ("tsvector", "tsvector", "'a:1'", "'a:2'", true, false),
    ];

    [Fact]
    public async Task Values_of_two_declared_types_hash_alike_only_where_they_are_the_same_to_the_byte()
    {
        // One pair of databases for all cases: making one takes longer than all the rest.
        var a = await OpenAsync(await NewAsync([.. Types, .. Values.SelectMany((v, n) => new[] { $"CREATE TABLE t{n} (id integer PRIMARY KEY, v {v.Here})", $"INSERT INTO t{n} VALUES (1, {v.Ours})" })]));
        var b = await OpenAsync(await NewAsync([.. OtherTypes, .. Values.SelectMany((v, n) => new[] { $"CREATE TABLE t{n} (v {v.There}, id integer PRIMARY KEY)", $"INSERT INTO t{n} VALUES ({v.Theirs}, 1)" })]));
        var answers = await AgreeAsync(a, b);
        var faults = Values.Select((v, n) => (v, Answer: answers[$"t{n}"])).Where(c => (c.Answer.Hashed, c.Answer.Comparison.Equal) != (c.v.Hashed, (bool?)c.v.Equal))
            .Select(c => $"{c.v}: hashed {c.Answer.Hashed}, equal {c.Answer.Comparison.Equal}");
        Assert.Empty(faults);
    }

    [Fact]
    public async Task A_NaN_of_other_bits_is_another_value()
    {
        var (a, b) = (await NewAsync("CREATE TABLE item (id integer PRIMARY KEY, v double precision)"), await NewAsync("CREATE TABLE item (id integer PRIMARY KEY, v double precision)"));
        foreach (var (database, bits) in new[] { (a, 0x7FF8000000000000), (b, 0x7FF8000000000001) })
        {
            await using var connection = (NpgsqlConnection)await database.ConnectAsync();
            await using var import = await connection.BeginBinaryImportAsync("COPY item FROM STDIN (FORMAT binary)", Token);
            await import.StartRowAsync(Token);
            await import.WriteAsync(1, Token);
            await import.WriteAsync(BitConverter.Int64BitsToDouble(bits), Token);
            await import.CompleteAsync(Token);
        }

        var answer = (await AgreeAsync(await OpenAsync(a), await OpenAsync(b)))["item"];
        Assert.Equal((true, 1), (answer.Hashed, answer.Comparison.RowsDifferent));
    }

    [Fact]
    public async Task Rows_that_moved_are_found_where_they_stand_now()
    {
        string[] schema = ["CREATE TABLE item (id integer PRIMARY KEY, v text, w text) WITH (fillfactor = 70)", "INSERT INTO item SELECT i, 'v' || i, repeat('w', i % 300) FROM generate_series(1, 5000) i"];
        var a = await NewAsync(schema);
        var b = await NewAsync(
        [
            .. schema, "UPDATE item SET v = v || '!' WHERE id % 3 = 0", "UPDATE item SET v = rtrim(v, '!') WHERE id % 3 = 0", "DELETE FROM item WHERE id % 7 = 0", "VACUUM item",
            "INSERT INTO item SELECT i, 'v' || i, repeat('w', i % 300) FROM generate_series(1, 5000) i WHERE i % 7 = 0", "UPDATE item SET v = 'other' WHERE id % 100 = 1", "DELETE FROM item WHERE id % 100 = 2", "INSERT INTO item VALUES (-1, '', NULL)",
        ]);
        var answer = (await AgreeAsync(await OpenAsync(a), await OpenAsync(b)))["item"];
        Assert.Equal((true, 50, 50, 1, 4900), (answer.Hashed, answer.Comparison.RowsDifferent, answer.Comparison.RowsOnlyInSource, answer.Comparison.RowsOnlyInDestination, answer.Comparison.RowsEqual));
    }

    [Fact]
    public async Task Tables_of_every_build_compare_by_hashes_as_they_do_by_rows()
    {
        string[] schema =
        [
            "CREATE TABLE parent (id integer PRIMARY KEY, v text)", "CREATE TABLE child (more text) INHERITS (parent)", "CREATE TABLE parted (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE parted_2 PARTITION OF parted DEFAULT", "CREATE TABLE nothing ()", "CREATE TABLE generated_only (g integer GENERATED ALWAYS AS (1) STORED)", "CREATE UNLOGGED TABLE unlogged (id integer PRIMARY KEY)", "CREATE TABLE ident (id integer GENERATED ALWAYS AS IDENTITY, v text)",
            "CREATE SCHEMA \"o'dd\"", "CREATE TABLE \"o'dd\".\"t\" (\"t\" integer PRIMARY KEY, \"ctid?\" text, \"🗄 \"\"q\"\"\" text)", $"CREATE TABLE wide ({string.Join(", ", Enumerable.Range(0, 1600).Select(i => $"c{i} integer"))})",
            "CREATE TABLE dropped (a integer, id integer, b text, v text)", "ALTER TABLE dropped DROP COLUMN a, DROP COLUMN b", "CREATE TABLE two_keys (a text, b integer, c numeric, PRIMARY KEY (b, a))",
        ];
        string[] Fill(string v) =>
        [
            $"INSERT INTO parent VALUES (1, 'one'), (2, '{v}')", $"INSERT INTO child VALUES (1, 'child {v}', '{v}')", $"INSERT INTO parted VALUES (1, 'first'), (100, '{v}')", "INSERT INTO nothing SELECT FROM generate_series(1, 3)", "INSERT INTO generated_only DEFAULT VALUES",
            "INSERT INTO unlogged SELECT generate_series(1, 100)", $"INSERT INTO ident (v) VALUES ('x'), ('{v}')", $"INSERT INTO \"o'dd\".\"t\" VALUES (1, '{v}', 'same'), (2, 'same', '😀')", $"INSERT INTO wide (c0, c800, c1599) VALUES (1, 2, 3), (4, {v.Length}, NULL)",
            $"INSERT INTO dropped VALUES (1, 'one'), (2, '{v}'), (2, '{v}')", $"INSERT INTO two_keys VALUES ('a', 1, 1.0), ('{v}', 2, 1.0)",
        ];
        var a = await OpenAsync(await NewAsync([.. schema, .. Fill("a")]));
        var b = await OpenAsync(await NewAsync([.. schema, .. Fill("bb")]));
        var answers = await AgreeAsync(a, b);
        Assert.Equal(["generated_only", "nothing", "parted"], answers.Where(t => !t.Value.Hashed).Select(t => t.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["generated_only", "nothing", "unlogged"], answers.Where(t => t.Value.Comparison.Equal == true).Select(t => t.Key).Order(StringComparer.Ordinal));
        Assert.Equal((1, 1), (answers["parent"].Comparison.RowsDifferent, answers["parent"].Comparison.RowsEqual));
        Assert.Equal((1, 1), (answers["wide"].Comparison.RowsOnlyInSource, answers["wide"].Comparison.RowsEqual));
        Assert.Equal(0, (await AgreeAsync(a, a)).Values.Count(t => t.Comparison.Equal != true));
    }

    [Fact]
    public async Task Keys_that_the_database_takes_for_the_same_stay_apart_as_they_do_by_rows()
    {
        string[] schema = ["CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)", "CREATE TABLE num (k numeric PRIMARY KEY, v text)", "CREATE TABLE word (k text COLLATE loose PRIMARY KEY, v text)", "CREATE TABLE flo (k double precision PRIMARY KEY, v text)", "CREATE TABLE bp (k char(4) PRIMARY KEY, v text)"];
        var a = await OpenAsync(await NewAsync([.. schema, "INSERT INTO num VALUES (1.0, 'x'), (2, 'x')", "INSERT INTO word VALUES ('abc', 'x'), ('d', 'x')", "INSERT INTO flo VALUES ('-0', 'x'), ('NaN', 'x')", "INSERT INTO bp VALUES ('a', 'x')"]));
        var b = await OpenAsync(await NewAsync([.. schema, "INSERT INTO num VALUES (1.00, 'x'), (2, 'y')", "INSERT INTO word VALUES ('ABC', 'x'), ('d', 'x')", "INSERT INTO flo VALUES ('0', 'x'), ('NaN', 'y')", "INSERT INTO bp VALUES ('a  ', 'y')"]));
        var answers = await AgreeAsync(a, b);
        Assert.All(answers.Values, answer => Assert.True(answer.Hashed));
        Assert.Equal((1, 1, 1), (answers["num"].Comparison.RowsDifferent, answers["num"].Comparison.RowsOnlyInSource, answers["num"].Comparison.RowsOnlyInDestination));
        Assert.Equal((1, 1, 1), (answers["word"].Comparison.RowsEqual, answers["word"].Comparison.RowsOnlyInSource, answers["word"].Comparison.RowsOnlyInDestination));
    }

    [Fact]
    public async Task Databases_of_two_encodings_hash_the_same_text_alike()
    {
        string[] fill = ["CREATE TABLE item (id integer PRIMARY KEY, v text, w varchar(9)[], c char(4))", "INSERT INTO item VALUES (1, 'äöü', '{ß,NULL}', 'é'), (2, 'abc', '{}', '')"];
        var latin = Own(new OtherEncoding("LATIN1"));
        await latin.CreateAsync();
        await latin.ExecuteAsync(fill);
        var utf = await NewAsync(fill);
        var answer = (await AgreeAsync(await OpenAsync(latin), await OpenAsync(utf)))["item"];
        Assert.Equal((true, 2), (answer.Hashed, answer.Comparison.RowsEqual));
        await utf.ExecuteAsync("UPDATE item SET v = 'äöu' WHERE id = 1");
        Assert.Equal(1, (await AgreeAsync(await OpenAsync(latin), await OpenAsync(utf)))["item"].Comparison.RowsDifferent);
    }

    [Fact]
    public async Task A_reader_who_may_read_only_the_columns_in_scope_compares_all_the_same()
    {
        string[] schema = ["CREATE TABLE item (id integer PRIMARY KEY, v text, secret text)", "INSERT INTO item VALUES (1, 'one', 's')"];
        var (a, b) = (await NewAsync(schema), await NewAsync(schema));
        var role = "loggercms_" + Guid.NewGuid().ToString("n");
        await a.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'p'", $"GRANT SELECT (id, v) ON item TO {role}");
        await b.ExecuteAsync("UPDATE item SET v = 'two'", $"GRANT SELECT (id, v) ON item TO {role}");
        try
        {
            var profile = new SideProfile([], new Dictionary<string, IReadOnlyList<string>> { ["item"] = ["secret"] }, new Dictionary<string, string>());
            SideConnection As(TestDatabase database) => new(SideProvider.PostgreSql, new NpgsqlConnectionStringBuilder(database.Connection.DataSource) { Username = role, Password = "p" }.ConnectionString);
            await using var ours = await (await OpenAsync(As(a))).BeginSnapshotAsync(new SnapshotOptions { Profile = profile }, Token);
            await using var theirs = await (await OpenAsync(As(b))).BeginSnapshotAsync(new SnapshotOptions { Profile = profile }, Token);

            // Row by row this needs no right to the whole table; hashed, it must not need one either, or say beforehand that it cannot hash.
            Assert.Equal(1, (await Hashing.ByRowsAsync(ours, theirs, Assert.Single(Hashing.Pairs(ours, theirs)))).Comparison.RowsDifferent);
            Assert.Equal(1, (await Hashing.AgreeAsync(ours, theirs))["item"].Comparison.RowsDifferent);
        }
        finally
        {
            await a.ExecuteAsync($"DROP OWNED BY {role}");
            await b.ExecuteAsync($"DROP OWNED BY {role}", $"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_transaction_hashes_what_it_has_written_itself()
    {
        string[] schema = ["CREATE TABLE item (id integer PRIMARY KEY, v text)", "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 2000) i"];
        var a = await OpenAsync(await NewAsync([.. schema, "UPDATE item SET v = 'new' WHERE id <= 10", "DELETE FROM item WHERE id > 1990"]));
        var b = await OpenAsync(await NewAsync(schema));
        await using var source = await a.SnapshotAsync();
        var expected = await HashedComparison.SumAsync((IRowHasher)source, source.Table("item"), null, Token);
        await using var transaction = await b.BeginAsync();
        var (hasher, table) = ((IRowHasher)transaction, transaction.Table("item"));
        Assert.Equal(((IRowHasher)source).GetHashForm(source.Table("item")), hasher.GetHashForm(table));
        Assert.NotEqual(expected, await HashedComparison.SumAsync(hasher, table, null, Token));
        for (var id = 1; id <= 10; id++)
            await transaction.UpdateAsync("item", ("id", (long)id), ("v", "new"));
        await transaction.DeleteAsync("item", [.. Enumerable.Range(1991, 10).Select(id => (object)(long)id)]);
        Assert.Equal(expected, await HashedComparison.SumAsync(hasher, table, null, Token));
    }

    private static async Task<Dictionary<string, Hashing.Answer>> AgreeAsync(ISide source, ISide destination)
    {
        await using var ours = await source.SnapshotAsync(readers: 2);
        await using var theirs = await destination.SnapshotAsync(readers: 2);
        return await Hashing.AgreeAsync(ours, theirs);
    }

    /// <summary>A database of another encoding; everything else it has from the ordinary one.</summary>
    private sealed class OtherEncoding(string encoding) : TestDatabase
    {
        private readonly string _name = "loggercms_" + Guid.NewGuid().ToString("n");

        public override SideConnection Connection => new(SideProvider.PostgreSql, PostgreSqlTestDatabase.ConnectionString(_name));

        public async Task CreateAsync()
        {
            await using var server = await ConnectAsync("postgres");
            await ExecuteAsync(server, $"CREATE DATABASE {_name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        }

        public override async Task<System.Data.Common.DbConnection> ConnectAsync() => await ConnectAsync(_name);

        public override Task<TestDatabase> CloneAsync() => throw new NotSupportedException();

        public override Task<IReadOnlyList<string>> DumpAsync(string quotedTable) => ListAsync($"SELECT t::text FROM {quotedTable} t");

        public override Task<IReadOnlyList<string>> FindOwnObjectsAsync() => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await using var server = await ConnectAsync("postgres");
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
        }

        private static async Task<NpgsqlConnection> ConnectAsync(string database)
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(PostgreSqlTestDatabase.ConnectionString(database)) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(CancellationToken.None);
            return connection;
        }
    }
}
