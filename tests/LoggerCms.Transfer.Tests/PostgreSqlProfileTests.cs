namespace LoggerCms.Transfer.Tests;

/// <summary>Side-local columns between two PostgreSQL databases.</summary>
public sealed class PostgreSqlProfileTests
{
    [Theory]
    [InlineData(StateTransferMode.Rows)]
    [InlineData(StateTransferMode.Full)]
    public async Task An_undo_brings_back_the_side_local_columns_of_rows_that_were_deleted(StateTransferMode mode)
    {
        await using var arena = await PgArena.CreateAsync(
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"A own\" jsonb DEFAULT '{}', v numeric, z_own float8 NOT NULL DEFAULT 7)");
        await arena.RunAAsync("INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, '{\"s\": 1}', 2, 1), (2, '{\"s\": 1}', 2, 1)");
        await arena.RunBAsync("INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, '{\"d\": 1}', 1, 2), (3, '{\"only\": \"here\"}', 3.10, '-0'), (4, NULL, NULL, 'NaN')");
        var profile = Path.Combine(Directory.CreateTempSubdirectory("loggercms-profile-").FullName, "profile.json");
        await File.WriteAllTextAsync(profile, """{"columns":{"t":["A own","z_own"]}}""", Arena.Token);
        var before = await arena.DumpAsync("_b", "t");

        var result = await arena.Engine.TransferAsync(arena.Request with { Mode = mode, ProfilePath = profile }, null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, 2L), (result.Status, result.RowsDeleted));
        Assert.DoesNotContain(result.Notes, n => n.Contains("own", StringComparison.Ordinal));
        Assert.Equal("t (1,\"{\"\"d\"\": 1}\",2,2)\nt (2,{},2,7)", await arena.DumpAsync("_b", "t"));
        Directory.Delete(Path.GetDirectoryName(profile)!, recursive: true);
        await arena.Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = arena.B }, null, Arena.Token);
        Assert.Equal(before, await arena.DumpAsync("_b", "t"));
    }
}
