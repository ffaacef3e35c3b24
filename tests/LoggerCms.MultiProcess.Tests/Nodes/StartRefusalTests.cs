namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>Settings that a node cannot start with: it says so in one line that has a code and a remedy, and ends.</summary>
public sealed class StartRefusalTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;

    private string Data => Path.Combine(_home, "nodes", "T");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory(Timeout = 60_000)]
    [InlineData("InvalidConnection", "--database", "postgres:Host=db1;Username=cms;Password=SECRETPW;Database=cms")]
    [InlineData("InvalidConnection", "--database", "oracle:db1;Password=SECRETPW")]
    [InlineData("InvalidConnection", "--auditdatabase", "sqlite:Host=db1;Password=SECRETPW")]
    [InlineData("InvalidConnection", "--database", "Host=db1;Pwd=SECRETPW")]
    [InlineData("InvalidOption", "--address", "10.99.99.99")]
    [InlineData("InvalidOption", "--address", "2001:db8::1")]
    [InlineData("InvalidOption", "--auditretentiondays", "2147483647")]
    [InlineData("InvalidOption", "--mostunflushedmb", "9223372036854775807")]
    [InlineData("InvalidOption", "--memorylimitmb", "9223372036854775807")]
    [InlineData("InvalidOption", "--requestretentionminutes", "2147483647")]
    [InlineData("InvalidOption", "--writewaitseconds", "2147483647")]
    public async Task A_setting_that_cannot_be_is_refused_with_code_and_remedy(string code, string setting, string value)
    {
        var (exitCode, said) = await NodeProcess.FailAsync(_home, "--port", "0", setting, value);

        AssertTyped(code, exitCode, said);
        Assert.DoesNotContain("SECRETPW", said, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_data_folder_that_others_may_write_to_gets_no_keys()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are of Unix.");
        Directory.CreateDirectory(Data);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

        var (exitCode, said) = await NodeProcess.FailAsync(_home, "--port", "0");

        AssertTyped("SecretExposed", exitCode, said);
        Assert.Contains($"chmod go-w '{Data}'", said, StringComparison.Ordinal);
        Assert.Equal(["node.lock"], Directory.EnumerateFileSystemEntries(Data, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_node_listens_at_an_IPv6_address()
    {
        await using var node = await NodeProcess.StartAsync(_home, null, "--port", "0", "--address", "::1");

        Assert.Equal("[::1]", node.Endpoint.Host);
        Assert.Equal(node.Endpoint.ToString(), (await node.GetAsync("v1/node")).Body.GetProperty("Endpoint").GetString());
    }

    private static void AssertTyped(string code, int exitCode, string said)
    {
        var last = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
        Assert.StartsWith($"[{code}] ", last, StringComparison.Ordinal);
        Assert.Contains('\t', last);
        Assert.Equal(1, exitCode);
    }
}
