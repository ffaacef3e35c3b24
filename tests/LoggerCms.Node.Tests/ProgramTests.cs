using System.Diagnostics;

namespace LoggerCms.Node.Tests;

/// <summary>The process itself, where it ends before it serves anybody.</summary>
public sealed class ProgramTests
{
    private const string FullDisk = "/dev/full";

    [Theory]
    [InlineData(FullDisk)]
    [InlineData("/dev/null")]
    public async Task A_reason_that_nothing_can_take_is_let_go_and_the_exit_code_tells(string errors)
    {
        Assert.SkipUnless(File.Exists(FullDisk), $"There is no {FullDisk} here.");
        var program = Path.Combine(AppContext.BaseDirectory, "LoggerCms.Node.dll");
        using var process = Process.Start("/bin/sh", ["-c", $"exec dotnet '{program}' --NoSuchSetting 1 2>{errors}"])!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
    }
}
