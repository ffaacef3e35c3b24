namespace LoggerCms.Transfer.Tests;

/// <summary>
/// A constraint of the destination may say REPLACE or IGNORE. A transfer that goes by that would remove rows that it did not look at, or leave out
/// some that it sends; it stops instead, with nothing changed.
/// </summary>
public sealed class ConflictClauseTests
{
    private const string Local = "INSERT INTO t VALUES (1, 'x', 'c1'), (77, 'local', 'c2')";
    private const string Sent = "INSERT INTO t VALUES (1, 'x', 'c1'), (2, 'x', 'c2')";

    [Theory]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY, site TEXT, code TEXT UNIQUE ON CONFLICT REPLACE)", Sent, Local, StateTransferMode.Rows)]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY, site TEXT, code TEXT UNIQUE ON CONFLICT REPLACE)", Sent, Local, StateTransferMode.Full)]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY, site TEXT, code TEXT UNIQUE ON CONFLICT IGNORE)", Sent, Local, StateTransferMode.Rows)]
    [InlineData("CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, site TEXT, code TEXT)", "INSERT INTO t VALUES (77, 'x', 'new')", Local, StateTransferMode.Full)]
    [InlineData(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, site TEXT, code TEXT UNIQUE ON CONFLICT REPLACE)",
        "INSERT INTO t VALUES (1, 'x', 'c2')",
        Local,
        StateTransferMode.Rows)]
    public async Task A_row_that_the_profile_leaves_out_is_not_replaced(string declaration, string source, string destination, StateTransferMode mode)
    {
        foreach (var verify in Enum.GetValues<VerifyLevel>())
        {
            using var arena = new Arena([declaration]);
            arena.Source.Run(source);
            arena.Destination.Run(destination);
            var profile = arena.At("profile.json");
            await File.WriteAllTextAsync(profile, """{ "rowFilters": { "t": "site = 'x'" } }""", Arena.Token);
            var before = arena.Destination.Dump();
            await arena.FailsAsync(ErrorCodes.ConstraintViolated, arena.With(mode) with { ProfilePath = profile, Verify = verify });
            Assert.Equal(before, arena.Destination.Dump());
        }
    }

    [Theory]
    [InlineData("code TEXT UNIQUE ON CONFLICT REPLACE", StateTransferMode.Rows)]
    [InlineData("code TEXT UNIQUE ON CONFLICT REPLACE", StateTransferMode.Full)]
    [InlineData("code TEXT UNIQUE ON CONFLICT IGNORE", StateTransferMode.Rows)]
    [InlineData("code TEXT UNIQUE ON CONFLICT IGNORE", StateTransferMode.Full)]
    public async Task Rows_that_the_destination_cannot_hold_both_are_refused_at_every_level_of_verification(string column, StateTransferMode mode)
    {
        foreach (var verify in Enum.GetValues<VerifyLevel>())
        {
            using var arena = new Arena([]);
            arena.Source.Run("CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT)", "INSERT INTO t VALUES (1, 'c1'), (2, 'c1')");
            arena.Destination.Run($"CREATE TABLE t (id INTEGER PRIMARY KEY, {column})", "INSERT INTO t VALUES (1, 'c1')");
            var before = arena.Destination.Dump();
            await arena.FailsAsync(ErrorCodes.ConstraintViolated, arena.With(mode, verify: verify));
            Assert.Equal(before, arena.Destination.Dump());
        }
    }
}
