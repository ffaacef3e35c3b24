using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Npgsql;

namespace LoggerCms.Databases.Tests.PostgreSql;

public sealed class PostgreSqlRightsTests : PostgreSqlTest
{
    private readonly string _role = "loggercms_" + Guid.NewGuid().ToString("n");

    private static readonly string[] NotingTrigger =
    [
        "CREATE TABLE fired (what text)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN INSERT INTO public.fired VALUES (TG_OP); RETURN NULL; END'",
    ];

    [Fact]
    public async Task A_trigger_that_always_fires_is_off_for_a_transfer_and_always_on_again_after_it()
    {
        var database = await NewAsync([
            "CREATE TABLE item (id bigint PRIMARY KEY, v text)", .. NotingTrigger,
            "CREATE TRIGGER note AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION note()", "ALTER TABLE item ENABLE ALWAYS TRIGGER note"]);
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync("item"))
        {
            await transaction.InsertAsync("item", ("id", 1), ("v", "x"));
            await transaction.CommitAsync();
        }

        Assert.Equal("0", await database.ScalarAsync("SELECT count(*) FROM fired"));
        Assert.Equal("A", await database.ScalarAsync("SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'note'"));
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "ALTER TABLE item ENABLE ALWAYS RULE spread")]
    public async Task A_rule_that_would_fire_is_refused_with_the_statement_that_helps(bool asOwner, string always)
    {
        var database = await NewAsync([
            "CREATE TABLE item (id bigint PRIMARY KEY, v text)", "CREATE TABLE own (id bigint PRIMARY KEY)", "INSERT INTO item VALUES (1, 'a')", "INSERT INTO own VALUES (1)",
            "CREATE RULE spread AS ON DELETE TO item DO ALSO DELETE FROM own", .. always.Length > 0 ? [always] : Array.Empty<string>()]);
        await (asOwner
            ? WithRoleAsync(database, $"GRANT CREATE ON SCHEMA public TO {_role}; ALTER TABLE item OWNER TO {_role}; ALTER TABLE own OWNER TO {_role}", DeleteAsync)
            : DeleteAsync(database.Connection));

        async Task DeleteAsync(SideConnection connection)
        {
            var side = await OpenAsync(connection);
            var failure = await Sides.FailsAsync(ErrorCodes.AccessDenied, () => side.BeginAsync("item"));
            var off = "ALTER TABLE public.item DISABLE RULE spread";
            Assert.EndsWith(off, failure.Remedy, StringComparison.Ordinal);
            await database.ExecuteAsync(off);
            await using (var transaction = await side.BeginAsync("item"))
            {
                Assert.Equal(1, await transaction.DeleteAsync("item", 1));
                await transaction.CommitAsync();
            }

            Assert.Equal("1", await database.ScalarAsync("SELECT count(*) FROM own"));
        }
    }

    [Fact]
    public async Task The_owner_of_the_tables_transfers_without_triggers_and_with_foreign_keys_deferred()
    {
        var database = await NewAsync([
            "CREATE TABLE parent (id bigint PRIMARY KEY)", "CREATE TABLE child (id bigint PRIMARY KEY, parent bigint NOT NULL REFERENCES parent)",
            "INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (10, 1)", .. NotingTrigger,
            "CREATE TRIGGER note AFTER INSERT OR DELETE ON parent FOR EACH ROW EXECUTE FUNCTION note()"]);
        await WithOwnerAsync(database, async connection =>
        {
            var side = await OpenAsync(connection);
            await using (var transaction = await side.BeginAsync("child", "parent"))
            {
                await transaction.DeleteAsync("parent", 1);
                await transaction.InsertAsync("child", ("id", 20), ("parent", 2));
                await transaction.InsertAsync("parent", ("id", 1));
                await transaction.InsertAsync("parent", ("id", 2));
                Assert.Empty(await transaction.FindForeignKeyViolationsAsync(transaction.Catalog.Tables, Token));
                await transaction.CommitAsync();
            }

            Assert.Equal("0", await database.ScalarAsync("SELECT count(*) FROM fired"));
            Assert.Equal("O", await database.ScalarAsync("SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'note'"));
            Assert.Equal("False", await database.ScalarAsync("SELECT condeferrable FROM pg_constraint WHERE contype = 'f'"));

            await using var broken = await side.BeginAsync("child", "parent");
            await broken.DeleteAsync("parent", 2);
            Assert.Single(await broken.FindForeignKeyViolationsAsync(broken.Catalog.Tables, Token));
            await Sides.FailsAsync(ErrorCodes.ConstraintViolated, broken.CommitAsync);
            await broken.DisposeAsync();
            Assert.Equal("2", await database.ScalarAsync("SELECT count(*) FROM parent"));
        });
    }

    [Fact]
    public async Task A_foreign_key_action_that_cannot_be_switched_off_is_refused_with_the_grant_that_helps()
    {
        var database = await NewAsync(
            "CREATE TABLE parent (id bigint PRIMARY KEY)", "CREATE TABLE child (id bigint PRIMARY KEY, parent bigint REFERENCES parent ON DELETE CASCADE)");
        await WithOwnerAsync(database, async connection =>
        {
            var side = await OpenAsync(connection);
            var failure = await Sides.FailsAsync(ErrorCodes.AccessDenied, () => side.BeginAsync());
            Assert.Contains("session_replication_role", failure.Remedy, StringComparison.Ordinal);
            if (int.Parse((await database.ScalarAsync("SHOW server_version_num"))!, System.Globalization.CultureInfo.InvariantCulture) < 150000)
                return;
            await database.ExecuteAsync($"GRANT SET ON PARAMETER session_replication_role TO {_role}");
            await using var transaction = await side.BeginAsync();
            await database.ExecuteAsync($"REVOKE SET ON PARAMETER session_replication_role FROM {_role}");
        });
    }

    [Fact]
    public async Task Rows_that_row_level_security_would_hide_are_refused_not_left_out()
    {
        var database = await NewAsync(
            "CREATE TABLE item (id bigint PRIMARY KEY)", "INSERT INTO item VALUES (1), (2)", "ALTER TABLE item ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY half ON item USING (id = 1)");
        await WithRoleAsync(database, $"GRANT SELECT ON item TO {_role}", async connection =>
        {
            var side = await OpenAsync(connection);
            await Sides.FailsAsync(ErrorCodes.AccessDenied, () => side.ShowAllAsync("item"));
        });
    }

    private Task WithOwnerAsync(TestDatabase database, Func<SideConnection, Task> act)
        => WithRoleAsync(database, $"GRANT CREATE ON SCHEMA public TO {_role}; ALTER TABLE parent OWNER TO {_role}; ALTER TABLE child OWNER TO {_role}", act);

    private async Task WithRoleAsync(TestDatabase database, string grants, Func<SideConnection, Task> act)
    {
        await database.ExecuteAsync($"CREATE ROLE {_role} LOGIN PASSWORD 'p'", grants);
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(((NpgsqlConnection)await database.ConnectAsync()).ConnectionString) { Username = _role, Password = "p" };
            await act(new SideConnection(SideProvider.PostgreSql, builder.ConnectionString));
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {_role} CASCADE", $"DROP ROLE {_role}");
        }
    }
}
