namespace LoggerCms.Client.Tests;

/// <summary>Restores beside nodes that run, and onto paths that are none.</summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private readonly TestNode _node = new();
    private readonly CmsTools _tools = new();
    private readonly string _backup = Path.Combine(TestHome.NewFolder(), "backup");
    private readonly string _fresh = Path.Combine(TestHome.NewFolder(), "new.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Deltas => Path.Combine(_node.DataPath, "deltas");

    private string System => Path.Combine(_node.DataPath, "system.db");

    public async ValueTask InitializeAsync()
    {
        await _node.InitializeAsync();
        using var client = await _node.ConnectAsync();
        await client.ChangeAsync(Change.Create("kept"), Cancellation);
        await client.BackupAsync(new CmsBackupRequest { Path = _backup }, Cancellation);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_data_folder_of_a_running_node_is_not_restored(bool whatIf)
    {
        var before = Files();

        var failure = await RefusedAsync(_fresh, _node.DataPath, force: true, whatIf);

        Assert.Equal(ErrorCodes.SideInService, failure.Code);
        Assert.Contains(_node.DataPath, failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, Files());
        Assert.False(File.Exists(_fresh));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_plan_refuses_what_the_restore_would_refuse(bool whatIf)
    {
        Assert.Equal(ErrorCodes.SideInService, (await RefusedAsync(System, null, force: true, whatIf)).Code);
        await _node.EndAsync();

        Assert.Equal(ErrorCodes.DestinationAhead, (await RefusedAsync(System, null, force: false, whatIf)).Code);
    }

    [Fact]
    public async Task A_plan_makes_nothing()
    {
        var data = Path.Combine(Path.GetDirectoryName(_fresh)!, "data");

        await RestoreAsync(_fresh, data, force: false, whatIf: true);

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_fresh)!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_folder_that_cannot_be_is_refused_before_the_database_is_touched(bool whatIf)
    {
        var file = Path.Combine(TestHome.NewFolder(), "file");
        await File.WriteAllTextAsync(file, "x", Cancellation);

        var failure = await RefusedAsync(_fresh, Path.Combine(file, "x"), force: false, whatIf);

        Assert.Equal(ErrorCodes.TempFolderUnusable, failure.Code);
        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
        Assert.Contains("-DataPath", failure.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(_fresh));
    }

    private async Task<LoggerCmsException> RefusedAsync(string database, string? data, bool force, bool whatIf)
        => await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(database, data, force, whatIf));

    private Task<CmsBackupInfo> RestoreAsync(string database, string? data, bool force, bool whatIf) => _tools.RestoreAsync(
        new CmsRestoreRequest { Path = _backup, Database = new SideConnection(SideProvider.Sqlite, database), DataPath = data, Force = force, WhatIf = whatIf },
        Cancellation);

    private string[] Files() => [.. Directory.EnumerateFiles(Deltas).Order(StringComparer.Ordinal)];
}
