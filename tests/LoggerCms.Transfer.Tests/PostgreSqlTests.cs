using LoggerCms.Core.StateTransfer;
using LoggerCms.Databases.PostgreSql;
using LoggerCms.Databases.Sqlite;
using Npgsql;

namespace LoggerCms.Transfer.Tests;

/// <summary>The same promises between two databases of a PostgreSQL server, and from a SQLite file into one.</summary>
public sealed class PostgreSqlTests : IAsyncLifetime
{
    private const string Variable = "LOGGERCMS_TEST_POSTGRESQL";

    private static readonly string[] Schema =
    [
        "CREATE TABLE account (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, balance double precision, amount numeric, at timestamptz)",
        "CREATE TABLE setting (section text COLLATE \"C\", name text, value bytea, PRIMARY KEY (section, name))",
        "CREATE TABLE entry (id uuid PRIMARY KEY, account bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE, v text)",
        "CREATE TABLE line (t text, n real)",
        "CREATE TABLE \"it's \"\"odd\"\" 🗄\" (\"a \"\"key\"\"\" integer PRIMARY KEY, v jsonb)",
    ];

    private static readonly string[] Fill =
    [
        "INSERT INTO account OVERRIDING SYSTEM VALUE SELECT i, 'name ' || i, CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '4.9e-324' ELSE i / 3.0 END::float8, (i / 7.0)::numeric(20, 10), timestamptz '2026-01-01' + i * interval '1 microsecond' FROM generate_series(1, 60) i",
        "INSERT INTO setting SELECT 'section ' || i % 7, 'näme ' || i, decode(md5(i::text), 'hex') FROM generate_series(1, 60) i",
        "INSERT INTO entry SELECT md5(i::text)::uuid, i, repeat('é', i) FROM generate_series(1, 60) i",
        "INSERT INTO line SELECT 'twin', i % 3 FROM generate_series(1, 9) i",
        "INSERT INTO \"it's \"\"odd\"\" 🗄\" SELECT i, jsonb_build_object('k', i) FROM generate_series(1, 9) i",
    ];

    private static readonly string[] Damage =
    [
        "UPDATE account SET name = name || '~' WHERE id < 4", "UPDATE account SET name = 'name ' || (4 - id) WHERE id < 4",
        "UPDATE account SET balance = '0' WHERE balance = '-0'", "DELETE FROM account WHERE id > 50", "INSERT INTO account (name) OVERRIDING USER VALUE VALUES ('only here') ON CONFLICT DO NOTHING",
        "DELETE FROM setting WHERE section = 'section 3'", "UPDATE setting SET value = '' WHERE section = 'section 4'", "DELETE FROM line WHERE n = 0", "INSERT INTO line VALUES (NULL, 'NaN')",
        "UPDATE \"it's \"\"odd\"\" 🗄\" SET v = '{\"k\": 1.0}'",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-transfer-pg-").FullName;
    private readonly string _name = "loggercms_t" + Guid.NewGuid().ToString("n")[..16];

    private static string? Server => Environment.GetEnvironmentVariable(Variable);

    private SideConnection A => Side(_name + "_a", "A");

    private SideConnection B => Side(_name + "_b", "B");

    private SideEngine Engine => new([new PostgreSqlSideDriver(), new SqliteSideDriver()], TimeProvider.System, new TransferStore(TimeProvider.System, _folder));

    private StateTransferRequest Request => new() { Source = A, Destination = B, TempPath = _folder, LockTimeout = TimeSpan.FromSeconds(5) };

    public async ValueTask InitializeAsync()
    {
        if (string.IsNullOrEmpty(Server))
            return;
        foreach (var side in new[] { "_a", "_b" })
        {
            await RunAsync("postgres", $"CREATE DATABASE {_name}{side} TEMPLATE template0 ENCODING 'UTF8'");
            await RunAsync(_name + side, [.. Schema, .. Fill]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        if (string.IsNullOrEmpty(Server))
            return;
        foreach (var side in new[] { "_a", "_b" })
            await RunAsync("postgres", $"DROP DATABASE IF EXISTS {_name}{side} WITH (FORCE)");
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, SpoolMode.File)]
    [InlineData(StateTransferMode.Rows, SpoolMode.None)]
    [InlineData(StateTransferMode.Full, SpoolMode.File)]
    [InlineData(StateTransferMode.Full, SpoolMode.None)]
    public async Task A_transfer_makes_the_destination_equal_and_its_undo_brings_the_former_rows_back(StateTransferMode mode, SpoolMode spool)
    {
        RequireServer();
        await RunAsync(_name + "_b", [.. Damage, "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END'", "CREATE TRIGGER no BEFORE INSERT OR UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION no()"]);
        var before = await DumpAsync("_b");
        Assert.NotEqual(await DumpAsync("_a"), before);

        var result = await Engine.TransferAsync(
            Request with { Mode = mode, Spool = spool, TempPath = spool == SpoolMode.None ? null : _folder }, null, Arena.Token);

        var verified = mode == StateTransferMode.Rows ? VerifyLevel.ByDatabase : VerifyLevel.AllRows;
        Assert.Equal((StateTransferStatus.Completed, verified, true), (result.Status, result.Verified, result.Equal));
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
        await Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = B }, null, Arena.Token);
        Assert.Equal(before, await DumpAsync("_b"));
    }

