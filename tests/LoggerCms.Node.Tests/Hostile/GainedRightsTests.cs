using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Ways to more rights than somebody gave. The user Guest has all rights on a folder of its own, and View and Edit on what it is to look after.</summary>
public sealed class GainedRightsTests : IAsyncLifetime
{
    private const long Helpdesk = SystemObjects.Guest;

    private static readonly byte[] LookedAfter = AccessList.Empty.Grant(Helpdesk, Rights.View).Grant(Helpdesk, Rights.Edit).Encode();

    private CmsNode _node = null!;
    private NodeService _service = null!;
    private long _own;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        _service = new NodeService(_node);
        var all = Rights.Of(ObjectKinds.Folder).Where(r => r != Rights.CreateConnection).Aggregate(AccessList.Empty, (list, right) => list.Grant(Helpdesk, right));
        _own = await MakeAsync(Create("own") with { AccessList = all.Encode() });
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData(ObjectKinds.User)]
    [InlineData(ObjectKinds.UserGroup)]
    [InlineData(ObjectKinds.Webi)]
    public async Task Who_may_edit_an_object_does_not_move_it_to_where_it_may_do_anything(string kind)
    {
        var boss = await MakeAsync(Create("boss", SystemObjects.Users, kind) with { AccessList = LookedAfter });
        Assert.Equal(ErrorCodes.Forbidden, (await RefusedAsync(new ChangeObject { Id = boss, ParentId = _own })).Code);
        Assert.Equal(SystemObjects.Users, _node.Image.Find(boss)!.ParentId);
    }

    [Theory]
    [InlineData(ObjectKinds.User, Rights.ManageTokens, Rights.ChangePassword)]
    [InlineData(ObjectKinds.UserGroup, Rights.EditMembers, Rights.EditMembers)]
    public async Task To_delete_a_user_or_a_group_is_not_to_act_for_it(string kind, string first, string second)
    {
        var boss = await MakeAsync(Create("boss", SystemObjects.Users, kind) with
        {
            AccessList = AccessList.Decode(LookedAfter).Grant(Helpdesk, Rights.Delete).Encode(),
        });
        var move = new ChangeObject { Id = boss, ParentId = _own };
        Assert.Contains(first, (await RefusedAsync(move)).Message, StringComparison.Ordinal);
        await _node.Sequencer.WriteAsync(Request(new ChangeObject
        {
            Id = boss,
            AccessList = bytes => AccessList.Decode(bytes).Grant(Helpdesk, first).Grant(Helpdesk, second).Encode(),
        }));
        await ChangeAsync(move);
        Assert.Equal(_own, _node.Image.Find(boss)!.ParentId);
    }

    [Theory]
    [InlineData(ObjectKinds.User, true)]
    [InlineData(ObjectKinds.Txt, false)]
    public async Task Nothing_goes_along_in_a_folder_that_could_not_be_moved_by_itself(string kind, bool isSeen)
    {
        var folder = await MakeAsync(Create("f") with { AccessList = AccessList.Decode(LookedAfter).Grant(Helpdesk, Rights.Delete).Encode() });
        var hidden = AccessList.Empty.Deny(Helpdesk, Rights.View).Encode();
        await MakeAsync(Create("in it", await MakeAsync(Create("between", folder)), kind) with { AccessList = isSeen ? [] : hidden });
        var refused = await RefusedAsync(new ChangeObject { Id = folder, ParentId = _own });
        Assert.Equal(ErrorCodes.Forbidden, refused.Code);
        Assert.Equal(isSeen, refused.Message.Contains("in it", StringComparison.Ordinal));
    }

    public static TheoryData<string> Nothings => ["properties", "no property", "name", "folder", "owner", "nothing", "right", "inheritance"];

    [Theory]
    [MemberData(nameof(Nothings))]
    public async Task To_ask_for_what_is_so_already_needs_the_right_to_change_it(string way)
    {
        var list = AccessList.Empty.Grant(Helpdesk, Rights.View).Encode();
        var document = await MakeAsync(Create("seen", _own) with { AccessList = list, Properties = Bag(5) });
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = _own, AccessList = _ => [] }));
        var before = _node.Image.Find(document)!;
        var same = way switch
        {
            "properties" => new ChangeObject { Id = document, Properties = _ => Bag(5) },
            "no property" => new ChangeObject { Id = document, Properties = bytes => bytes },
            "name" => new ChangeObject { Id = document, Name = "seen" },
            "folder" => new ChangeObject { Id = document, ParentId = _own },
            "owner" => new ChangeObject { Id = document, OwnerId = before.OwnerId },
            "nothing" => new ChangeObject { Id = document },
            "right" => new ChangeObject { Id = document, AccessList = bytes => AccessList.Decode(bytes).Grant(Helpdesk, Rights.View).Encode() },
            _ => new ChangeObject { Id = document, AccessList = bytes => AccessList.Decode(bytes).WithInheritance(fromFolder: true, fromGroups: true).Encode() },
        };
        Assert.Equal(ErrorCodes.Forbidden, (await RefusedAsync(same)).Code);
        Assert.Same(before, _node.Image.Find(document));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_is_moved_only_to_where_it_could_be_made(bool isInFolder)
    {
        var from = await MakeAsync(Create("from", _own));
        var connection = await MakeAsync(Create("c", from, ObjectKinds.DataConnection));
        var to = await MakeAsync(Create("to", _own));
        var moved = new ChangeObject { Id = isInFolder ? from : connection, ParentId = to };
        Assert.Contains(Rights.CreateConnection, (await RefusedAsync(moved)).Message, StringComparison.Ordinal);
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = to, AccessList = _ => AccessList.Empty.Grant(Helpdesk, Rights.CreateConnection).Encode() }));
        await ChangeAsync(moved);
    }

    [Fact]
    public async Task A_connection_in_other_letters_is_one()
    {
        foreach (var kind in new[] { "CCIS.DataConnection", "ccis.dataconnection", "METADATA.DATACONNECTION" })
        {
            var refused = await RefusedAsync(Create("c", _own, kind));
            Assert.Equal(ErrorCodes.Forbidden, refused.Code);
            Assert.Contains(Rights.CreateConnection, refused.Message, StringComparison.Ordinal);
        }

        var made = await MakeAsync(Create("c", kind: "ccis.DATAconnection"));
        Assert.Equal(ObjectKinds.UniverseConnection, _node.Image.Find(made)!.Kind);
    }

    private async Task<long> MakeAsync(CreateObject create) => (await _node.Sequencer.WriteAsync(Request(create))).Changed[0].Id;

    private async Task ChangeAsync(WriteOperation operation)
        => await _service.ChangeAsync(new Http.Caller(Helpdesk, ""), new ChangeRequest(null, WhatIf: false, [operation]));

    private Task<LoggerCmsException> RefusedAsync(WriteOperation operation) => Assert.ThrowsAsync<LoggerCmsException>(() => ChangeAsync(operation));
}
