using System.Globalization;
using LoggerCms.Benchmarks.RunOne;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>A node's start after a kill, with deltas to bring in, against its own start after a clean stop: real processes, until each says that it is ready.</summary>
internal sealed class NodeStartContest(Workspace workspace, string program)
{
    public const string Name = "node-start";

    private const int Objects = 1_000_000;
    private const int Deltas = 100_000;
    private const int TextLength = 440;
    private const string AfterKill = "after kill -9";
    private const string AfterStop = "our own start after a clean stop";

    private string Home => workspace.Path(Name);

    private string Stopped => workspace.Path(Name + "-stopped");

    private string Killed => workspace.Path(Name + "-killed");

    public async Task RunAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        await MakeAsync(cancellationToken);
        await runner.RunAsync(
            new Contest
            {
                Name = Name,
                Work = string.Create(CultureInfo.InvariantCulture, $"start of a node with {Objects:N0} objects and {Deltas:N0} deltas"),
                Contestants = [One(AfterKill, isOurs: true, Killed, Deltas), One(AfterStop, isOurs: false, Stopped, 0)],
                Pairings = [new(AfterKill, AfterStop, 1.3)],
            },
            cancellationToken);
        foreach (var folder in new[] { Home, Stopped, Killed })
            Directory.Delete(folder, recursive: true);
    }

    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        long first;
        await using (var node = await NodeServer.StartAsync(program, Home, cancellationToken))
        {
            first = await node.FillAsync(Objects, TextLength, cancellationToken);
            await node.StopAsync(cancellationToken);
        }

        await CopyAsync(Home, Stopped, cancellationToken);
        await using (var node = await StartAsync(cancellationToken))
            await node.UpdateAsync(Enumerable.Range(0, Deltas).Select(i => first + (i * 7L % Objects)), cancellationToken);
        await CopyAsync(Home, Killed, cancellationToken);
    }

    private Contestant One(string name, bool isOurs, string from, int records)
    {
        var found = "";
        return new Contestant
        {
            Name = name,
            IsOurs = isOurs,
            PrepareAsync = token => CopyAsync(from, Home, token),
            RunAsync = async token =>
            {
                await using var node = await StartAsync(token);
                using var about = await node.DescribeAsync(token);
                var brought = about.RootElement.GetProperty("Reconcile").GetProperty("Applied").GetInt64();
                var color = about.RootElement.GetProperty("Color").GetString();
                Checks.Require(color == "Green" && brought == records, $"the node is {color} and brought {brought} records in");
                found = string.Create(CultureInfo.InvariantCulture, $"green, {brought:N0} records brought in");
                return (new Sample(node.Started), (RunOneReport?)null);
            },
            CheckAsync = (_, _) => Task.FromResult(found),
        };
    }

    // The folder is a copy each time, which does not get its node's lease by itself.
    private Task<NodeServer> StartAsync(CancellationToken cancellationToken)
        => NodeServer.StartAsync(program, Home, cancellationToken, "--flushintervalms", "3600000", "--takeover", "true");

    // Synced, or the first sync of the start would write the whole copy.
    private static Task<CommandResult> CopyAsync(string from, string to, CancellationToken cancellationToken)
        => Shell.BashAsync($"rm -rf {Shell.Quote(to)} && cp -r {Shell.Quote(from)} {Shell.Quote(to)} && sync -f {Shell.Quote(to)}", cancellationToken);
}
