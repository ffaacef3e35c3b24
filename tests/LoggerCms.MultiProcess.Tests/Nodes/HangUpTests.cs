namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>A node in the foreground whose terminal is closed.</summary>
public sealed class HangUpTests : NodeTest
{
    [Fact]
    public async Task Stops_as_it_would_when_asked_and_leaves_no_delta_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no hang-up signal.");
        await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "made before", ParentId = 23 });
        Assert.Equal(0, await Node.StopAsync("HUP"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Node.DataPath, "deltas")));
    }
}
