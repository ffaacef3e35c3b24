using LoggerCms.Core.Comparison;
using LoggerCms.Databases.Tests.Support;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Databases.Tests.Sqlite;

/// <summary>Two files compared and copied by SQLite itself.</summary>
public sealed class PairTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        for (var i = _open.Count - 1; i >= 0; i--)
            await _open[i].DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Declaration, rows of the source, rows of the destination, and what differs.</summary>
    public static TheoryData<string, string, string, string> Differences => new()
    {
        { "k INTEGER PRIMARY KEY, v TEXT", "(1,'a'),(2,'b'),(3,'c')", "(1,'a'),(2,'x'),(4,'d')", "Different i2; OnlyInDestination i4; OnlyInSource i3; equal 1" },
        { "k INTEGER PRIMARY KEY, v TEXT", "(1,NULL),(2,'')", "(1,''),(2,NULL)", "Different i1; Different i2; equal 0" },
        { "k INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE", "(1,'a'),(2,'b')", "(1,'A'),(2,'b')", "Different i1; equal 1" },
        { "k INTEGER PRIMARY KEY, v TEXT COLLATE RTRIM", "(1,'a')", "(1,'a ')", "Different i1; equal 0" },
        { "k INTEGER PRIMARY KEY, v", "(1,1),(2,'1'),(3,x'31'),(4,2)", "(1,1.0),(2,1),(3,'1'),(4,2)", "Different i1; Different i2; Different i3; equal 1" },
        { "k INTEGER PRIMARY KEY, v BLOB", "(1,-0.0),(2,0.0),(3,0.0)", "(1,0.0),(2,0.0),(3,0)", "Different i1; Different i3; equal 1" },
        { "k INTEGER PRIMARY KEY, v TEXT", "(1,'a'||char(0)||'b')", "(1,'a'||char(0)||'c')", "Different i1; equal 0" },
        { "k INTEGER PRIMARY KEY, v TEXT", "(1,CAST(x'ff' AS TEXT))", "(1,CAST(x'fe' AS TEXT))", "Different i1; equal 0" },
        { "k INTEGER PRIMARY KEY, v REAL", "(1,0.1),(2,1e308)", "(1,0.10000000000000002),(2,1e308)", "Different i1; equal 1" },
        { "k INTEGER PRIMARY KEY", "(-9223372036854775808),(9223372036854775807),(0)", "(-9223372036854775808),(1)", "OnlyInDestination i1; OnlyInSource i0; OnlyInSource i9223372036854775807; equal 1" },
        { "k TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, v INT", "('a',1),('B',2)", "('A',1),('B',2)", "OnlyInDestination t41; OnlyInSource t61; equal 1" },
        { "k TEXT NOT NULL PRIMARY KEY, v INT", "('a',1),('b',2),('c',3)", "('c',3),('b',2),('a',9)", "Different t61; equal 2" },
        { "k TEXT NOT NULL PRIMARY KEY, v INT", "('a',1),('b',2)", "('b',2),('c',1)", "OnlyInDestination t63; OnlyInSource t61; equal 1" },
        { "k NOT NULL PRIMARY KEY, v INT", "(1,1),('1',2)", "(1.0,1),('1',2)", "OnlyInDestination real; OnlyInSource i1; equal 1" },
        { "a INT NOT NULL, b TEXT NOT NULL, v INT, PRIMARY KEY (b, a)", "(1,'x',1),(2,'x',2)", "(1,'x',1),(2,'x',3),(2,'y',3)", "Different t78,i2; OnlyInDestination t79,i2; equal 1" },
        { "k TEXT NOT NULL PRIMARY KEY, v INT) WITHOUT ROWID; --", "('a',1),('b',2),('c',3)", "('a',1),('b',0),('d',3)", "Different t62; OnlyInDestination t64; OnlyInSource t63; equal 1" },
        { "k GUID NOT NULL PRIMARY KEY, v INT", "('00112233-4455-6677-8899-aabbccddeeff',1)", "('00112233-4455-6677-8899-AABBCCDDEEFF',1)", "OnlyInDestination t30303131323233332d343435352d363637372d383839392d414142424343444445454646; OnlyInSource g00112233445566778899aabbccddeeff; equal 0" },
        { "k INTEGER PRIMARY KEY, v INT, g INT AS (v + 1) STORED", "(1,1),(2,2)", "(1,1),(2,3)", "Different i2; equal 1" },
        { "a TEXT, b", "('x',1),('x',1),('y',NULL)", "('x',1),('y',NULL),('y',NULL)", "OnlyInDestination row; OnlyInSource row; equal 2" },
        { "a TEXT, b", "('x',1),('y',2)", "('y',2),('x',1)", "equal 2" },
        { "a TEXT COLLATE NOCASE, b", "('x',1)", "('X',1)", "OnlyInDestination row; OnlyInSource row; equal 0" },
        { "a, b", "(1,-0.0)", "(1,0.0)", "OnlyInDestination row; OnlyInSource row; equal 0" },
        { "k TEXT PRIMARY KEY, v INT", "(NULL,1),(NULL,2),('a',3)", "(NULL,2),('a',3)", "OnlyInSource row; equal 2" },
        { "k TEXT PRIMARY KEY, v INT", "('a',3)", "(NULL,2),('a',3)", "OnlyInDestination row; equal 1" },
        { "k INTEGER PRIMARY KEY, v INTEGER", "(1,-9223372036854775808),(2,-9223372036854775808)", "(1,-9223372036854775808.0),(2,-9223372036854775808)", "Different i1; equal 1" },
        { "k TEXT NOT NULL PRIMARY KEY, v NUMERIC", "('a',-9223372036854775808)", "('a',-9223372036854775808.0)", "Different t61; equal 0" },
        { "k INT NOT NULL PRIMARY KEY, v INT", "(-9223372036854775808,1)", "(-9223372036854775808.0,1)", "OnlyInDestination real; OnlyInSource i-9223372036854775808; equal 0" },
        { "k NUMERIC", "(-9223372036854775808),(-9223372036854775808)", "(-9223372036854775808.0),(-9223372036854775808)", "OnlyInDestination row; OnlyInSource row; equal 1" },
        { "rowid TEXT, k INTEGER PRIMARY KEY", "('a',1)", "('b',1)", "Different i1; equal 0" },
        { "rowid INT, _rowid_ INT, oid INT, k TEXT NOT NULL PRIMARY KEY", "(1,2,3,'a')", "(1,2,4,'a')", "Different t61; equal 0" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task What_differs_is_found_to_the_byte_and_to_the_storage_class(string columns, string source, string destination, string expected)
    {
        Assert.Equal(expected, await CompareAsync(await BeginAsync(columns, source, destination), "t"));
    }

    [Theory]
    [InlineData("k INTEGER PRIMARY KEY, v TEXT", "i", "i * 3", 1)]
    [InlineData("k INTEGER PRIMARY KEY, v TEXT", "i", "i * 400000000000000", 2)]
    [InlineData("k TEXT NOT NULL PRIMARY KEY, v TEXT", "i", "printf('%08d', i)", 2)]
    [InlineData("k TEXT NOT NULL PRIMARY KEY, v TEXT", "20000 - i", "printf('%08d', i)", 3)]
    [InlineData("k TEXT NOT NULL PRIMARY KEY, v TEXT) WITHOUT ROWID; --", "i", "printf('%08d', i)", 2)]
    public async Task Large_tables_are_compared_in_parts_and_nothing_is_lost_between_them(string columns, string order, string key, int readers)
    {
        const string series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t ";
        var source = Make("source.db", $"CREATE TABLE t ({columns})", $"{series} SELECT {key}, 'v' || i FROM n");
        var destination = Make("destination.db", $"CREATE TABLE t ({columns})", $"{series} SELECT {key}, 'v' || i FROM n ORDER BY {order}");
        const string picked = "CAST(substr(v, 2) AS INT)";
        Execute(source, $"DELETE FROM t WHERE {picked} % 1000 = 7", $"UPDATE t SET v = v || 'x' WHERE {picked} % 500 = 3");
        Execute(destination, $"DELETE FROM t WHERE {picked} % 4000 = 9");
        var pair = await BeginAsync(source, destination, readers);
        var text = await CompareAsync(pair, "t");
        var kinds = text.Split("; ").GroupBy(d => d.Split(' ')[0]).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(40, kinds["Different"]);
        Assert.Equal(20, kinds["OnlyInDestination"]);
        Assert.Equal(5, kinds["OnlyInSource"]);
        Assert.EndsWith("equal 19935", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_filter_limits_both_sides()
    {
        var source = Make("source.db", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, own TEXT)", "INSERT INTO t VALUES (1,'a','x'),(-1,'b','x')");
        var destination = Make("destination.db", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, own TEXT)", "INSERT INTO t VALUES (1,'a','y'),(-2,'c','y')");
        var profile = new SideProfile(
            [], new Dictionary<string, IReadOnlyList<string>> { ["t"] = ["own"] }, new Dictionary<string, string> { ["t"] = "k > 0" });
        var pair = await BeginAsync(source, destination, 2, profile);
        Assert.Equal("equal 1", await CompareAsync(pair, "t"));
    }

    [Theory]
    [InlineData("k INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT UNIQUE", "(5,'a'),(9,'b')", "(1,'a')")]
    [InlineData("k TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, v", "('a',-0.0),('b',1)", "('A',1)")]
    [InlineData("k TEXT NOT NULL PRIMARY KEY, v, g AS (v || 'x') STORED", "('a',1),('b',2)", "('z',9)")]
    [InlineData("a, b", "(1,2),(1,2),(NULL,x'00')", "(1,2)")]
    [InlineData("k INT NOT NULL PRIMARY KEY, v TEXT) WITHOUT ROWID; --", "(1,'a'),(2,'b')", "(1,'x')")]
    public async Task A_copied_table_is_equal_and_one_that_is_not_copied_is_not(string columns, string source, string destination)
    {
        var pair = await BeginAsync(columns, source, destination);
        var (from, to) = (Table(pair.Source, "t"), Table(pair.Destination, "t"));
        await using var transaction = await pair.BeginTransactionAsync([to], TimeSpan.FromSeconds(2), Token);
        Assert.False(await transaction.IsEqualAsync(from, to, Token));
        await transaction.ClearAsync(to, Token);
        Assert.Equal(await transaction.Source.CountAsync(from, Token), await transaction.CopyTableAsync(from, to, Token));
        Assert.True(await transaction.IsEqualAsync(from, to, Token));
        await transaction.CommitAsync();
        Assert.Equal("ok", Scalar(_folder.File("destination.db"), "PRAGMA integrity_check"));
        var again = await BeginAsync(_folder.File("source.db"), _folder.File("destination.db"), 2);
        Assert.DoesNotContain("Only", await CompareAsync(again, "t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pair_that_is_not_committed_leaves_the_destination_as_it_was()
    {
        var pair = await BeginAsync("k INTEGER PRIMARY KEY, v TEXT", "(1,'new')", "(1,'old'),(2,'old')");
        var to = Table(pair.Destination, "t");
        await using (var transaction = await pair.BeginTransactionAsync([to], TimeSpan.FromSeconds(2), Token))
        {
            Assert.Equal(2, await transaction.ClearAsync(to, Token));
            await transaction.CopyTableAsync(Table(pair.Source, "t"), to, Token);
        }

        Assert.Equal("2", Scalar(_folder.File("destination.db"), "SELECT count(*) FROM t WHERE v = 'old'"));
    }

    [Fact]
    public async Task A_destination_that_was_written_after_the_comparison_is_refused()
    {
        var pair = await BeginAsync("k INTEGER PRIMARY KEY, v TEXT", "(1,'new')", "(1,'old')", "PRAGMA journal_mode = WAL");
        Execute(_folder.File("destination.db"), "INSERT INTO t VALUES (7, 'theirs')");
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(
            () => pair.BeginTransactionAsync([Table(pair.Destination, "t")], TimeSpan.FromSeconds(1), Token));
        Assert.Equal(ErrorCodes.DestinationChanged, failure.Code);
        Assert.Equal("2", Scalar(_folder.File("destination.db"), "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_destination_whose_writer_holds_its_lock_is_in_use()
    {
        var pair = await BeginAsync("k INTEGER PRIMARY KEY, v TEXT", "(1,'new')", "(1,'old')");
        using var writer = Open(_folder.File("destination.db"));
        Execute(writer, "BEGIN IMMEDIATE");
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(
            () => pair.BeginTransactionAsync([Table(pair.Destination, "t")], TimeSpan.FromMilliseconds(200), Token));
        Assert.Equal(ErrorCodes.DestinationInUse, failure.Code);
        Execute(writer, "ROLLBACK");
        await using var second = await pair.BeginTransactionAsync([Table(pair.Destination, "t")], TimeSpan.FromSeconds(2), Token);
        await second.CommitAsync();
    }

    [Fact]
    public async Task The_source_stays_readable_under_its_snapshot_while_the_destination_is_written()
    {
        var pair = await BeginAsync("k INTEGER PRIMARY KEY, v TEXT", "(1,'new'),(2,'more')", "(1,'old')");
        var (from, to) = (Table(pair.Source, "t"), Table(pair.Destination, "t"));
        await using var transaction = await pair.BeginTransactionAsync([to], TimeSpan.FromSeconds(2), Token);
        await transaction.ClearAsync(to, Token);
        await transaction.InsertAsync(to, transaction.Source.ReadAsync(new RowQuery(from), Token), Token);
        Assert.True(await transaction.IsEqualAsync(from, to, Token));
        using var keys = Rows.Keys(1);
        await transaction.DeleteAsync(to, keys, Token);
        Assert.False(await transaction.IsEqualAsync(from, to, Token));
        await transaction.InsertAsync(to, transaction.Source.ReadByKeyAsync(from, keys, Token), Token);
        Assert.True(await transaction.IsEqualAsync(from, to, Token));
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task Comparing_ends_promptly_when_cancelled()
    {
        const string table = "CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY, b TEXT)";
        const string rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO t SELECT ";
        var pair = await BeginAsync(
            Make("source.db", table, rows + "i, i FROM n"), Make("destination.db", table, rows + "i, -i FROM n ORDER BY i % 977"), 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.CompareAsync(
            Table(pair.Source, "t"),
            Table(pair.Destination, "t"),
            (_, _) =>
            {
                stop.Cancel();
                return ValueTask.CompletedTask;
            },
            stop.Token));
        Assert.Equal(200_000, await pair.Source.CountAsync(Table(pair.Source, "t"), Token));
    }

    [Theory]
    [InlineData("k in (select k from g)", false)]
    [InlineData("k IN g", false)]
    [InlineData("k NOT IN/* those of */g", false)]
    [InlineData("main.t.k > 0", false)]
    [InlineData("k IN (1, 2) AND selected = 1 AND v <> 'domain'", true)]
    public async Task Files_are_no_pair_where_a_row_filter_reads_other_tables(string filter, bool paired)
    {
        string[] tables = ["CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, selected INT)", "CREATE TABLE g (k INTEGER PRIMARY KEY)"];
        var profile = new SideProfile([], new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, string> { ["t"] = filter });
        Assert.Equal(paired, await TryBeginAsync(Make("source.db", tables), Make("destination.db", tables), 1, profile) is not null);
    }

    [Theory]
    [InlineData("k INTEGER PRIMARY KEY, ", 1500, "INT", true)]
    [InlineData("", 600, "", true)]
    [InlineData("", 601, "INT", false)]
    public async Task Tables_of_very_many_columns_are_compared_or_their_files_are_no_pair(string key, int columns, string type, bool paired)
    {
        var names = string.Join(", ", Enumerable.Range(0, columns).Select(i => $"c{i} {type}"));
        var table = $"CREATE TABLE t ({key}{names})";
        var values = string.Join(", ", Enumerable.Repeat("1", columns + (key.Length > 0 ? 1 : 0)));
        var source = Make("source.db", table, $"INSERT INTO t VALUES ({values})");
        var destination = Make("destination.db", table, $"INSERT INTO t VALUES ({values})", $"UPDATE t SET c{columns - 1} = 2");
        var pair = await TryBeginAsync(source, destination, 1, SideProfile.Empty);
        Assert.Equal(paired, pair is not null);
        if (pair is not null)
            Assert.Equal(key.Length > 0 ? "Different i1; equal 0" : "OnlyInDestination row; OnlyInSource row; equal 0", await CompareAsync(pair, "t"));
    }

    [Fact]
    public async Task Files_of_another_encoding_are_no_pair()
    {
        var source = Make("source.db", "PRAGMA encoding = 'UTF-16'", "CREATE TABLE t (k INTEGER PRIMARY KEY)");
        var destination = Make("destination.db", "CREATE TABLE t (k INTEGER PRIMARY KEY)");
        Assert.Null(await TryBeginAsync(source, destination, 1, SideProfile.Empty));
    }

    private static async Task<string> CompareAsync(ISidePair pair, string table)
    {
        var found = new List<string>();
        var (source, destination) = Scope.Pair([Table(pair.Source, table)], [Table(pair.Destination, table)]).Pairs.Single();
        var equal = await pair.CompareAsync(
            source,
            destination,
            (kind, keys) =>
            {
                for (var i = 0; i < keys.Count; i++)
                    found.Add($"{kind} {Show(source, keys[i])}");
                return ValueTask.CompletedTask;
            },
            Token);
        found.Sort(StringComparer.Ordinal);
        return string.Join("; ", [.. found, $"equal {equal}"]);
    }

    private static string Show(TableSchema table, ReadOnlySpan<byte> key)
    {
        if (!table.HasKey)
            return "row";
        var reader = new CanonicalReader(key);
        while (reader.Read())
        {
            if (reader.Tag == FieldTag.Double)
                return "real";
        }

        return LogKey.Format(key);
    }

    private static TableSchema Table(IRowReader reader, string name) => reader.Catalog.Tables.Single(t => t.Name.Name == name);

    private Task<ISidePair> BeginAsync(string columns, string source, string destination, params string[] first)
    {
        var names = columns.Contains(" AS (", StringComparison.Ordinal) ? "(k, v) " : string.Empty;
        return BeginAsync(
            Make("source.db", [.. first, $"CREATE TABLE t ({columns})", $"INSERT INTO t {names}VALUES {source}"]),
            Make("destination.db", [.. first, $"CREATE TABLE t ({columns})", $"INSERT INTO t {names}VALUES {destination}"]),
            2);
    }

    private async Task<ISidePair> BeginAsync(string source, string destination, int readers, SideProfile? profile = null)
        => await TryBeginAsync(source, destination, readers, profile ?? SideProfile.Empty) ?? throw new InvalidOperationException("The files are no pair.");

    private async Task<ISidePair?> TryBeginAsync(string source, string destination, int readers, SideProfile profile)
    {
        var driver = new LoggerCms.Databases.Sqlite.SqliteSideDriver();
        var from = await driver.OpenAsync(new SideConnection(source), Token);
        _open.Add(from);
        var to = (IPairableSide)await driver.OpenAsync(new SideConnection(destination), Token);
        _open.Add(to);
        var pair = await to.TryBeginPairAsync(from, new SnapshotOptions { Readers = readers, Profile = profile }, Token);
        if (pair is not null)
            _open.Add(pair);
        return pair;
    }

    private string Make(string name, params string[] statements)
    {
        var path = _folder.File(name);
        Execute(path, statements);
        return path;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    private static void Execute(string path, params string[] statements)
    {
        using var connection = Open(path);
        foreach (var statement in statements)
            Execute(connection, statement);
    }

    private static void Execute(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    private static string? Scalar(string path, string statement)
    {
        using var connection = Open(path);
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return command.ExecuteScalar()?.ToString();
    }
}
