using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>A backup that is put back over a side that has gone on since.</summary>
public sealed class SideRestoreTests
{
    private static readonly string Data = Path.GetDirectoryName(Folder)!;
    private static readonly string Backup = Path.GetFullPath("/node/backup");

    private readonly CrashableDisk _disk = NewDisk();
    private readonly FakeSystemDatabase _database = new();
    private readonly HashSet<long> _ids = [];
    private readonly HashSet<long> _keys = [];

    [Fact]
    public async Task A_restore_over_a_side_brings_back_what_the_backup_holds_and_uses_no_number_again()
    {
        var (before, system, tokens) = await BackUpAndGoOnAsync();
        var held = await ContentAsync();
        var refusal = await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: false));
        Assert.Equal(ErrorCodes.DestinationAhead, refusal.Code);
        Assert.Equal(held, await ContentAsync());
        Assert.False((await _database.ReadStateAsync(Token)).Lease!.InForce);

        await RestoreAsync(force: true);
        Assert.Equal(before, await ContentAsync());
        await using var node = await NodeFixture.StartAsync(_database, _disk);
        Assert.NotEqual(system, node.SystemId);
        Assert.Equal(before, node.Image.All().Select(Tell).Order(StringComparer.Ordinal));
        Assert.Equal(TokenVerdict.Valid, node.Tokens.Verify(tokens.Kept).Verdict);
        Assert.Equal(TokenVerdict.Unknown, node.Tokens.Verify(tokens.Later).Verdict);
        for (var i = 0; i < 50; i++)
            await MakeAsync(node, $"after {i}");
        Note(await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = node.Image.FindChild(SystemObjects.RootFolder, "kept")!.Id, Name = "renamed" })));
    }

    [Fact]
    public async Task A_restore_that_was_cut_off_and_done_again_keeps_what_was_revoked()
    {
        var list = Path.Combine(Data, "ca", RevocationList.File);
        var isCutOff = true;
        for (var at = 1; isCutOff; at++)
        {
            var (disk, database) = (NewDisk(at), new FakeSystemDatabase());
            RevocationList.Load(disk, list).Add("0A");
            var node = await NodeFixture.StartAsync(database, disk);
            await SideBackup.WriteAsync(node, disk, Backup, Data, DateTimeOffset.UnixEpoch, Token);
            RevocationList.Load(disk, list).Add("0B");
            await node.StopAsync(Token);
            FakeSystemDatabase? then = null;
            disk.PowerGoes = () => then = database.Copy();
            disk.Begin(new CrashPlan { PowerLossAt = at });
            await Record.ExceptionAsync(() => RestoreAsync(database, disk));
            isCutOff = disk.Survivor is not null;
            if (isCutOff)
                await RestoreAsync(then!, disk = disk.Survivor!);
            Assert.Equal($"{at} 0A 0B", $"{at} {string.Join(' ', RevocationList.Load(disk, list).Serials)}");
        }
    }

    [Fact]
    public async Task What_was_revoked_since_the_backup_stays_revoked()
    {
        var list = Path.Combine(Data, "ca", RevocationList.File);
        RevocationList.Load(_disk, list).Add("0A");
        var (_, _, tokens) = await BackUpAndGoOnAsync();
        RevocationList.Load(_disk, list).Add("0B");
        var node = await NodeFixture.StartAsync(_database, _disk);
        await node.Sequencer.WriteAsync(Request(new PutLocal(node.Tokens.Revoke(node.Tokens.Verify(tokens.Kept).TokenId)!)));
        await node.StopAsync(Token);

        await RestoreAsync(force: true);

        await using var again = await NodeFixture.StartAsync(_database, _disk);
        Assert.Equal(TokenVerdict.Revoked, again.Tokens.Verify(tokens.Kept).Verdict);
        Assert.Equal(["0A", "0B"], RevocationList.Load(_disk, list).Serials);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_was_done_before_a_restore_is_refused_and_not_done_again(bool isFlushed)
    {
        // What the database knows tells of a client's clock that is ahead, too.
        var ahead = TimeSpan.FromMinutes(isFlushed ? 5 : 0);
        await BackUpAndGoOnAsync();
        var node = await NodeFixture.StartAsync(_database, _disk);
        var kept = node.Image.FindChild(SystemObjects.RootFolder, "kept")!;
        var request = Request(Guid.CreateVersion7(DateTimeOffset.UtcNow + ahead), new ChangeObject { Id = kept.Id, Properties = _ => Bag(6) });
        await node.Sequencer.WriteAsync(request);
        if (isFlushed)
            await node.StopAsync(Token);
        else
            await node.DisposeAsync();
        await _database.ReleaseLeaseAsync((await _database.ReadStateAsync(Token)).Lease!.Epoch, Token);

        await RestoreAsync(force: true);
        await using var again = await NodeFixture.StartAsync(_database, _disk);
        Assert.Equal(ErrorCodes.RequestExpired, (await Assert.ThrowsAsync<LoggerCmsException>(() => again.Sequencer.WriteAsync(request).AsTask())).Code);
        Assert.False((await again.Sequencer.WriteAsync(request with { RequestId = Guid.CreateVersion7(DateTimeOffset.UtcNow + ahead + TimeSpan.FromSeconds(1)) })).Repeated);
    }

    [Fact]
    public async Task Delta_files_of_the_side_as_it_was_do_not_come_into_the_restored_one()
    {
        await BackUpAndGoOnAsync();
        var node = await NodeFixture.StartAsync(_database, _disk);
        await MakeAsync(node, "only in a delta file");
        await node.DisposeAsync();
        var left = Assert.Single(Segments(_disk));
        _disk.Put(left + ".before-restore", [7]);
        var bytes = _disk.ReadAll(left);
        var refusal = await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: true));
        Assert.Equal(ErrorCodes.SideInService, refusal.Code);
        await _database.ReleaseLeaseAsync((await _database.ReadStateAsync(Token)).Lease!.Epoch, Token);

        await RestoreAsync(force: true);
        Assert.Empty(Segments(_disk));
        Assert.Equal(bytes, _disk.ReadAll(left + ".before-restore.2"));
        Assert.Equal([7], _disk.ReadAll(left + ".before-restore"));
        _disk.Put(left, bytes);
        Assert.Equal(ErrorCodes.DeltaDamaged, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(_database, _disk))).Code);
        _disk.Delete(left);
        await using var again = await NodeFixture.StartAsync(_database, _disk);
        Assert.Equal("NothingToDo", again.Reconciled!.Status);
    }

    [Fact]
    public async Task A_side_that_a_node_serves_is_not_restored()
    {
        await BackUpAndGoOnAsync();
        await using var node = await NodeFixture.StartAsync(_database, _disk);
        var held = await ContentAsync();
        Assert.Equal(ErrorCodes.SideInService, (await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: true))).Code);
        Assert.Equal(held, await ContentAsync());
        await MakeAsync(node, "goes on");
    }

    [Theory]
    [InlineData("reserve")]
    [InlineData("replace")]
    public async Task A_restore_that_fails_changes_nothing_and_leaves_the_side_to_its_node(string at)
    {
        await BackUpAndGoOnAsync();
        var held = await ContentAsync();
        var faulty = new FaultyDatabase(_database) { Fault = what => what == at ? DatabaseFault.Away : DatabaseFault.None };
        Assert.Equal(ErrorCodes.ConnectionLost, (await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: true, faulty))).Code);
        Assert.Equal(held, await ContentAsync());
        await using var node = await NodeFixture.StartAsync(_database, _disk, Options with { NodeId = Guid.NewGuid(), DataPath = null });
        await MakeAsync(node, "goes on");
    }

    [Theory]
    [InlineData(DatabaseFault.LostAfter, true)]
    [InlineData(DatabaseFault.LostBefore, false)]
    public async Task A_lost_answer_to_the_commit_is_looked_up(object fault, bool isDone)
    {
        var (before, _, _) = await BackUpAndGoOnAsync();
        var lost = (DatabaseFault)fault;
        var faulty = new FaultyDatabase(_database) { Fault = what => what == "replace" ? lost : DatabaseFault.None };
        if (isDone)
            await RestoreAsync(force: true, faulty);
        else
            Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: true, faulty))).Code);

        // One that may be cut off half way is in service to everybody but the next restore.
        Assert.Equal(!isDone, (await _database.ReadStateAsync(Token)).Lease!.InForce);
        await RestoreAsync(force: true);
        Assert.Equal(before, await ContentAsync());
    }

    [Fact]
    public async Task A_backup_whose_objects_are_not_all_there_touches_nothing()
    {
        await BackUpAndGoOnAsync();
        var held = await ContentAsync();
        var path = Path.Combine(Backup, SideBackup.ObjectsFile);
        var bytes = _disk.ReadAll(path);
        bytes[^200] ^= 1;
        _disk.Put(path, bytes);
        Assert.Equal(ErrorCodes.SecretDamaged, (await Assert.ThrowsAsync<LoggerCmsException>(() => RestoreAsync(force: true))).Code);
        Assert.Equal(held, await ContentAsync());
        await (await NodeFixture.StartAsync(_database, _disk, Options with { NodeId = Guid.NewGuid(), DataPath = null })).StopAsync(Token);
    }

    /// <summary>A side with a backup, after which objects were made, changed and removed, and tokens made.</summary>
    private async Task<(string[] Before, Guid System, (string Kept, string Later) Tokens)> BackUpAndGoOnAsync()
    {
        var node = await NodeFixture.StartAsync(_database, _disk);
        var kept = await MakeAsync(node, "kept");
        var removed = await MakeAsync(node, "removed later");
        await MakeAsync(node, "large", new byte[3 << 20]);
        var token = await IssueAsync(node);
        string[] before = [.. node.Image.All().Select(Tell).Order(StringComparer.Ordinal)];
        var info = await SideBackup.WriteAsync(node, _disk, Backup, Data, DateTimeOffset.UnixEpoch, Token);
        Assert.Equal(before.Length, info.Objects);

        await MakeAsync(node, "later");
        Note(await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = kept.Id, Properties = _ => Bag(5) })));
        Note(await node.Sequencer.WriteAsync(Request(new RemoveObject { Id = removed.Id })));
        var later = await IssueAsync(node);
        var system = node.SystemId;
        await node.StopAsync(Token);
        return (before, system, (token, later));
    }

    private static async Task<string> IssueAsync(CmsNode node)
    {
        var issued = node.Tokens.Issue(Caller, "t", TimeSpan.FromDays(1));
        await node.Sequencer.WriteAsync(Request(new PutLocal(issued.Entry)));
        return issued.Text;
    }

    private async Task<ChangedObject> MakeAsync(CmsNode node, string name, byte[]? properties = null)
    {
        var answer = await node.Sequencer.WriteAsync(Request(Create(name, properties: properties)));
        Assert.True(_ids.Add(answer.Changed[0].Id), $"Id {answer.Changed[0].Id} was given out twice.");
        Note(answer);
        return answer.Changed[0];
    }

    private void Note(WriteAnswer answer) => Assert.All(answer.Changed, c => Assert.True(_keys.Add(c.UpdateKey), $"Update key {c.UpdateKey} was given out twice."));

    private static Task<CmsBackupInfo> RestoreAsync(ISystemDatabase database, CrashableDisk disk) => SideRestore.RunAsync(
        database, disk, new CmsRestoreRequest { Path = Backup, Database = new SideConnection("sqlite:unused"), DataPath = Data, Force = true }, TimeProvider.System, Token);

    private Task<CmsBackupInfo> RestoreAsync(bool force, ISystemDatabase? database = null) => SideRestore.RunAsync(
        database ?? _database, _disk, new CmsRestoreRequest { Path = Backup, Database = new SideConnection("sqlite:unused"), DataPath = Data, Force = force }, TimeProvider.System, Token);

    private async Task<string[]> ContentAsync()
    {
        List<string> there = [];
        await _database.LoadAsync(
            one =>
            {
                lock (there)
                    there.Add(Tell(one));
            },
            Token);
        return [.. there.Order(StringComparer.Ordinal)];
    }
}
