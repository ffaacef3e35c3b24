using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Transfer.Tests;

/// <summary>Rows that a careless transfer changes on the way.</summary>
public sealed class FidelityTests
{
    public static TheoryData<StateTransferMode, SpoolMode> Ways() => new()
    {
        { StateTransferMode.Rows, SpoolMode.File },
        { StateTransferMode.Rows, SpoolMode.None },
        { StateTransferMode.Full, SpoolMode.File },
        { StateTransferMode.Full, SpoolMode.None },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Triggers_and_cascades_of_the_destination_neither_fire_nor_falsify(StateTransferMode mode, SpoolMode spool)
    {
        string[] schema =
        [
            "CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE, v TEXT)",
            "CREATE TABLE fired (what TEXT)",
        ];
        using var arena = new Arena(schema);
        arena.Source.Run("INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO c VALUES (1, 1, 'x'), (2, 2, 'y')");
        arena.Destination.Run("INSERT INTO p VALUES (1, 'old'), (2, 'b'), (9, 'gone')", "INSERT INTO c VALUES (1, 9, 'x'), (2, 2, 'old'), (7, 9, 'gone')");
        foreach (var (table, verb) in new[] { ("p", "INSERT"), ("p", "UPDATE"), ("p", "DELETE"), ("c", "INSERT"), ("c", "UPDATE"), ("c", "DELETE") })
        {
            arena.Destination.Run(
                $"CREATE TRIGGER {table}{verb} AFTER {verb} ON {table} BEGIN INSERT INTO fired VALUES ('{table} {verb}'); UPDATE p SET v = v || '!'; END");
        }

        var result = await arena.TransferAsync(arena.With(mode, spool));

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(arena.Source.Dump(), arena.Destination.Dump());
        Assert.Equal(6, arena.Destination.Count("sqlite_schema WHERE type = 'trigger'"));
        arena.Destination.Run("INSERT INTO p VALUES (50, 'own')");
        Assert.NotEqual(0, arena.Destination.Count("fired"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Unique_values_that_changed_places_in_a_ring_are_carried(StateTransferMode mode, SpoolMode spool)
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE COLLATE NOCASE, b INTEGER, c INTEGER, UNIQUE (b, c))"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x', 1, 1), (2, 'y', 1, 2), (3, 'z', 2, 1), (5, 'W', 9, 9)");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'Y', 1, 2), (2, 'Z', 2, 1), (3, 'X', 1, 1), (4, 'w', 9, 9)");

        var result = await arena.TransferAsync(arena.With(mode, spool));

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        await arena.AssertEqualSidesAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Keys_that_differ_only_in_case_are_brought_to_the_byte(StateTransferMode mode, SpoolMode spool)
    {
        using var arena = new Arena(["CREATE TABLE t (k TEXT COLLATE NOCASE NOT NULL, n INTEGER NOT NULL, v TEXT, PRIMARY KEY (k, n)) WITHOUT ROWID"]);
        arena.Source.Run("INSERT INTO t VALUES ('Alpha', 1, 'a'), ('beta', 1, 'b'), ('ÄRGER', 1, 'c'), ('same', 1, 'd')");
        arena.Destination.Run("INSERT INTO t VALUES ('ALPHA', 1, 'a'), ('BETA', 1, 'x'), ('ärger', 1, 'c'), ('same', 1, 'd')");
        var before = arena.Destination.Dump();

        var result = await arena.TransferAsync(arena.With(mode, spool));
        await arena.AssertEqualSidesAsync();
        await arena.UndoAsync(result.Id);

        Assert.Equal(before, arena.Destination.Dump());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_a_profile_keeps_for_the_side_is_neither_sent_nor_lost(StateTransferMode mode, SpoolMode spool)
    {
        using var arena = new Arena(
        [
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, seen TEXT)", "CREATE TABLE audit_log (id INTEGER PRIMARY KEY)", "CREATE TABLE r (id INTEGER PRIMARY KEY, region TEXT, v TEXT)",
        ]);
        arena.Source.Run(
            "INSERT INTO t VALUES (1, 'new', 'a1'), (2, 'same', 'a2'), (3, 'added', 'a3')", "INSERT INTO audit_log VALUES (1)", "INSERT INTO r VALUES (1, 'EU', 'new'), (2, 'US', 'theirs')");
        arena.Destination.Run(
            "INSERT INTO t VALUES (1, 'old', 'b1'), (2, 'same', 'b2')", "INSERT INTO audit_log VALUES (7)", "INSERT INTO r VALUES (1, 'EU', 'old'), (3, 'US', 'ours'), (4, 'EU', 'gone')");
        var profile = arena.At("profile.json");
        await File.WriteAllTextAsync(
            profile,
            JsonSerializer.Serialize(new
            {
                tables = new[] { "audit_*" },
                columns = new Dictionary<string, string[]> { ["t"] = ["seen"] },
                rowFilters = new Dictionary<string, string> { ["r"] = "region = 'EU'" },
            }),
            Arena.Token);

        var result = await arena.TransferAsync(arena.With(mode, spool) with { ProfilePath = profile });

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(1, arena.Destination.Count("audit_log WHERE id = 7"));
        Assert.Equal(2, arena.Destination.Count("r"));
        Assert.Equal(1, arena.Destination.Count("r WHERE id = 3 AND v = 'ours'"));
        Assert.Equal(1, arena.Destination.Count("r WHERE id = 1 AND v = 'new'"));
        Assert.Equal(1, arena.Destination.Count("t WHERE id = 3 AND v = 'added' AND seen IS NULL"));
        Assert.Equal(1, arena.Destination.Count("t WHERE id = 2 AND v = 'same' AND seen = 'b2'"));
        Assert.Equal(1, arena.Destination.Count("t WHERE id = 1 AND v = 'new' AND seen = 'b1'"));
    }

    [Theory]
    [InlineData(StateTransferMode.Rows)]
    [InlineData(StateTransferMode.Full)]
    public async Task A_row_filter_that_asks_another_table_asks_each_sides_own(StateTransferMode mode)
    {
        using var arena = new Arena(["CREATE TABLE a (id INTEGER PRIMARY KEY, grp INT)", "CREATE TABLE g (id INTEGER PRIMARY KEY, live INT)"]);
        arena.Source.Run("INSERT INTO g VALUES (1, 1), (2, 0)", "INSERT INTO a VALUES (1, 1), (2, 2)");
        arena.Destination.Run("INSERT INTO g VALUES (1, 0), (2, 1)", "INSERT INTO a VALUES (2, 2), (3, 2)");
        var profile = arena.At("profile.json");
        await File.WriteAllTextAsync(profile, """{"rowFilters":{"a":"grp IN (SELECT id FROM g WHERE live = 1)"}}""", Arena.Token);

        var before = await arena.Engine.CompareAsync(new ComparisonRequest { Source = arena.A, Destination = arena.B, Table = ["a"], ProfilePath = profile }, null, null, Arena.Token);
        var result = await arena.TransferAsync(arena.With(mode) with { ProfilePath = profile });

        Assert.Equal((1L, 2L, 0L), (before.RowsOnlyInSource, before.RowsOnlyInDestination, before.RowsDifferent));
        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        Assert.Equal(1, arena.Destination.Count("a"));
        Assert.Equal(1, arena.Destination.Count("a WHERE id = 1 AND grp = 1"));
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, "content='doc'")]
    [InlineData(StateTransferMode.Full, "content = [DOC]")]
    [InlineData(StateTransferMode.Rows, "content_rowid=id, content=both")]
    public async Task A_full_text_index_that_a_transfer_leaves_behind_is_named_with_what_mends_it(StateTransferMode mode, string content)
    {
        const string check = """INSERT INTO "my index"("my index", rank) VALUES ('integrity-check', 1)""";
        using var arena = new Arena(
        [
            "CREATE TABLE doc (id INTEGER PRIMARY KEY, t TEXT)", "CREATE TABLE other (id INTEGER PRIMARY KEY)", "CREATE VIEW both AS SELECT id, t FROM doc",
            $"CREATE VIRTUAL TABLE \"my index\" USING fts5(t, {content})", "CREATE VIRTUAL TABLE own USING fts5(t)",
            """CREATE TRIGGER ai AFTER INSERT ON doc BEGIN INSERT INTO "my index"(rowid, t) VALUES (new.id, new.t); END""",
        ]);
        arena.Source.Run("INSERT INTO doc VALUES (1, 'new words')", "INSERT INTO other VALUES (1)");
        arena.Destination.Run("INSERT INTO doc VALUES (1, 'old text')");

        var result = await arena.TransferAsync(arena.With(mode));

        Assert.ThrowsAny<SqliteException>(() => arena.Destination.Run(check));
        var note = Assert.Single(result.Notes);
        arena.Destination.Run(note[note.IndexOf("INSERT", StringComparison.Ordinal)..], check);
        Assert.Contains("doc", note, StringComparison.Ordinal);
        note = Assert.Single((await arena.UndoAsync(result.Id)).Notes);
        arena.Destination.Run(note[note.IndexOf("INSERT", StringComparison.Ordinal)..], check);
    }

