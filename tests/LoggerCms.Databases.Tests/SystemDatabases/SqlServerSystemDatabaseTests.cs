using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed class SqlServerSystemDatabaseTests() : SystemDatabaseContract(new SqlServerMake())
{
    [Fact]
    public async Task A_session_that_the_server_ends_in_the_middle_of_a_flush_writes_nothing_and_the_next_call_connects_again()
    {
        var (database, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        await using var other = await database.ConnectAsync();

        // The flush waits for this row inside its transaction.
        await TestDatabase.ExecuteAsync(other, "BEGIN TRANSACTION; UPDATE cms_object SET version = version WHERE id = 1");
        var flush = system.FlushAsync(Batches.Put(1, 5, Batches.Object(1, version: 2), Batches.Object(2)), Token);
        await database.ExecuteAsync($"KILL {await WaitingAsync(database)}");
        await Sides.FailsAsync(ErrorCodes.ConnectionLost, () => flush);
        await TestDatabase.ExecuteAsync(other, "ROLLBACK");
        Assert.Equal((1, 1), ((await system.ReadStateAsync(Token)).LastUpdateKey, (await system.ReadStateAsync(Token)).Objects));
        await system.FlushAsync(Batches.Put(1, 5, Batches.Object(1, version: 2), Batches.Object(2)), Token);
        Assert.Equal([2, 1], (await LoadAsync(system)).Select(o => o.Version));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_and_a_database_that_is_not_there_are_told_apart()
    {
        await using var nobody = SystemDatabaseFactory.Open(
            new SideConnection(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { DataSource = "127.0.0.1,1", InitialCatalog = "any", ConnectTimeout = 5 }.ConnectionString));
        await Sides.FailsAsync(ErrorCodes.ServerUnreachable, () => nobody.PrepareAsync(Token));
        await using var missing = SystemDatabaseFactory.Open(
            new SideConnection(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { InitialCatalog = "loggercms_is_not_there" }.ConnectionString));
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => missing.PrepareAsync(Token));
    }

    /// <summary>The session that waits for a lock, once one does.</summary>
    private static async Task<string> WaitingAsync(TestDatabase database)
    {
        while (true)
        {
            var waiting = await database.ListAsync(
                "SELECT CAST(spid AS nvarchar(20)) FROM sys.sysprocesses WHERE dbid = DB_ID() AND blocked <> 0 AND UPPER(lastwaittype) LIKE 'L%CK%'");
            if (waiting.Count > 0)
                return waiting[0];
            Token.ThrowIfCancellationRequested();
        }
    }
}
