using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using LoggerCms.Transfer.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>The planner and the sequencer, by what a client sees.</summary>
public sealed class WritePathTests : IAsyncLifetime
{
    private readonly FakeSystemDatabase _database = new();
    private CmsNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await NodeFixture.StartAsync(_database, NewDisk());

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    public static TheoryData<string, string> Refusals => new()
    {
        { "no operation", ErrorCodes.InvalidObject },
        { "a name that is taken", ErrorCodes.NameInUse },
        { "a name that is taken in another case", ErrorCodes.NameInUse },
        { "a cuid that is taken", ErrorCodes.NameInUse },
        { "no such parent", ErrorCodes.ObjectNotFound },
        { "a parent that holds nothing", ErrorCodes.InvalidObject },
        { "no such object", ErrorCodes.ObjectNotFound },
        { "another version", ErrorCodes.VersionConflict },
        { "a move below itself", ErrorCodes.InvalidObject },
        { "a folder that is not empty", ErrorCodes.InvalidObject },
        { "a system object removed", ErrorCodes.InvalidObject },
        { "a system object renamed", ErrorCodes.InvalidObject },
        { "a system object moved", ErrorCodes.InvalidObject },
        { "an empty name", ErrorCodes.InvalidObject },
        { "a control character", ErrorCodes.InvalidObject },
        { "half a surrogate", ErrorCodes.InvalidObject },
        { "a kind with a blank", ErrorCodes.InvalidObject },
        { "an object that is too large", ErrorCodes.LimitExceeded },
        { "too many bytes", ErrorCodes.LimitExceeded },
        { "too many changes", ErrorCodes.LimitExceeded },
        { "a removal of too many", ErrorCodes.LimitExceeded },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_request_that_cannot_be_is_refused_with_its_code_and_changes_nothing(string what, string code)
    {
        await using var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk(), Options with
        {
            Cluster = Options.Cluster with { MostChanges = 40, MostRecordBytes = 3000, MostObjectBytes = 2000 },
        });
        var folder = (await node.MakeAsync("folder")).Id;
        var child = (await node.MakeAsync("child", folder)).Id;
        var leaf = (await node.MakeAsync("leaf", kind: ObjectKinds.Txt)).Id;
        for (var i = 0; i < 40 && what == "a removal of too many"; i++)
            await node.MakeAsync($"n{i}", child);
        IReadOnlyList<WriteOperation> operations = what switch
        {
            "no operation" => [],
            "a name that is taken" => [Create("folder")],
            "a name that is taken in another case" => [Create("FOLDER")],
            "a cuid that is taken" => [Create("other") with { Cuid = node.Image.Find(leaf)!.Cuid }],
            "no such parent" => [Create("other", 99_999)],
            "a parent that holds nothing" => [Create("other", leaf)],
            "no such object" => [new ChangeObject { Id = 99_999, Name = "other" }],
            "another version" => [new ChangeObject { Id = leaf, ExpectedVersion = 2, Name = "other" }],
            "a move below itself" => [new ChangeObject { Id = folder, ParentId = child }],
            "a folder that is not empty" => [new RemoveObject { Id = folder }],
            "a system object removed" => [new RemoveObject { Id = SystemObjects.Guest }],
            "a system object renamed" => [new ChangeObject { Id = SystemObjects.Guest, Name = "other" }],
            "a system object moved" => [new ChangeObject { Id = SystemObjects.Guest, ParentId = folder }],
            "an empty name" => [Create(" ")],
            "a control character" => [Create("a\tb")],
            "half a surrogate" => [Create("a\ud800")],
            "a kind with a blank" => [Create("other", kind: "a b")],
            "an object that is too large" => [Create("other", properties: new byte[2001])],
            "too many bytes" => [Create("other", properties: new byte[1900]), Create("third", properties: new byte[1900])],
            "too many changes" => [.. Enumerable.Range(0, 41).Select(i => Create($"n{i}"))],
            _ => [new RemoveObject { Id = folder, Recurse = true }],
        };
        var before = node.Image.All().Select(Tell).Order(StringComparer.Ordinal).ToList();
        List<WriteOperation> all = operations.Count == 0 ? [] : [Create("first and fine"), .. operations];
        var id = Guid.CreateVersion7();
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.Sequencer.WriteAsync(Request(id, all)).AsTask());
        Assert.Equal((code, code == ErrorCodes.LimitExceeded), (failure.Code, failure.IsOfRequest));
        Assert.Equal(before, node.Image.All().Select(Tell).Order(StringComparer.Ordinal));
        var answer = await node.Sequencer.WriteAsync(Request(id, Create("first and fine")));
        Assert.False(answer.Repeated);
    }

    [Fact]
    public async Task A_guard_that_refuses_one_change_of_many_leaves_all_undone()
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(
            () => _node.Sequencer.WriteAsync(Request(Create("a"), Create("b")) with { Guard = new NoB() }).AsTask());
        Assert.Equal(ErrorCodes.Forbidden, failure.Code);
        Assert.Empty(_node.Image.Children(SystemObjects.RootFolder));
    }

    [Fact]
    public async Task Writers_side_by_side_never_share_an_id_a_key_or_a_name()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            try
            {
                return (await _node.Sequencer.WriteAsync(Request(Guid.CreateVersion7(), Create($"n{i % 100}")))).Changed;
            }
            catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.NameInUse)
            {
                return [];
            }
        })));
        var made = answers.SelectMany(a => a).ToList();
        Assert.Equal(100, made.Count);
        Assert.Equal(100, made.Select(m => m.Id).Distinct().Count());
        Assert.Equal(100, made.Select(m => m.UpdateKey).Distinct().Count());
    }

    [Fact]
    public async Task The_same_request_sent_side_by_side_is_done_once()
    {
        var request = Request(Guid.CreateVersion7(), Create("a"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _node.Sequencer.WriteAsync(request).AsTask())));
        Assert.Equal(19, answers.Count(a => a.Repeated));
        Assert.Single(answers.Select(a => a.Changed[0]).Distinct());
    }

    [Fact]
    public async Task Who_is_told_of_changes_is_told_before_a_flush_can_let_their_delta_file_go()
    {
        using var held = new ManualResetEventSlim();
        using var told = new ManualResetEventSlim();
        _node.Changed = (_, _) =>
        {
            told.Set();
            held.Wait(Token);
        };
        var write = Task.Run(() => _node.MakeAsync("a"));
        told.Wait(Token);
        await _node.Flusher.FlushAsync(Token);
        var flushedEarly = await _database.FindAsync(1000, Token);
        held.Set();
        var made = await write;
        Assert.Null(flushedEarly);
        await _node.Flusher.FlushAsync(Token);
        Assert.NotNull(await _database.FindAsync(made.Id, Token));
    }

    [Fact]
    public async Task Above_the_bound_a_write_waits_then_is_refused_with_the_reason_and_a_known_answer_is_given_all_the_same()
    {
        var time = new ManualTime();
        var faulty = new FaultyDatabase(new FakeSystemDatabase());
        await using var node = await NodeFixture.StartAsync(faulty, NewDisk(), Options with { Cluster = Options.Cluster with { MostUnflushedBytes = 0 } }, time);
        await node.Flusher.FlushAsync(Token);
        var first = Request(Guid.CreateVersion7(time.GetUtcNow()), Create("a"));
        await node.Sequencer.WriteAsync(first);
        faulty.Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None;

        var write = node.Sequencer.WriteAsync(Request(Create("b"))).AsTask();
        Assert.False(write.IsCompleted);
        time.Advance(Options.Cluster.LongestWait);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => write);
        Assert.Equal((ErrorCodes.LimitExceeded, false), (failure.Code, failure.IsOfRequest));
        Assert.Null(node.Image.FindChild(SystemObjects.RootFolder, "b"));
        Assert.True((await node.Sequencer.WriteAsync(first)).Repeated);

        var waits = node.Sequencer.WriteAsync(Request(Create("c"))).AsTask();
        faulty.Fault = null;
        await node.Flusher.FlushAsync(Token);
        await waits;
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "c"));
    }

    [Fact]
    public async Task Ids_and_keys_are_not_used_twice_over_starts_whether_the_node_was_stopped_or_lost_its_power()
    {
        HashSet<long> ids = [];
        HashSet<long> keys = [];
        var disk = NewDisk();
        var database = new FakeSystemDatabase();
        for (var life = 0; life < 10; life++)
        {
            var node = await NodeFixture.StartAsync(database, disk);
            for (var i = 0; i < 30; i++)
            {
                var made = await node.MakeAsync($"n{life} {i}");
                Assert.True(ids.Add(made.Id) && keys.Add(made.UpdateKey));
                if (i % 3 == 0)
                    await node.Sequencer.WriteAsync(Request(new RemoveObject { Id = made.Id }));
            }

            if (life % 2 == 0)
            {
                await node.StopAsync(Token);
                continue;
            }

            database = database.Copy();
            disk = disk.PullThePlug();
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task When_a_block_is_used_up_while_the_database_is_away_writes_are_refused_and_go_on_with_it()
    {
        var faulty = new FaultyDatabase(new FakeSystemDatabase());
        await using var node = await NodeFixture.StartAsync(faulty, NewDisk(), Options with { Cluster = Options.Cluster with { ObjectIdBlock = 10, LongestWait = TimeSpan.FromMilliseconds(200) } });
        faulty.Fault = _ => DatabaseFault.Away;
        var made = 0;
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            for (; made < 20; made++)
                await node.MakeAsync($"n{made}");
        });
        Assert.Equal((ErrorCodes.NodeNotReady, 10), (failure.Code, made));
        faulty.Fault = null;
        await node.Flusher.FlushAsync(Token);
        await node.MakeAsync("after");
    }

    [Fact]
    public async Task No_path_becomes_longer_than_the_bound_by_making_renaming_or_moving()
    {
        var name = new string('d', 250);
        var (folder, depth) = (SystemObjects.RootFolder, 0);
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            for (; depth < 100; depth++)
                folder = (await _node.MakeAsync(depth == 0 ? "top" : name, folder)).Id;
        });
        Assert.Equal((ErrorCodes.InvalidObject, 17), (refused.Code, depth));
        var room = ObjectPaths.LongestPath - ObjectPaths.Of(_node.Image, _node.Image.Find(folder)!).Length;
        var top = _node.Image.FindChild(SystemObjects.RootFolder, "top")!.Id;
        var aside = (await _node.MakeAsync(new string('a', room))).Id;
        foreach (var change in new[]
        {
            new ChangeObject { Id = top, Name = new string('t', "top".Length + room + 1) },
            new ChangeObject { Id = top, ParentId = aside },
        })
            Assert.Equal(ErrorCodes.InvalidObject, (await Assert.ThrowsAsync<LoggerCmsException>(async () => await _node.Sequencer.WriteAsync(Request(change)))).Code);
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = top, Name = new string('t', "top".Length + room) }));
        Assert.Equal(ObjectPaths.LongestPath, ObjectPaths.Of(_node.Image, _node.Image.Find(folder)!).Length);
    }

    private sealed class NoB : IWriteGuard
    {
        public bool MaySee(IObjectView view, CmsObject one) => true;

        public void DemandToTouch(IObjectView view, CmsObject one, ChangeObject change)
        {
        }

        public void Demand(IObjectView view, CmsObject? before, CmsObject? after)
        {
            if (after?.Name == "b")
                throw new LoggerCmsException(ErrorCodes.Forbidden, "Not b.", "Ask.");
        }
    }

    [Fact]
    public async Task An_answer_that_is_kept_keeps_nothing_of_its_writing()
    {
        var (answer, _) = _node.Sequencer.Submit(Request(Guid.CreateVersion7(), Create("kept")));
        await answer.Durable;
        Assert.Same(Task.CompletedTask, answer.Durable);
    }
}
