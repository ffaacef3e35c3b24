using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SqlServer;

/// <summary>What a transfer switches off for itself is as it was afterwards.</summary>
public sealed class SqlServerGuardTests
{
    [Fact]
    public async Task Foreign_keys_with_their_actions_and_triggers_are_after_a_transfer_what_they_were_before()
    {
        var make = new SqlServerMake();
        Assert.SkipWhen(make.Missing is not null, make.Missing ?? string.Empty);
        await using var database = await make.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE parent (id int NOT NULL PRIMARY KEY)",
            "CREATE TABLE child (id int NOT NULL PRIMARY KEY, parent int NULL CONSTRAINT fk_child REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL)",
            "CREATE TABLE fired (n int)",
            "CREATE TRIGGER on_child ON child AFTER INSERT AS INSERT INTO fired VALUES (1)",
            "CREATE TRIGGER off_child ON child AFTER INSERT AS INSERT INTO fired VALUES (2)",
            "ALTER TABLE child DISABLE TRIGGER off_child",
            "INSERT INTO parent VALUES (1)");
        await using var side = await make.Driver.OpenAsync(database.Connection, TestContext.Current.CancellationToken);
        var before = await DescribeAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("child", ("id", 7), ("parent", 99));
            Assert.Single(await transaction.FindForeignKeyViolationsAsync(transaction.Catalog.Tables, TestContext.Current.CancellationToken));
            await transaction.InsertAsync("parent", ("id", 99));
            Assert.Empty(await transaction.FindForeignKeyViolationsAsync(transaction.Catalog.Tables, TestContext.Current.CancellationToken));
            await transaction.CommitAsync();
        }

        Assert.Equal(before, await DescribeAsync(database));
        await database.ExecuteAsync("INSERT INTO child VALUES (8, 1)", "DELETE FROM parent WHERE id = 1");
        Assert.Equal(["1"], await database.ListAsync("SELECT CAST(n AS nvarchar(9)) FROM fired"));
        Assert.Equal(["7"], await database.ListAsync("SELECT CAST(id AS nvarchar(9)) FROM child"));
    }

    private static Task<IReadOnlyList<string>> DescribeAsync(TestDatabase database) => database.ListAsync(
        """
        SELECT CAST(name AS nvarchar(100)) + ' ' + CAST(is_disabled AS nvarchar(9)) FROM sys.triggers
        UNION ALL
        SELECT CAST(name AS nvarchar(100)) + ' ' + CAST(is_disabled AS nvarchar(9)) + ' ' + CAST(is_not_trusted AS nvarchar(9)) + ' '
            + CAST(delete_referential_action_desc AS nvarchar(60)) + ' ' + CAST(update_referential_action_desc AS nvarchar(60)) FROM sys.foreign_keys
        ORDER BY 1
        """);
}