    [Theory]
    [InlineData("id INTEGER PRIMARY KEY, ", 1500, "INT")]
    [InlineData("id INT, ", 900, "")]
    [InlineData("id INT, ", 1990, "NUMERIC")]
    public async Task Tables_of_very_many_columns_are_transferred(string first, int columns, string type)
    {
        var names = Enumerable.Range(0, columns).Select(i => $"c{i}").ToList();
        using var arena = new Arena([$"CREATE TABLE t ({first}{string.Join(", ", names.Select(n => $"{n} {type}"))})"]);
        var row = $"INSERT INTO t (id, {string.Join(", ", names)}) SELECT i, {string.Join(", ", names.Select((_, i) => $"i + {i}"))} FROM (SELECT value AS i FROM json_each('[1,2,3]'))";
        arena.Source.Run(row);
        arena.Destination.Run(row, $"UPDATE t SET c{columns - 1} = -1 WHERE id = 2", "DELETE FROM t WHERE id = 3");

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Rows));

        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        Assert.True((await arena.CompareAsync()).Equal);
        await arena.UndoAsync(result.Id);
        Assert.False((await arena.CompareAsync()).Equal);
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync(arena.With(StateTransferMode.Full))).Status);
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, "x'61ff'", "t")]
    [InlineData(StateTransferMode.Full, "x'efbfbe'", "t")]
    [InlineData(StateTransferMode.Rows, "x'61efbfbf'", "x")]
    [InlineData(StateTransferMode.Rows, "x'efbbbf61f09f9880efbfbd'", null)]
    public async Task Text_that_a_file_of_UTF16_would_change_stops_the_transfer(StateTransferMode mode, string bytes, string? column)
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, t TEXT, x)"]);
        File.Delete(arena.Destination.Path);
        arena.Destination.Run("PRAGMA encoding = 'UTF-16'", "CREATE TABLE t (id INTEGER PRIMARY KEY, t TEXT, x)");
        arena.Source.Run($"INSERT INTO t (id, {column ?? "t"}) VALUES (1, CAST({bytes} AS TEXT))");
        var request = arena.With(mode, verify: VerifyLevel.None);

        if (column is null)
        {
            await arena.TransferAsync(request);
            Assert.True((await arena.CompareAsync()).Equal);
            return;
        }

        var failure = await arena.FailsAsync(ErrorCodes.ValueNotRepresentable, request);
        Assert.Contains($"column {column}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("UTF-16", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transfer_of_some_tables_leaves_the_others_as_they_are()
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 30);
        Data.Fill(arena.Destination, seed: 30);
        Data.Damage(arena.Destination);
        var others = arena.Destination.Dump(t => t is not ("word" or "line"));

        var result = await arena.TransferAsync(arena.Request with { Table = ["wor?", "line"] });

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(arena.Source.Dump(t => t is "word" or "line"), arena.Destination.Dump(t => t is "word" or "line"));
        Assert.Equal(others, arena.Destination.Dump(t => t is not ("word" or "line")));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_number_that_autoincrement_gave_is_never_given_again_after_a_transfer(StateTransferMode mode, SpoolMode spool)
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'a'), (500, 'b')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");

        await arena.TransferAsync(arena.With(mode, spool));
        arena.Destination.Run("INSERT INTO t (v) VALUES ('next')");

        Assert.Equal(501, arena.Destination.Scalar("SELECT max(id) FROM t"));
    }

    [Theory]
    [InlineData(SpoolMode.File)]
    [InlineData(SpoolMode.None)]
    public async Task Changes_that_outgrow_the_memory_make_a_table_go_whole_and_the_result_is_right(SpoolMode spool)
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)", "CREATE TABLE small (id INTEGER PRIMARY KEY, v TEXT)"]);
        arena.Source.Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO t SELECT i, randomblob(4000) FROM n", "INSERT INTO small VALUES (1, 'a')");
        arena.Destination.Run("INSERT INTO t VALUES (1, x'00')", "INSERT INTO small VALUES (1, 'b')");
        var before = arena.Destination.Dump();
        var driver = new Databases.Sqlite.SqliteSideDriver();
        var runner = new Core.StateTransfer.StateTransferRunner(_ => driver, arena.NewStore(), TimeProvider.System, memoryLimit: 500_000);

        var result = await runner.RunAsync(arena.With(StateTransferMode.Rows, spool), null, Arena.Token);

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(spool == SpoolMode.None, result.Notes.Any(n => n.Contains("Table t ", StringComparison.Ordinal) && n.Contains("whole", StringComparison.Ordinal)));
        Assert.DoesNotContain(result.Notes, n => n.Contains("small", StringComparison.Ordinal));
        await arena.AssertEqualSidesAsync();
        await arena.UndoAsync(result.Id);
        Assert.Equal(before, arena.Destination.Dump());
    }
}
