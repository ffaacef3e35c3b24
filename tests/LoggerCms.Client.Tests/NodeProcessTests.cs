using System.Diagnostics;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>Nodes in processes of their own, started and stopped as the shell does it, and killed.</summary>
public sealed class NodeProcessTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = TestHome.NewFolder();
    private readonly CmsTools _tools = new();
    private readonly List<int> _processes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Profile => Path.Combine(_folder, "admin.profile.json");

    public void Dispose() => _processes.ForEach(Kill);

    [Fact]
    public async Task Every_change_that_returned_is_there_once_when_the_node_was_killed_while_clients_wrote()
    {
        const int writers = 8;
        const int each = 60;
        var node = await StartAsync(port: 0);
        var options = new CmsClientOptions { RetryFor = TimeSpan.FromMinutes(2) };
        using var client = await CmsClient.ConnectAsync(new CmsConnection { Profile = Profile }, options, cancellationToken: Cancellation);
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var killAfter = new Random(seed).Next(writers * each / 4, writers * each / 2);
        var killNow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var made = 0;
        var repeated = 0;
        var writing = Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                var answer = await client.ChangeAsync(Change.Create($"{writer}-{i}"), Cancellation);
                if (answer.Repeated)
                    Interlocked.Increment(ref repeated);
                if (Interlocked.Increment(ref made) == killAfter)
                    killNow.TrySetResult();
            }
        })).ToList();

        await Task.WhenAny(killNow.Task, Task.WhenAll(writing));
        Kill(node.ProcessId);
        var again = await StartAsync(port: new Uri(node.Endpoint).Port);
        await Task.WhenAll(writing);

        var names = await client.GetChildrenAsync(SystemObjects.RootFolder, Cancellation).Select(o => o.Name).ToListAsync(Cancellation);
        output.WriteLine($"{repeated} answers were those of an earlier try; {again.Reconcile!.Applied} changes came from delta files");
        Assert.NotEqual(node.ProcessId, again.ProcessId);
        Assert.Equal(
            Enumerable.Range(0, writers).SelectMany(writer => Enumerable.Range(0, each).Select(i => $"{writer}-{i}")).Order(StringComparer.Ordinal),
            names.Where(name => name.Contains('-', StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        await _tools.StopNodeAsync(client, TimeSpan.FromMinutes(1), Cancellation);
        Assert.Empty(Directory.EnumerateFiles(again.DeltaPath));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(again.ProcessId));
    }

    [Fact]
    public async Task Delta_files_of_a_killed_node_are_brought_in_without_it_once()
    {
        var node = await StartAsync(port: 0);
        using (var client = await _tools.ConnectAsync(new CmsConnection { Profile = Profile }, Cancellation))
            await client.ChangeAsync(Change.Create("from a delta file"), Cancellation);
        var database = new SideConnection(SideProvider.Sqlite, Path.Combine(_folder, "system.db"));
        var request = new CmsReconcileRequest { Path = node.DeltaPath };
        var inService = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.ReconcileAsync(database, request, Cancellation));
        Kill(node.ProcessId);
        var files = Snapshot();

        var plan = await _tools.ReconcileAsync(database, request with { WhatIf = true }, Cancellation);
        var filesAfterPlan = Snapshot();
        var result = await _tools.ReconcileAsync(database, request, Cancellation);
        var second = await _tools.ReconcileAsync(database, request, Cancellation);

        Assert.Equal(ErrorCodes.SideInService, inService.Code);
        Assert.Equal("WhatIf", plan.Status);
        Assert.Equal(files, filesAfterPlan);
        Assert.Equal(("Completed", plan.Records, plan.Applied), (result.Status, result.Records, result.Applied));
        Assert.Equal("NothingToDo", second.Status);
        Assert.Empty(Directory.EnumerateFiles(node.DeltaPath));
        Assert.False(Directory.Exists(node.DeltaPath + ".reconcile"));
        var again = await StartAsync(port: 0);
        Assert.Equal("NothingToDo", again.Reconcile!.Status);
        using var after = await _tools.ConnectAsync(new CmsConnection { Profile = Profile }, Cancellation);
        Assert.Equal(1, (await after.GetObjectByPathAsync("/Root Folder/from a delta file", Cancellation)).Version);
    }

    [Fact]
    public async Task A_reconcile_of_another_folder_keeps_the_lease_of_a_node_whose_own_files_wait()
    {
        var node = await StartAsync(port: 0);
        using (var client = await _tools.ConnectAsync(new CmsConnection { Profile = Profile }, Cancellation))
            await client.ChangeAsync(Change.Create("in a delta file"), Cancellation);
        Kill(node.ProcessId);
        var database = new SideConnection(SideProvider.Sqlite, Path.Combine(_folder, "system.db"));
        var rescued = Directory.CreateDirectory(Path.Combine(_folder, "rescued")).FullName;

        // What a reconcile that was killed left is a copy, and not brought in.
        var left = Directory.CreateDirectory(rescued + ".reconcile").FullName;
        foreach (var file in Directory.EnumerateFiles(node.DeltaPath, "*.delta"))
            File.Copy(file, Path.Combine(left, Path.GetFileName(file)));

        Assert.Equal("NothingToDo", (await _tools.ReconcileAsync(database, new CmsReconcileRequest { Path = rescued }, Cancellation)).Status);
        Assert.False(Directory.Exists(left));
        var other = Start(port: 0) with { DataPath = TestHome.NewFolder(), Name = "second", Database = database };
        Assert.Equal(ErrorCodes.SideInService, (await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.StartNodeAsync(other, null, Cancellation))).Code);
        await StartAsync(port: 0);
        using var after = await _tools.ConnectAsync(new CmsConnection { Profile = Profile }, Cancellation);
        Assert.Equal(1, (await after.GetObjectByPathAsync("/Root Folder/in a delta file", Cancellation)).Version);
    }

    [Fact]
    public async Task The_name_of_a_node_that_runs_is_not_taken_by_one_of_another_folder()
    {
        var node = await StartAsync(port: 0);
        var other = Start(port: 0) with { DataPath = TestHome.NewFolder() };

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.StartNodeAsync(other, null, Cancellation));
        Assert.Equal(ErrorCodes.NameInUse, failure.Code);
        Assert.Contains(node.Endpoint, failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(other.DataPath!));

        // Nobody needs it any more.
        Kill(node.ProcessId);
        var second = await _tools.StartNodeAsync(other, null, Cancellation);
        _processes.Add(second.ProcessId);
        Assert.NotEqual(node.SystemId, second.SystemId);
    }

    [Fact]
    public async Task A_start_without_the_database_of_the_last_makes_no_new_system()
    {
        var database = new SideConnection(SideProvider.Sqlite, Path.Combine(TestHome.NewFolder(), "elsewhere.db"));
        var node = await _tools.StartNodeAsync(Start(port: 0) with { Database = database }, null, Cancellation);
        _processes.Add(node.ProcessId);
        Kill(node.ProcessId);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => StartAsync(port: 0));
        Assert.Equal(ErrorCodes.InvalidOption, failure.Code);
        Assert.Contains($"-Database '{database}'", failure.Remedy, StringComparison.Ordinal);

        var again = await _tools.StartNodeAsync(Start(port: 0) with { Database = database }, null, Cancellation);
        _processes.Add(again.ProcessId);
        Assert.Equal(node.SystemId, again.SystemId);
    }

    [Fact]
    public async Task A_file_of_somebody_else_beside_the_delta_files_does_not_hide_how_a_reconcile_went()
    {
        var node = await StartAsync(port: 0);
        Kill(node.ProcessId);
        var own = Directory.CreateDirectory(node.DeltaPath + ".reconcile").FullName;
        await File.WriteAllTextAsync(Path.Combine(own, "note.txt"), "not ours", Cancellation);

        var result = await _tools.ReconcileAsync(
            new SideConnection(SideProvider.Sqlite, Path.Combine(_folder, "system.db")), new CmsReconcileRequest { Path = node.DeltaPath }, Cancellation);

        Assert.Equal("Completed", result.Status);
        Assert.Equal(["note.txt"], Directory.EnumerateFiles(own).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_log_of_a_running_node_is_bounded()
    {
        await StartAsync(port: 0);
        var log = Path.Combine(_folder, "node.log");
        await File.AppendAllTextAsync(log, new string('x', 5 << 20), Cancellation);
        for (var tries = 0; tries < 300 && !(File.Exists(log + ".old") && File.Exists(log)); tries++)
            await Task.Delay(100, Cancellation);
        using (var client = await CmsClient.ConnectAsync(new CmsConnection { Profile = Profile }, cancellationToken: Cancellation))
            await _tools.StopNodeAsync(client, TimeSpan.FromMinutes(1), Cancellation);

        Assert.True(new FileInfo(log + ".old").Length > 5 << 20);
        Assert.True(new FileInfo(log).Length < 1 << 20);
    }

    [Fact]
    public async Task A_node_that_cannot_start_says_why_and_leaves_no_process()
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.StartNodeAsync(
            Start(0) with { Database = new SideConnection(SideProvider.PostgreSql, "Host=127.0.0.1;Port=1;Username=nobody;Password=hush-hush") }, null, Cancellation));

        Assert.Equal(ErrorCodes.ServerUnreachable, failure.Code);
        Assert.DoesNotContain("hush-hush", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", await File.ReadAllTextAsync(Path.Combine(_folder, "node.log"), Cancellation), StringComparison.Ordinal);
        AssertUnused();
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_no_process()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        // Cancelled as soon as the node listens: in the middle of its start, or right after.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _tools.StartNodeAsync(Start(0), new Cancelling(cancel), cancel.Token));

        AssertUnused();
    }

    [Fact]
    public void Without_a_runtime_for_it_a_node_says_what_to_install()
    {
        var failure = Assert.Throws<LoggerCmsException>(() => NodeProgram.FindHost([_folder]));

        Assert.Equal(ErrorCodes.EngineMissing, failure.Code);
        Assert.Contains("aspnetcore-runtime", failure.Remedy, StringComparison.Ordinal);
    }

    private async Task<CmsNodeInfo> StartAsync(int port)
    {
        var node = await _tools.StartNodeAsync(Start(port), null, Cancellation);
        _processes.Add(node.ProcessId);
        return node;
    }

    private CmsNodeStart Start(int port) => new() { Name = "process", DataPath = _folder, Port = port };

    private Dictionary<string, DateTime> Snapshot()
        => Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).ToDictionary(path => path, File.GetLastWriteTimeUtc);

    // A node holds the lock of its data folder for as long as it lives.
    private void AssertUnused()
    {
        var path = Path.Combine(_folder, "node.lock");
        if (File.Exists(path))
            new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    private static void Kill(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It has gone.
        }
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<string>
    {
        public void Report(string value)
        {
            if (value != "Starting the process")
                source.Cancel();
        }
    }
}
