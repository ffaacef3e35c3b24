using System.Globalization;
using Microsoft.Data.SqlClient;

namespace LoggerCms.MultiProcess.Tests.Nodes;

public sealed partial class NodeKillTests
{
    private const string SqlServer = "LOGGERCMS_TEST_SQLSERVER";

    [Fact]
    public async Task The_same_on_SQL_Server_with_the_audit_there_too_while_connections_are_cut()
    {
        var server = Environment.GetEnvironmentVariable(SqlServer);
        Assert.SkipWhen(string.IsNullOrEmpty(server), $"{SqlServer} names no server.");
        string system = "loggercms_node_" + Guid.NewGuid().ToString("N")[..12], audit = system + "_audit";
        string[] settings = ["--database", "sqlserver:" + In(system), "--auditdatabase", "sqlserver:" + In(audit)];
        await ScalarAsync("master", $"CREATE DATABASE {system}");
        await ScalarAsync("master", $"CREATE DATABASE {audit}");
        try
        {
            var acknowledged = await TortureAsync(settings, stop => MeanwhileAsync(() => CutAsync(system, audit), stop));

            // Each change is one event, which its delta record carries through every kill; the clients' own folders come on top.
            await using (var node = await NodeProcess.StartAsync(_home, null, ["--port", "0", .. settings]))
            {
                var waited = System.Diagnostics.Stopwatch.StartNew();
                long stored;
                while ((stored = await ChangesAsync(audit)) < acknowledged + Clients)
                {
                    Assert.True(waited.Elapsed < TimeSpan.FromMinutes(1), $"{stored} events of {acknowledged + Clients} changes came within a minute: {node.Said}");
                    await Task.Delay(100, Cancellation);
                }

                Assert.Equal(0, await node.StopAsync());
                Assert.Empty(Directory.GetFiles(Path.Combine(node.DataPath, "deltas")));
            }

            Assert.Equal(await ScalarAsync(audit, "SELECT COUNT_BIG(*) FROM audit_event"), await ScalarAsync(audit, "SELECT COUNT_BIG(DISTINCT id) FROM audit_event"));
            Assert.Equal(0L, await ScalarAsync(system, "SELECT COUNT_BIG(*) FROM loggercms_lease WHERE expires_us > 0"));
        }
        finally
        {
            foreach (var database in new[] { system, audit })
                await DropAsync(database);
        }

        string In(string database) => new SqlConnectionStringBuilder(server) { InitialCatalog = database, Pooling = false }.ConnectionString;

        async Task<object?> ScalarAsync(string database, string sql)
        {
            await using var connection = new SqlConnection(In(database));
            await connection.OpenAsync(CancellationToken.None);
            await using var command = new SqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(CancellationToken.None);
        }

        async Task<long> ChangesAsync(string database)
            => await ScalarAsync(database, "SELECT OBJECT_ID('dbo.audit_event', 'U')") is DBNull
                ? 0
                : (long)(await ScalarAsync(database, "SELECT COUNT_BIG(*) FROM audit_event WHERE action IN ('Create', 'Update', 'Delete')"))!;

        async Task CutAsync(params string[] databases)
        {
            foreach (var database in databases)
            {
                await using var connection = new SqlConnection(In("master"));
                await connection.OpenAsync(CancellationToken.None);
                List<string> sessions = [];
                await using (var command = new SqlCommand($"SELECT spid FROM sys.sysprocesses WHERE dbid = DB_ID('{database}')", connection))
                await using (var reader = await command.ExecuteReaderAsync(CancellationToken.None))
                {
                    while (await reader.ReadAsync(CancellationToken.None))
                        sessions.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
                }

                foreach (var session in sessions)
                {
                    await using var kill = new SqlCommand($"KILL {session}", connection);
                    try
                    {
                        await kill.ExecuteNonQueryAsync(CancellationToken.None);
                    }
                    catch (SqlException gone) when (gone.Number is 6106)
                    {
                        // It ended by itself meanwhile.
                    }
                }
            }
        }

        async Task DropAsync(string database)
        {
            await CutAsync(database);
            await ScalarAsync("master", $"DROP DATABASE {database}");
        }
    }
}
