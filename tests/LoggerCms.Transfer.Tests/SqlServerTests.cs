using Microsoft.Data.SqlClient;

namespace LoggerCms.Transfer.Tests;

/// <summary>The same promises between two databases of a SQL Server or a Babelfish, and from a SQLite file into one.</summary>
public sealed class SqlServerTests : IAsyncLifetime
{
    private static readonly string[] Tables = ["account", "setting", "entry", "line", "[it's \"odd\"]"];

    private static readonly string[] Schema =
    [
        "CREATE TABLE account (id bigint IDENTITY(1, 1) PRIMARY KEY, name nvarchar(100) NOT NULL UNIQUE, balance float(53), amount decimal(20, 10), made datetime2(6))",
        "CREATE TABLE setting (section nvarchar(50) COLLATE Latin1_General_BIN2 NOT NULL, name nvarchar(50) NOT NULL, value varbinary(max), PRIMARY KEY (section, name))",
        "CREATE TABLE entry (id uniqueidentifier PRIMARY KEY, account bigint NOT NULL REFERENCES account (id) ON DELETE CASCADE, v nvarchar(max))",
        "CREATE TABLE line (t nvarchar(20), n real)",
        "CREATE TABLE [it's \"odd\"] ([a \"key\"] int PRIMARY KEY, v nvarchar(max))",
    ];

    private static readonly string[] Fill =
    [
        Insert("account (name, balance, amount, made)", "'name ' + CAST(i AS nvarchar(9)), CASE i % 5 WHEN 0 THEN 1.7976931348623157e308 WHEN 1 THEN 2.2250738585072014e-308 ELSE i / 3e0 END, "
            + "CAST(i AS decimal(20, 10)) / 7, DATEADD(second, i, CAST('2026-01-01 00:00:00.123456' AS datetime2(6)))"),
        Insert("setting", "'section ' + CAST(i % 7 AS nvarchar(9)), N'näme ' + CAST(i AS nvarchar(9)), CAST(i AS varbinary(4))", 2500),
        Insert("entry", "CAST('00000000-0000-4000-8000-0000000000' + CAST(i + 10 AS char(2)) AS uniqueidentifier), i, REPLICATE(N'é', i)"),
        Insert("line", "'twin', i % 3", 9),
        Insert("[it's \"odd\"]", "i, N'🗄 ' + CAST(i AS nvarchar(9))", 9),
    ];

    private static readonly string[] Damage =
    [
        "UPDATE account SET name = name + '~' WHERE id < 4", "UPDATE account SET name = 'name ' + CAST(4 - id AS nvarchar(9)) WHERE id < 4",
        "UPDATE account SET balance = 0 WHERE id % 5 = 1", "DELETE FROM account WHERE id > 50", "INSERT INTO account (name) VALUES ('only here')",
        "DELETE FROM setting WHERE section = 'section 3'", "UPDATE setting SET value = 0x WHERE section = 'section 4'", "DELETE FROM line WHERE n = 0",
        "INSERT INTO line VALUES (NULL, 3.4e38)", "UPDATE [it's \"odd\"] SET v = NULL",
    ];

    private SqlServerArena _arena = null!;

    public async ValueTask InitializeAsync() => _arena = await SqlServerArena.CreateAsync([.. Schema, .. Fill]);

