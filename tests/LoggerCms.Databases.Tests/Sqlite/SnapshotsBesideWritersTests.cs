using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.Tests.Support;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Databases.Tests.Sqlite;

/// <summary>Readers of one snapshot, and of a pair, beside a program that writes the file and knows nothing of them.</summary>
public sealed class SnapshotsBesideWritersTests
{
    private const int Commits = 400;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Readers_that_begin_together_never_keep_a_commit_waiting_for_one_another(bool pair)
    {
        using var folder = new TestFolder();
        using var writer = Open(folder.File("b.db"));
        using (Open(folder.File("a.db")))
        {
        }

        var driver = new SqliteSideDriver();
        await using var source = await driver.OpenAsync(new SideConnection(folder.File("b.db")), Token);
        await using var destination = await driver.OpenAsync(new SideConnection(folder.File("a.db")), Token);
        var options = new SnapshotOptions { Readers = 4 };
        for (var i = 0; i < Commits; i++)
        {
            // Two seconds are far more than a reader that nobody holds up needs; then the commit fails with SQLITE_BUSY.
            var commit = Task.Run(() => Run(writer, "PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE; UPDATE t SET v = v + 1; COMMIT"), Token);
            if (pair)
                await (await ((IPairableSide)destination).TryBeginPairAsync(source, options, Token))!.DisposeAsync();
            else
                await (await source.BeginSnapshotAsync(options, Token)).DisposeAsync();
            await commit;
        }
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False;Default Timeout=2");
        connection.Open();
        Run(connection, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 1)");
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
