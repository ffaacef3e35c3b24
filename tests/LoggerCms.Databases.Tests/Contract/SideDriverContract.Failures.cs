using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task A_database_that_is_not_there_is_a_typed_failure_and_is_not_made()
    {
        var missing = MissingDatabase();
        for (var i = 0; i < 2; i++)
            await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => Make.Driver.OpenAsync(missing, Token));
    }

    [Fact]
    public async Task A_wrong_password_is_a_typed_failure_that_does_not_repeat_it()
    {
        var connection = WrongPassword();
        Assert.SkipWhen(connection is null, $"{Make.Provider} has no passwords.");
        var failure = await Sides.FailsAsync(ErrorCodes.AuthenticationFailed, () => Make.Driver.OpenAsync(connection, Token));
        Assert.DoesNotContain("s3cr3t-wr0ng", Sides.Everything(failure), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreachable_server_is_a_typed_failure()
    {
        var connection = Unreachable();
        Assert.SkipWhen(connection is null, $"{Make.Provider} has no server.");
        var failure = await Sides.FailsAsync(ErrorCodes.ServerUnreachable, () => Make.Driver.OpenAsync(connection, Token));
        Assert.DoesNotContain("s3cr3t", Sides.Everything(failure), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_went_away_is_a_typed_failure()
    {
        var database = await NewAsync(ItemTable(), ItemTable("other"));
        var side = await OpenAsync(database);
        var tables = (await side.CatalogAsync()).Tables;
        await database.ExecuteAsync("DROP TABLE item");
        await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            await using var transaction = await side.BeginTransactionAsync(tables, TimeSpan.FromSeconds(2), Token);
            await transaction.ReadAllAsync(tables[0]);
        });
    }

    protected abstract SideConnection MissingDatabase();

    protected abstract SideConnection? WrongPassword();

    protected abstract SideConnection? Unreachable();
}