    public ValueTask DisposeAsync() => _arena?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData(StateTransferMode.Rows, SpoolMode.File)]
    [InlineData(StateTransferMode.Rows, SpoolMode.None)]
    [InlineData(StateTransferMode.Full, SpoolMode.File)]
    [InlineData(StateTransferMode.Full, SpoolMode.None)]
    public async Task A_transfer_makes_the_destination_equal_and_its_undo_brings_the_former_rows_back(StateTransferMode mode, SpoolMode spool)
    {
        await _arena.RunBAsync([.. Damage, "CREATE TRIGGER no ON entry AFTER INSERT, UPDATE, DELETE AS THROW 50000, 'fired', 1"]);
        var before = await DumpAsync("_b");
        Assert.NotEqual(await DumpAsync("_a"), before);

        var result = await _arena.Engine.TransferAsync(
            _arena.Request with { Mode = mode, Spool = spool, TempPath = spool == SpoolMode.None ? null : _arena.Folder }, null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, VerifyLevel.AllRows, true), (result.Status, result.Verified, result.Equal));
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
        await _arena.Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = _arena.B }, null, Arena.Token);
        Assert.Equal(before, await DumpAsync("_b"));
        await Assert.ThrowsAsync<SqlException>(() => _arena.RunBAsync("DELETE FROM entry"));
    }

    [Theory]
    [InlineData("UPDATE setting SET value = 0x78 WHERE section = 'section 4'")]
    [InlineData("UPDATE setting SET value = 0x78 WHERE section = 'section 1'")]
    public async Task A_destination_that_changes_between_the_comparison_and_the_lock_is_refused_and_keeps_the_change(string change)
    {
        await _arena.RunBAsync(Damage);
        string? changed = null;

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => _arena.Engine.TransferAsync(
            _arena.Request with
            {
                Mode = StateTransferMode.Rows,
                Confirm = async _ =>
                {
                    await _arena.RunBAsync(change);
                    changed = await DumpAsync("_b");
                    return true;
                },
            },
            null,
            Arena.Token));

        Assert.Equal(changed, await DumpAsync("_b"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_COMMIT_whose_answer_was_lost_is_settled_by_the_transfers_id(bool delivered)
    {
        await _arena.RunBAsync(Damage);
        var before = await DumpAsync("_b");
        await using var relay = new TdsCommitRelay(_arena.B, delivered);
        var request = _arena.Request with { Destination = relay.Start() };
        var told = new Told(p =>
        {
            if (p.Phase == StateTransferPhase.Verify)
                relay.Arm();
        });

        if (delivered)
        {
            Assert.Equal(StateTransferStatus.Completed, (await _arena.Engine.TransferAsync(request, told, Arena.Token)).Status);
            Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
        }
        else
        {
            await Arena.ThrowsAsync(ErrorCodes.ConnectionLost, () => _arena.Engine.TransferAsync(request, told, Arena.Token));
            Assert.Equal(before, await DumpAsync("_b"));
        }

        Assert.True(relay.HasCut);
    }

    [Fact]
    public async Task A_destination_whose_writer_keeps_its_lock_is_in_use()
    {
        await _arena.RunBAsync(Damage);
        await using var writer = await _arena.OpenBAsync();
        await using var transaction = await writer.BeginTransactionAsync(Arena.Token);
        await using var command = writer.CreateCommand();
        command.CommandText = "UPDATE line SET n = 1";
        command.Transaction = transaction;
        await command.ExecuteNonQueryAsync(Arena.Token);

        await Arena.ThrowsAsync(
            ErrorCodes.DestinationInUse,
            () => _arena.Engine.TransferAsync(_arena.Request with { LockTimeout = TimeSpan.FromMilliseconds(300) }, null, Arena.Token));
    }

    [Theory]
    [InlineData(StateTransferPhase.Compare)]
    [InlineData(StateTransferPhase.Verify)]
    public async Task A_cancelled_transfer_leaves_the_destination_as_it_was(StateTransferPhase phase)
    {
        await _arena.RunBAsync(Damage);
        var before = await DumpAsync("_b");
        using var stop = new CancellationTokenSource();

        var result = await _arena.Engine.TransferAsync(
            _arena.Request,
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
        string[] logged = ["account", "setting", "entry"];
        foreach (var (side, name) in new[] { (_arena.A, "A"), (_arena.B, "B") })
            await _arena.Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = name, Table = logged }, Arena.Token);
        await _arena.RunAAsync("UPDATE setting SET value = 0x78 WHERE section = 'section 1'");
        var request = _arena.Request with { Table = logged };
        Assert.Equal(StateTransferStatus.Completed, (await _arena.Engine.TransferAsync(request with { Mode = StateTransferMode.Rows }, null, Arena.Token)).Status);
        await _arena.RunAAsync(
            "UPDATE account SET name = name + '~' WHERE id < 4", "UPDATE account SET name = 'name ' + CAST(4 - id AS nvarchar(9)) WHERE id < 4", "DELETE FROM account WHERE id = 60");
        var before = await DumpAsync("_b");

        var result = await _arena.Engine.TransferAsync(request, null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log, VerifyLevel.ChangedRows), (result.Status, result.Mode, result.Verified));
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
        Assert.Equal(StateTransferStatus.NothingToSend, (await _arena.Engine.TransferAsync(request, null, Arena.Token)).Status);
        await _arena.Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = _arena.B }, null, Arena.Token);
        Assert.Equal(before, await DumpAsync("_b"));
        await _arena.Engine.TransferAsync(request, null, Arena.Token);
        Assert.Equal(await DumpAsync("_a"), await DumpAsync("_b"));
    }

    [Fact]
    public async Task A_SQLite_side_is_sent_into_SQL_Server_and_back()
    {
        var file = SqliteFile.Create(
            Path.Combine(_arena.Folder, "a.db"), wal: true, "CREATE TABLE mixed (id INTEGER PRIMARY KEY, t TEXT, b BLOB, d DOUBLE)",
            "INSERT INTO mixed VALUES (1, 'é漢🗝', x'00ff', 0.1), (2, '', x'', 2.5e-300), (3, NULL, NULL, NULL)");
        await _arena.RunBAsync("CREATE TABLE mixed (id bigint PRIMARY KEY, t nvarchar(max), b varbinary(max), d float(53))");
        var request = _arena.Request with { Source = new SideConnection(file.Path), Table = ["mixed"] };

        Assert.Equal(StateTransferStatus.Completed, (await _arena.Engine.TransferAsync(request, null, Arena.Token)).Status);
        var there = file.Dump();
        file.Run("UPDATE mixed SET t = 'changed'", "DELETE FROM mixed WHERE id = 3");
        var back = await _arena.Engine.TransferAsync(_arena.Request with { Source = _arena.B, Destination = new SideConnection(file.Path), Table = ["mixed"] }, null, Arena.Token);

        Assert.Equal(StateTransferStatus.Completed, back.Status);
        Assert.Equal(there, file.Dump());
        file.Run("UPDATE mixed SET d = 9e999 WHERE id = 1");
        var failure = await Arena.ThrowsAsync(ErrorCodes.ValueNotRepresentable, () => _arena.Engine.TransferAsync(request, null, Arena.Token));
        foreach (var named in new[] { "mixed", "1", "column d" })
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    private Task<string> DumpAsync(string side) => _arena.DumpAsync(side, Tables);

    /// <summary>Rows made from the numbers i from 1 to <paramref name="count"/>.</summary>
    private static string Insert(string table, string values, int count = 60)
        => $"""
            WITH d(i) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
                UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9),
            n(i) AS (SELECT a.i + 10 * b.i + 100 * c.i + 1000 * e.i + 1 FROM d a, d b, d c, d e)
            INSERT INTO {table} SELECT {values} FROM n WHERE i <= {count} ORDER BY i
            """;
}
