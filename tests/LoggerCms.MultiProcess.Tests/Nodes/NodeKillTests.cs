using System.Globalization;
using System.Net;
using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>
/// Real nodes that are killed at any moment while clients write. LOGGERCMS_TEST_NODE_KILLS sets how often, LOGGERCMS_TEST_NODE_SEED replays the
/// clients' choices (not the moments).
/// </summary>
public sealed partial class NodeKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 6;
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public Task What_was_acknowledged_is_there_once_after_every_kill() => TortureAsync([], null);

    [Fact]
    public async Task The_same_on_PostgreSQL_while_its_connections_are_cut()
    {
        var server = Environment.GetEnvironmentVariable("LOGGERCMS_TEST_POSTGRESQL");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "LOGGERCMS_TEST_POSTGRESQL names no server.");
        var name = "loggercms_node_" + Guid.NewGuid().ToString("N")[..12];
        await using var admin = Npgsql.NpgsqlDataSource.Create(server);
        await ExecuteAsync(admin, $"CREATE DATABASE {name}");
        try
        {
            await TortureAsync(
                ["--database", $"postgresql:{server};Database={name}"],
                stop => MeanwhileAsync(() => ExecuteAsync(admin, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"), stop));
        }
        finally
        {
            await ExecuteAsync(admin, $"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task A_clean_stop_leaves_no_delta_file_and_the_next_start_has_everything()
    {
        long id;
        await using (var node = await NodeProcess.StartAsync(_home, null, "--port", "0", "--flushintervalms", "3600000"))
        {
            id = (await node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "kept", ParentId = 23 })).GetProperty("Id").GetInt64();
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(node.DataPath, "deltas")));
            Assert.Equal(0, await node.StopAsync());
            Assert.Empty(Directory.GetFiles(Path.Combine(node.DataPath, "deltas")));
        }

        await using var again = await NodeProcess.StartAsync(_home, null, "--port", "0");
        Assert.Equal("kept", (await again.GetAsync($"v1/objects/{id}")).Body.GetProperty("Name").GetString());
        Assert.Equal("NothingToDo", (await again.GetAsync("v1/node")).Body.GetProperty("Reconcile").GetProperty("Status").GetString());
    }

    [Fact]
    public async Task A_node_without_its_system_database_ends_at_once_with_the_reason()
    {
        var (exitCode, said) = await NodeProcess.FailAsync(_home, "--port", "0", "--database", "postgresql:Host=127.0.0.1;Port=1;Username=nobody;Password=hush-hush");

        Assert.Equal(1, exitCode);
        Assert.Contains("[ServerUnreachable]", said, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_node_on_the_same_folder_or_the_same_database_is_refused()
    {
        await using var node = await NodeProcess.StartAsync(_home, null, "--port", "0");
        var (_, sameFolder) = await NodeProcess.FailAsync(_home, "--port", "0");
        var (_, sameDatabase) = await NodeProcess.FailAsync(
            Path.Combine(_home, "other"), "--port", "0", "--database", "sqlite:" + Path.Combine(node.DataPath, "system.db"));

        Assert.Contains("[SideInService]", sameFolder, StringComparison.Ordinal);
        Assert.Contains("[SideInService]", sameDatabase, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_delta_file_is_on_the_disk_before_a_change_is_acknowledged()
    {
        var missing = SystemCalls.Missing();
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
        var log = Path.Combine(_home, "strace.log");
        string deltas;
        await using (var node = await NodeProcess.StartAsync(
            _home,
            ["strace", "-f", "-y", "--seccomp-bpf", "-s", "0", "-o", log, "-e", "trace=fsync,fdatasync,pwrite64,sendmsg,sendto"],
            "--port", "0", "--flushintervalms", "3600000"))
        {
            deltas = Path.Combine(node.DataPath, "deltas");
            for (var i = 0; i < 20; i++)
                await node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = $"f{i}", ParentId = 23 });
            await node.StopAsync();
        }

        // One request at a time: between the write of its record and the answer on the socket there is the sync. A durable marker, 24 bytes, is
        // no record: it is written once nothing came for 50 ms, and on a slow machine the answer to the record before it may still be under way.
        var calls = SystemCalls.Read(log);
        var records = calls
            .Where(c => c.Name == "pwrite64" && c.Arguments.Contains($"<{deltas}/", StringComparison.Ordinal) && !c.Arguments.Contains("\"\"..., 24, ", StringComparison.Ordinal))
            .ToList();
        Assert.True(records.Count >= 20, $"Only {records.Count} writes to the delta file were seen.");
        var answered = 0;
        foreach (var record in records)
        {
            var answer = calls.FirstOrDefault(c => c.Name is "sendmsg" or "sendto" && c.Began > record.Ended);
            if (answer is null)
                continue;
            Assert.Contains(calls, c => c.Name is "fdatasync" or "fsync" && c.Arguments.Contains($"<{deltas}/", StringComparison.Ordinal) && c.Began > record.Ended && c.Ended < answer.Began);
            answered++;
        }

        Assert.True(answered >= 20, $"Only {answered} answers were seen.");
    }

    [Fact]
    public async Task A_full_disk_refuses_changes_with_the_reason_and_loses_none()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_home, "small")).FullName;
        using var disk = SmallDisk.Over(folder, 96 << 20);
        List<long> kept = [];
        await using (var node = await NodeProcess.StartAsync(_home, null, "--port", "0", "--datapath", folder))
        {
            var filler = Path.Combine(folder, "filler");
            FillUp(filler);
            var text = new string('x', 900_000);
            var refused = false;
            for (var i = 0; i < 60 && !refused; i++)
            {
                var (status, body) = await node.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Pdf", Name = $"d{i}", ParentId = 23, Properties = new { text } } } });
                if (status == HttpStatusCode.OK)
                {
                    kept.Add(body.GetProperty("Changed")[0].GetProperty("Id").GetInt64());
                    continue;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
                Assert.Contains(body.GetProperty("Code").GetString(), new[] { ErrorCodes.JournalFailed, ErrorCodes.OutcomeUnknown });
                refused = true;
            }

            Assert.True(refused, "60 changes of 900 kB were taken on a full disk.");
            File.Delete(filler);
            for (var tries = 0; ; tries++)
            {
                var (status, body) = await node.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Pdf", Name = "after", ParentId = 23 } } });
                if (status == HttpStatusCode.OK)
                {
                    kept.Add(body.GetProperty("Changed")[0].GetProperty("Id").GetInt64());
                    break;
                }

                Assert.True(tries < 5, $"There is room again, and still: {body}");
                await Task.Delay(500, Cancellation);
            }

            node.Kill();
        }

        await using var again = await NodeProcess.StartAsync(_home, null, "--port", "0", "--datapath", folder);
        foreach (var id in kept)
            Assert.Equal(HttpStatusCode.OK, (await again.GetAsync($"v1/objects/{id}")).Status);
    }

    /// <summary>Returns how many changes were acknowledged.</summary>
    private async Task<int> TortureAsync(string[] settings, Func<CancellationToken, Task>? meanwhile)
    {
        var kills = Number("LOGGERCMS_TEST_NODE_KILLS", 5);
        var seed = Number("LOGGERCMS_TEST_NODE_SEED", Random.Shared.Next());
        output.WriteLine($"Seed {seed}, {kills} kills.");
        var random = new Random(seed);
        List<TortureClient> clients = [.. Enumerable.Range(0, Clients).Select(i => new TortureClient(i, seed + i))];
        for (var kill = 0; kill <= kills; kill++)
        {
            await using var node = await NodeProcess.StartAsync(_home, null, ["--port", "0", "--flushintervalms", "50", .. settings]);
            if (kill == 0)
                await Task.WhenAll(clients.Select(c => c.PrepareAsync(node)));
            else
                await Task.WhenAll(clients.Select(c => c.CheckAsync(node)));
            if (kill == kills)
                break;
            var running = clients.Select(c => Task.Run(() => c.RunAsync(node), Cancellation)).ToList();
            using var stop = new CancellationTokenSource();
            var other = meanwhile?.Invoke(stop.Token) ?? Task.CompletedTask;
            await Task.Delay(random.Next(20, 1200), Cancellation);
            node.Kill();
            await stop.CancelAsync();
            await Task.WhenAll([.. running, other]);
        }

        var acknowledged = clients.Sum(c => c.Acknowledged);
        output.WriteLine($"{acknowledged} changes were acknowledged, {clients.Sum(c => c.Repeated)} of them to a second try.");
        Assert.True(acknowledged > kills, "Hardly anything was written.");
        return acknowledged;
    }

    private static void FillUp(string path)
    {
        using var file = new FileStream(path, FileMode.Create);
        var block = new byte[64 << 10];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // That is what it was for.
        }
    }

    private static async Task MeanwhileAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Random.Shared.Next(50, 700), cancellationToken);
                await act();
            }
        }
        catch (OperationCanceledException)
        {
            // The torture is over.
        }
    }

    private static async Task ExecuteAsync(Npgsql.NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static int Number(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
