using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SqlServer;

/// <summary>After a transfer the database gives identity values that are free, whichever way it counts.</summary>
public sealed class SqlServerIdentityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bigint IDENTITY(1, 1)", 1, "3001")]
    [InlineData("int IDENTITY(-1, -1)", -1, "-3001")]
    public async Task The_next_value_lies_beyond_what_came_in_any_order(string identity, int step, string next)
    {
        var make = new SqlServerMake();
        Assert.SkipWhen(make.Missing is not null, make.Missing ?? string.Empty);
        await using var database = await make.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TABLE item (id {identity} PRIMARY KEY, v nvarchar(20))");
        await using var side = await make.Driver.OpenAsync(database.Connection, Token);
        int[] ids = [.. Enumerable.Range(1, 3000).Select(i => i * step)];
        new Random(4711).Shuffle(ids);
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            await transaction.InsertAsync(table, Rows.Stream([.. ids.Chunk(700).Select(part => Batch(table, part))]), Token);
            await transaction.CommitAsync();
        }

        await using var snapshot = await side.SnapshotAsync();
        var read = await snapshot.ReadAllAsync(snapshot.Table("item"));
        Assert.Equal(ids.Select(i => Rows.Show(Batch(snapshot.Table("item"), [i])[0])).Order(StringComparer.Ordinal), Rows.ShowSorted(read));
        await database.ExecuteAsync("INSERT INTO item (v) VALUES ('next')");
        Assert.Equal([next], await database.ListAsync("SELECT CAST(id AS nvarchar(20)) FROM item WHERE v = 'next'"));

        RowBatch Batch(TableSchema table, int[] part)
        {
            var batch = new RowBatch();
            foreach (var i in part)
                Rows.Append(batch, table, ("id", (long)i), ("v", $"row {i}"));
            return batch;
        }
    }
}