    [Theory]
    [InlineData("UPDATE setting SET value = 'x' WHERE section = 'section 4'")]
    [InlineData("UPDATE setting SET value = 'x' WHERE section = 'section 1'")]
    public async Task A_destination_that_changes_between_the_comparison_and_the_lock_is_refused_and_keeps_the_change(string change)
    {
        RequireServer();
        await RunAsync(_name + "_b", Damage);
        string? changed = null;

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => Engine.TransferAsync(
            Request with
            {
                Mode = StateTransferMode.Rows,
                Confirm = async _ =>
                {
                    await RunAsync(_name + "_b", change);
                    changed = await DumpAsync("_b");
                    return true;
                },
            },
            null,
            Arena.Token));

        Assert.Equal(changed, await DumpAsync("_b"));
    }

    [Fact]
    public async Task A_destination_whose_writer_keeps_its_lock_is_in_use()
    {
        RequireServer();
        await RunAsync(_name + "_b", Damage);
        await using var writer = await OpenAsync(_name + "_b");
        await using var transaction = await writer.BeginTransactionAsync(Arena.Token);
        await new NpgsqlCommand("UPDATE line SET n = 1", writer, transaction).ExecuteNonQueryAsync(Arena.Token);

        await Arena.ThrowsAsync(
            ErrorCodes.DestinationInUse, () => Engine.TransferAsync(Request with { LockTimeout = TimeSpan.FromMilliseconds(300) }, null, Arena.Token));
    }

    [Fact]
    public async Task A_connection_that_is_cut_while_rows_are_applied_leaves_the_destination_as_it_was_and_can_be_resumed()
    {
        RequireServer();
        await RunAsync(_name + "_b", Damage);
        var before = await DumpAsync("_b");
        var progress = new Told(p =>
        {
            if (p.Phase == StateTransferPhase.Verify && p.Rows == 0)
                RunAsync("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name}_b'").GetAwaiter().GetResult();
        });

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => Engine.TransferAsync(Request, progress, Arena.Token));

        Assert.Equal(ErrorCodes.ConnectionLost, failure.Code);
        Assert.Equal(before, await DumpAsync("_b"));
        var id = Engine.GetTransfers(null)[0].Id;
        await Engine.ResumeAsync(new ResumeRequest { Id = id, Destination = B }, null, Arena.Token);
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
    }

    [Theory]
    [InlineData(StateTransferPhase.Compare)]
    [InlineData(StateTransferPhase.Verify)]
    public async Task A_cancelled_transfer_leaves_the_destination_as_it_was(StateTransferPhase phase)
    {
        RequireServer();
        await RunAsync(_name + "_b", Damage);
        var before = await DumpAsync("_b");
        using var stop = new CancellationTokenSource();

        var result = await Engine.TransferAsync(
            Request,
            new Told(p =>
            {
                if (p.Phase == phase)
                    stop.Cancel();
            }),
            stop.Token);

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.Equal(before, await DumpAsync("_b"));
    }

    [Fact]
    public async Task By_the_log_only_what_the_destination_lacks_is_sent_and_nothing_comes_back()
    {
        RequireServer();
        string[] logged = ["account", "setting", "entry"];
        foreach (var (side, name) in new[] { (A, "A"), (B, "B") })
            await Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = name, Table = logged }, Arena.Token);
        await RunAsync(_name + "_a", "UPDATE setting SET value = 'x' WHERE section = 'section 1'");
        var request = Request with { Table = logged };
        Assert.Equal(StateTransferStatus.Completed, (await Engine.TransferAsync(request with { Mode = StateTransferMode.Rows }, null, Arena.Token)).Status);
        await RunAsync(_name + "_a", "UPDATE account SET name = name || '~' WHERE id < 4", "UPDATE account SET name = 'name ' || (4 - id) WHERE id < 4", "DELETE FROM account WHERE id = 60");
        var before = await DumpAsync("_b");

        var result = await Engine.TransferAsync(request, null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log, VerifyLevel.ChangedRows), (result.Status, result.Mode, result.Verified));
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
        Assert.Equal(StateTransferStatus.NothingToSend, (await Engine.TransferAsync(request, null, Arena.Token)).Status);
        await Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = B }, null, Arena.Token);
        Assert.Equal(before, await DumpAsync("_b"));
        await Engine.TransferAsync(request, null, Arena.Token);
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
    }

    [Fact]
    public async Task A_SQLite_side_is_sent_into_PostgreSQL_and_back()
    {
        RequireServer();
        var file = SqliteFile.Create(
            Path.Combine(_folder, "a.db"), wal: true, "CREATE TABLE mixed (id INTEGER PRIMARY KEY, t TEXT, b BLOB, d DOUBLE)",
            "INSERT INTO mixed VALUES (1, 'é漢🗝', x'00ff', 0.1), (2, '', x'', 4.9e-324), (3, NULL, NULL, NULL)");
        await RunAsync(_name + "_b", "CREATE TABLE mixed (id bigint PRIMARY KEY, t text, b bytea, d double precision)");
        var request = Request with { Source = new SideConnection(file.Path), Table = ["mixed"] };

        Assert.Equal(StateTransferStatus.Completed, (await Engine.TransferAsync(request, null, Arena.Token)).Status);
        var there = file.Dump();
        file.Run("UPDATE mixed SET t = 'changed'", "DELETE FROM mixed WHERE id = 3");
        var back = await Engine.TransferAsync(Request with { Source = B, Destination = new SideConnection(file.Path), Table = ["mixed"] }, null, Arena.Token);

        Assert.Equal(StateTransferStatus.Completed, back.Status);
        Assert.Equal(there, file.Dump());
        file.Run("UPDATE mixed SET t = 'a' || char(0) WHERE id = 1");
        var failure = await Arena.ThrowsAsync(ErrorCodes.ValueNotRepresentable, () => Engine.TransferAsync(request, null, Arena.Token));
        foreach (var named in new[] { "mixed", "1", "column t" })
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    private static void RequireServer() => Assert.SkipWhen(string.IsNullOrEmpty(Server), $"No PostgreSQL: {Variable} is not set.");

    private static SideConnection Side(string database, string name)
        => new(SideProvider.PostgreSql, new NpgsqlConnectionStringBuilder(Server) { Database = database }.ConnectionString, name: name);

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    private static async Task RunAsync(string database, params string[] statements)
    {
        await using var connection = await OpenAsync(database);
        foreach (var statement in statements)
            await new NpgsqlCommand(statement, connection).ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Every row as the server writes it; its text form of floats is exact.</summary>
    private async Task<string> DumpAsync(string side)
    {
        var lines = new List<string>();
        await using var connection = await OpenAsync(_name + side);
        foreach (var table in new[] { "account", "setting", "entry", "line", "\"it's \"\"odd\"\" 🗄\"" })
        {
            await using var reader = await new NpgsqlCommand($"SELECT whole::text FROM {table} whole ORDER BY 1", connection).ExecuteReaderAsync(Arena.Token);
            while (await reader.ReadAsync(Arena.Token))
                lines.Add($"{table} {reader.GetString(0)}");
        }

        return string.Join('\n', lines);
    }
}
