using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LoggerCms.Benchmarks.Image;
using LoggerCms.Benchmarks.RunOne;
using LoggerCms.Benchmarks.Tracing;
using LoggerCms.Benchmarks.Versus;

switch (args.FirstOrDefault())
{
    case "versus":
        return await VersusCommand.RunAsync(args[1..]);
    case "run-one":
        return await RunOneCommand.RunAsync(args[1..]);
    case "image":
        return await ImageCommand.RunAsync(args[1..]);
    case "trace":
        return await TraceCommand.RunAsync(args[1..]);
    default:
        // In process: the projects under test are built once, by the one command that also builds this.
        var config = DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default);
        BenchmarkSwitcher.FromAssembly(typeof(VersusCommand).Assembly).Run(args, config);
        return 0;
}
