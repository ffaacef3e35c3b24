using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Core.Tests.Auditing;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>Changes on their way into the audit.</summary>
public sealed class ChangeAuditTests : IAsyncLifetime
{
    private const int Many = 5_000;

    private readonly CrashableDisk _disk = NewDisk();
    private readonly MemoryAuditDatabase _database = new();
    private readonly CmsNode _node;
    private readonly AuditQueue _queue;
    private readonly ChangeAudit _audit;

    public ChangeAuditTests()
    {
        _node = new CmsNode(new FakeSystemDatabase(), _disk, Options with
        {
            Cluster = new ClusterOptions { FlushInterval = TimeSpan.FromHours(1), LongestRetry = TimeSpan.FromHours(1) },
        }, TimeProvider.System);
        var folder = Path.Combine(Path.GetDirectoryName(Folder)!, "audit");
        _queue = AuditQueue.Open(_disk, _database, new AuditQueueOptions { Folder = folder, MaxBytes = 3 << 20 }, TimeProvider.System);
        _audit = new ChangeAudit(_queue);
        _audit.Attach(_node);
    }

    public async ValueTask InitializeAsync()
    {
        await _node.StartAsync(Token);
        await _node.Flusher.FlushAsync(Token);
        await _queue.TryDrainAsync(Token);
        _database.Stored.Clear();
        _database.Batches.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _queue.DisposeAsync();
        _audit.Dispose();
    }

    [Fact]
    public async Task Events_of_a_request_that_do_not_fit_into_the_queue_together_get_there_all_the_same()
    {
        await MakeManyAsync();
        await _node.Flusher.FlushAsync(Token);
        await _queue.TryDrainAsync(Token);
        AssertAllInOrderAndOnce();
    }

    [Fact]
    public async Task What_found_no_room_follows_behind_what_did_when_the_database_is_back()
    {
        _database.IsAway = true;
        await MakeManyAsync();
        for (var tries = 0; tries < 2; tries++)
        {
            var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => _node.Flusher.FlushAsync(Token));
            Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        }

