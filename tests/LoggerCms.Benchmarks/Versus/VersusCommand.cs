using System.Reflection;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Ours and each installed peer in turn, on the same data, with proof that all did the same work.</summary>
internal static class VersusCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        VersusOptions options;
        try
        {
            options = VersusOptions.Parse(args);
        }
        catch (FormatException problem)
        {
            Console.Error.WriteLine($"{problem.Message}\n{VersusOptions.Usage}");
            return 2;
        }

        if (typeof(VersusCommand).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration != "Release")
        {
            Console.Error.WriteLine("Only a release build is worth measuring: dotnet run -c Release --project tests/LoggerCms.Benchmarks -- versus");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        try
        {
            return await RunCoreAsync(options, Console.Out, stop.Token);
        }
        catch (Exception failure) when (failure is CommandFailedException or OperationCanceledException)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
    }

    private static async Task<int> RunCoreAsync(VersusOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        using var workspace = new Workspace(options.Work);
        var child = await OurChild.CreateAsync(options, workspace, cancellationToken);
        var machine = await MachineInfo.ReadAsync(child, cancellationToken);
        foreach (var line in machine.Lines)
            output.WriteLine(line);
        output.WriteLine();
        var (_, idle) = await child.RunAsync(cancellationToken, "idle");
        var runner = new ContestRunner(options, output);

        if (!options.MemoryOnly)
        {
            await runner.RunGroupAsync(
                ["import-module"], async token => await runner.RunAsync(await SmallContests.ImportModuleAsync(workspace, token), token), cancellationToken);
        }

        await runner.RunAsync(SmallContests.SeedChecksum(workspace, child), cancellationToken);
        if (!options.MemoryOnly)
        {
            await runner.RunGroupAsync(
                DeltaContests.Names, token => new DeltaContests(workspace, child).RunAsync(options, runner, token), cancellationToken);
            await runner.RunGroupAsync(NodeContests.Names, async token => await new NodeContests(workspace, await NodeServer.ProgramAsync(options, token)).RunAsync(runner, token), cancellationToken);
            await runner.RunGroupAsync([NodeStartContest.Name], async token => await new NodeStartContest(workspace, await NodeServer.ProgramAsync(options, token)).RunAsync(runner, token), cancellationToken);
        }

        await runner.RunGroupAsync(
            ImageContests.Names, token => new ImageContests(options, workspace, child).RunAsync(runner, token), cancellationToken);
        await runner.RunGroupAsync(
            SqliteContests.Names, token => new SqliteContests(options, workspace, child).RunAsync(runner, token), cancellationToken);
        await runner.RunGroupAsync(
            PostgreSqlContests.Names, token => RunPostgreSqlAsync(options, workspace, child, runner, token), cancellationToken);

        var markdown = Report.Markdown(machine, options, runner, idle!.PeakBytes);
        output.WriteLine(markdown);
        if (options.UpdateResults)
            await ResultsFile.UpdateAsync(Path.Combine(OurChild.RepositoryRoot, "tests", "LoggerCms.Benchmarks", "RESULTS.md"), markdown, options, cancellationToken);
        return runner.Results.Any(r => r.Contestants.Any(c => c.IsOurs && c.NotRun is not null)) ? 1 : 0;
    }

    private static async Task RunPostgreSqlAsync(
        VersusOptions options, Workspace workspace, OurChild child, ContestRunner runner, CancellationToken cancellationToken)
    {
        var (server, why) = await PrivatePostgreSql.StartAsync(workspace, cancellationToken);
        if (server is null)
        {
            runner.Skip(PostgreSqlContests.Names, why!);
            return;
        }

        await using (server)
            await new PostgreSqlContests(options, workspace, child, server).RunAsync(runner, cancellationToken);
    }
}