        Assert.True(_queue.State.Bytes > 1 << 20, $"The queue has {_queue.State.Bytes} bytes.");
        _database.IsAway = false;
        await _node.Flusher.FlushAsync(Token);
        await _queue.TryDrainAsync(Token);
        AssertAllInOrderAndOnce();
    }

    [Fact]
    public async Task A_path_is_that_of_the_moment_of_the_change_also_of_what_is_gone()
    {
        var outer = (await _node.MakeAsync("outer", SystemObjects.RootFolder)).Id;
        await _node.Sequencer.WriteAsync(Request(Create("inner", outer)));
        var inner = _node.Image.FindChild(outer, "inner")!.Id;
        await _node.MakeAsync("c", inner);
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = outer, Name = "renamed" }));
        await _node.MakeAsync("d", inner);
        await _node.Sequencer.WriteAsync(Request(new RemoveObject { Id = outer, Recurse = true }));
        Assert.Equal(
            [
                "Create /outer", "Create /outer/inner", "Create /outer/inner/c", "Update /renamed name was 'outer'", "Create /renamed/inner/d",
                "Delete /renamed/inner/d", "Delete /renamed/inner/c", "Delete /renamed/inner", "Delete /renamed",
            ],
            await ToldAsync(e => $"{e.Action} {e.Path["/Root Folder".Length..]} {e.Detail}".TrimEnd()));
    }

    [Fact]
    public async Task Changes_of_one_request_that_stand_on_each_other_are_told_as_they_follow()
    {
        var folder = (await _node.MakeAsync("f")).Id;
        var other = (await _node.MakeAsync("g")).Id;
        var document = (await _node.MakeAsync("d", folder)).Id;
        _ = await ToldAsync(e => e.Path);
        await _node.Sequencer.WriteAsync(Request(
            new ChangeObject { Id = folder, Name = "ff" },
            new ChangeObject { Id = document, ParentId = other },
            new ChangeObject { Id = document, Name = "dd" },
            new RemoveObject { Id = folder },
            new ChangeObject { Id = document, Properties = _ => Bag(1) }));
        Assert.Equal(
            ["/ff name was 'f'", "/g/d folder was /Root Folder/ff", "/g/dd name was 'd'", "/ff ", "/g/dd "],
            await ToldAsync(e => $"{e.Path["/Root Folder".Length..]} {e.Detail}"));
    }

    [Fact]
    public async Task Who_was_given_what_is_told()
    {
        var group = (await _node.Sequencer.WriteAsync(Request(Create("Payroll", SystemObjects.UserGroups, ObjectKinds.UserGroup)))).Changed[0].Id;
        var folder = (await _node.MakeAsync("f")).Id;
        _ = await ToldAsync(e => e.Path);
        await ChangeListAsync(list => list.Grant(SystemObjects.Guest, Rights.View).Grant(group, Rights.Edit));
        await ChangeListAsync(list => list.Deny(SystemObjects.Guest, Rights.View).RevokeAll(group).WithInheritance(fromFolder: false, fromGroups: true));
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = folder, OwnerId = SystemObjects.Guest }));
        await ChangeGroupsAsync([group]);
        await ChangeGroupsAsync([]);
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = folder, AccessList = _ => [99, 1, 2] }));
        Assert.Equal(
            [
                $"View granted to 'Guest' (id {SystemObjects.Guest}); Edit granted to 'Payroll' (id {group})",
                $"View denied to 'Guest' (id {SystemObjects.Guest}); Edit no longer said of 'Payroll' (id {group}); inheritance from folders off",
                $"owner was {Caller switch { BuiltIn.Administrator => $"'Administrator' (id {Caller})", _ => $"(id {Caller})" }}, is 'Guest' (id {SystemObjects.Guest})",
                $"put into 'Payroll' (id {group})",
                $"taken out of 'Payroll' (id {group})",
                "the access list was replaced",
            ],
            await ToldAsync(e => e.Detail));

        Task ChangeListAsync(Func<AccessList, AccessList> change) => _node.Sequencer.WriteAsync(Request(
            new ChangeObject { Id = folder, AccessList = bytes => change(AccessList.Decode(bytes)).Encode() })).AsTask();

        Task ChangeGroupsAsync(PropertyValue[] groups) => _node.Sequencer.WriteAsync(Request(new ChangeObject
        {
            Id = SystemObjects.Guest,
            Properties = bytes => new PropertyBagBuilder(PropertyBag.Over(bytes)).Set(GroupMembership.Property, PropertyValue.List(groups)).Build().Encode(),
        })).AsTask();
    }

    [Fact]
    public async Task A_token_is_told_of()
    {
        var entry = _node.Tokens.Issue(SystemObjects.Guest, "t", TimeSpan.FromDays(1)).Entry;
        await _node.Sequencer.WriteAsync(Request(new PutLocal(entry)));
        await _node.Sequencer.WriteAsync(Request(new PutLocal(_node.Tokens.Revoke(entry.Key.Id)!)));
        var token = $"token {entry.Key.Id} 't' of 'Guest' (id {SystemObjects.Guest})";
        Assert.Equal(
            [$"Token Guest User /Users/Guest {token} issued, good until {UnixTime.Of(entry.ExpiresUs):u}", $"Token Guest User /Users/Guest {token} revoked"],
            await ToldAsync(e => $"{e.Action} {e.ObjectName} {e.ObjectKind} {e.Path} {e.Detail}"));
    }

    [Fact]
    public async Task A_password_is_told_of_and_never_its_record()
    {
        var service = new NodeService(_node);
        foreach (var password in new[] { "some password", "other password", null, null })
            await service.SetPasswordAsync(service.Begin(Caller), SystemObjects.Guest, new CmsPassword { New = password }, "", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["password set", "password set", "password taken away", ""], await ToldAsync(e => e.Detail));
    }

    [Fact]
    public async Task What_turns_the_direction_of_writing_is_in_no_event()
    {
        var document = (await _node.MakeAsync("bidi\u202Egpj.exe")).Id;
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = document, Name = "plain" }));
        Assert.Equal(
            ["bidi\uFFFDgpj.exe /Root Folder/bidi\uFFFDgpj.exe ", "plain /Root Folder/plain name was 'bidi\uFFFDgpj.exe'"],
            await ToldAsync(e => $"{e.ObjectName} {e.Path} {e.Detail}"));
    }

    [Fact]
    public async Task A_path_of_before_there_was_a_bound_is_cut_so_that_it_shows()
    {
        var parent = SystemObjects.RootFolder;
        for (var id = 5_000L; id < 5_020; id++)
        {
            var made = new CmsObject
            {
                Id = id,
                Cuid = $"deep {id}",
                Kind = ObjectKinds.Folder,
                ParentId = parent,
                Name = new string('漢', ObjectRules.LongestName),
                OwnerId = Caller,
                Version = 1,
                UpdateKey = 0,
                CreatedUs = 1,
                ModifiedUs = 1,
                Properties = [],
                AccessList = [],
            };
            await _node.Sequencer.WriteAsync(WriteRequest.Decided(Caller, "", new RepeatChange(new PutChange { UpdateKey = 0, BeforeKey = 0, Object = made })));
            parent = id;
        }

        await _node.Flusher.FlushAsync(Token);
        await _queue.TryDrainAsync(Token);
        var deepest = Assert.Single(_database.Stored.Values, e => e.ObjectId == parent);
        Assert.Equal(ObjectPaths.LongestPath, deepest.Path.Length);
        Assert.EndsWith("漢…", deepest.Path, StringComparison.Ordinal);
    }

    // What was told since it was asked last, in order.
    private async Task<IReadOnlyList<string>> ToldAsync(Func<AuditEvent, string> what)
    {
        await _node.Flusher.FlushAsync(Token);
        await _queue.TryDrainAsync(Token);
        string[] told = [.. _database.Stored.Values.OrderBy(e => e.TimeUs).ThenBy(e => e.Id).Select(what)];
        _database.Stored.Clear();
        return told;
    }

    private async Task MakeManyAsync()
    {
        var folder = SystemObjects.RootFolder;
        for (var depth = 0; depth < 4; depth++)
            folder = (await _node.MakeAsync(new string('d', ObjectRules.LongestName), folder)).Id;
        await _node.Sequencer.WriteAsync(Request([.. Enumerable.Range(0, Many).Select(i => Create($"n{i}", folder))]));
    }

    private void AssertAllInOrderAndOnce()
    {
        var told = _database.Stored.Values.Select(e => e.ObjectName).Where(n => n[0] == 'n');
        Assert.Equal(Enumerable.Range(0, Many).Select(i => $"n{i}"), told);
        Assert.Equal(Many + 4, _database.Batches.Sum());
    }
}
