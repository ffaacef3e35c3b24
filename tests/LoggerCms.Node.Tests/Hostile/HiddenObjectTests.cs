using System.Globalization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>What an ordinary user learns of, and does to, objects that it may not see. It is the user Guest here, and owns a folder.</summary>
public sealed class HiddenObjectTests : IAsyncLifetime
{
    private const long Bob = SystemObjects.Guest;
    private const long Nothing = 999_999;

    private CmsNode _node = null!;
    private NodeService _service = null!;
    private long _folder;
    private long _document;
    private long _own;
    private long _inOwn;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        _service = new NodeService(_node);
        _folder = await MakeAsync(Create("Secret Merger X"));
        _document = await MakeAsync(Create("Salary of CEO", _folder, ObjectKinds.Webi) with { Cuid = "CUID-42" });
        _own = await MakeAsync(Create("bf") with { OwnerId = Bob });
        _inOwn = await MakeAsync(Create("hid", _own));
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    public static TheoryData<string> Ways => ["update", "version", "parent", "remove", "remove document", "move", "move into itself", "move into", "rights"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_told_the_same_of_a_hidden_object_as_of_none_and_the_denial_is_known(string way)
    {
        foreach (var whatIf in new[] { false, true })
        {
            var hidden = await RefusedAsync(Operation(way, _folder, _document), whatIf);
            var none = await RefusedAsync(Operation(way, Nothing, Nothing), whatIf);
            Assert.Equal((ErrorCodes.ObjectNotFound, ErrorCodes.ObjectNotFound), (hidden.Code, none.Code));
            Assert.Equal((Bare(none.Message), Bare(none.Remedy)), (Bare(hidden.Message), Bare(hidden.Remedy)));
            Assert.Null(none.DeniedObjectId);
            Assert.True(hidden.DeniedObjectId == _folder || hidden.DeniedObjectId == _document);
        }
    }

    [Fact]
    public async Task A_name_or_a_CUID_that_is_taken_is_no_more_than_taken()
    {
        foreach (var create in new[] { Create("HID", _own), Create("other", _own) with { Cuid = "CUID-42" } })
        {
            var refused = await RefusedAsync(create, whatIf: false);
            Assert.Equal(ErrorCodes.NameInUse, refused.Code);
            Assert.DoesNotContain(_inOwn.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hid", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Salary", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_hidden_group_is_as_good_as_none()
    {
        var group = await MakeAsync(Create("secret group", SystemObjects.UserGroups, ObjectKinds.UserGroup));
        var hidden = await RefusedAsync(Member(group), whatIf: false);
        var none = await RefusedAsync(Member(Nothing), whatIf: false);
        Assert.Equal((none.Code, Bare(none.Message)), (hidden.Code, Bare(hidden.Message)));

        CreateObject Member(long id) => Create("x", _own, ObjectKinds.User) with
        {
            Properties = new PropertyBagBuilder().Set(GroupMembership.Property, PropertyValue.List([id])).Build().Encode(),
        };
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("right")]
    [InlineData("right of a new one")]
    public async Task A_hidden_principal_is_as_good_as_none(string way)
    {
        var user = await MakeAsync(Create("secret user", SystemObjects.Users, ObjectKinds.User) with { AccessList = AccessList.Empty.Deny(Bob, Rights.View).Encode() });
        var rights = AccessList.Empty.Grant(Bob, Rights.View).Grant(Bob, Rights.Add).Grant(Bob, Rights.TakeOwnership).Grant(Bob, Rights.ModifyRights);
        var own = await MakeAsync(Create("bob's") with { OwnerId = Bob, AccessList = rights.Encode() });
        var hidden = await RefusedAsync(Give(user), whatIf: false);
        var none = await RefusedAsync(Give(Nothing), whatIf: false);
        Assert.Equal((ErrorCodes.InvalidObject, Bare(none.Message)), (hidden.Code, Bare(hidden.Message)));

        // To somebody who is there and seen it goes, and what was given to somebody who went away does not stand in the way.
        await _service.ChangeAsync(new Http.Caller(Bob, ""), new ChangeRequest(null, WhatIf: false, [Give(Bob)]));
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = own, AccessList = bytes => AccessList.Decode(bytes).Grant(Nothing, Rights.View).Encode() }));
        await _service.ChangeAsync(
            new Http.Caller(Bob, ""),
            new ChangeRequest(null, WhatIf: false, [new ChangeObject { Id = own, AccessList = bytes => AccessList.Decode(bytes).Grant(Bob, Rights.Edit).Encode() }]));

        WriteOperation Give(long id) => way switch
        {
            "owner" => new ChangeObject { Id = own, OwnerId = id },
            "right" => new ChangeObject { Id = own, AccessList = bytes => AccessList.Decode(bytes).Grant(id, Rights.View).Encode() },
            _ => Create("new", own) with { AccessList = AccessList.Empty.Grant(id, Rights.View).Encode() },
        };
    }

    [Theory]
    [InlineData(BuiltIn.Everyone)]
    [InlineData(BuiltIn.Administrators)]
    public async Task Whoever_may_be_named_may_be_given_a_right(long group)
    {
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = group, AccessList = _ => AccessList.Empty.Deny(Bob, Rights.View).Encode() }));
        var own = await MakeAsync(Create("bob's") with { OwnerId = Bob, AccessList = AccessList.Empty.Grant(Bob, Rights.View).Grant(Bob, Rights.ModifyRights).Encode() });
        await _service.ChangeAsync(
            new Http.Caller(Bob, ""),
            new ChangeRequest(null, WhatIf: false, [new ChangeObject { Id = own, AccessList = bytes => AccessList.Decode(bytes).Grant(group, Rights.Edit).Encode() }]));
        Assert.Contains(AccessList.Decode(_node.Image.Find(own)!.AccessList).Entries, e => e.PrincipalId == group);
    }

    [Fact]
    public async Task Whoever_is_hidden_has_no_name_in_what_it_reads_of_its_own()
    {
        var hide = AccessList.Empty.Deny(Bob, Rights.View).Encode();
        var user = await MakeAsync(Create("secret user", SystemObjects.Users, ObjectKinds.User) with { AccessList = hide });
        var group = await MakeAsync(Create("secret group", SystemObjects.UserGroups, ObjectKinds.UserGroup) with { AccessList = hide });
        var list = AccessList.Empty.Grant(Bob, Rights.View).Grant(Bob, Rights.ModifyRights).Grant(user, Rights.View).Grant(group, Rights.View);
        var own = await MakeAsync(Create("bob's") with { OwnerId = user, AccessList = list.Encode() });
        var access = _service.Begin(Bob);
        var found = await _service.GetAsync(access, own, Token);
        using var json = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(json))
            ObjectWriter.Write(writer, access, found, withRights: true);
        var told = System.Text.Encoding.UTF8.GetString(json.ToArray());
        Assert.Contains(user.ToString(CultureInfo.InvariantCulture), told, StringComparison.Ordinal);
        told += string.Concat(RightsReport.Entries(access, found).Select(e => e.Principal));
        await foreach (var row in Core.RunTimeImage.Query.QueryEngine.Run(
            access.View, $"SELECT SI_OWNER FROM CI_INFOOBJECTS WHERE SI_ID = {own}", _ => true, null, Token, mayName: access.MayName))
        {
            told += string.Concat(row.Columns.Select(c => c.Value.ToString()));
        }

        Assert.DoesNotContain("secret", told, StringComparison.Ordinal);
        Assert.Equal((Bare(Test(Nothing).Message), ErrorCodes.ObjectNotFound), (Bare(Test(user).Message), Test(user).Code));
        Assert.Equal(Bare(Test(Nothing).Message), Bare(Test(_document).Message));

        LoggerCmsException Test(long principal)
            => Assert.Throws<LoggerCmsException>(() => _service.Test(access, new CmsRightQuestion { ObjectId = own, Right = Rights.View, PrincipalId = principal }));
    }

    [Fact]
    public async Task Nobody_acts_as_a_user_that_was_made_outside_the_folder_of_users()
    {
        var rogue = await MakeAsync(Create("Administrator", _own, ObjectKinds.User));
        var folder = await MakeAsync(Create("team", SystemObjects.Users));
        var member = await MakeAsync(Create("member", folder, ObjectKinds.User));
        Assert.Equal(
            ErrorCodes.ObjectNotFound,
            (await Assert.ThrowsAsync<LoggerCmsException>(() => IssueAsync(rogue))).Code);
        Assert.False(ObjectRules.MayAct(_node.Image, _node.Image.Find(rogue)));
        Assert.True(ObjectRules.MayAct(_node.Image, _node.Image.Find(member)));
        Assert.NotEmpty((await IssueAsync(member)).Text);
    }

    [Fact]
    public async Task What_it_may_remove_but_not_see_stays_also_where_the_folder_goes()
    {
        var folder = await MakeAsync(Create("shared") with { AccessList = AccessList.Empty.Grant(Bob, Rights.View).Grant(Bob, Rights.Delete).Encode() });
        var hidden = await MakeAsync(Create("hidden", folder, ObjectKinds.Txt) with { AccessList = AccessList.Empty.Deny(Bob, Rights.View).Encode() });
        Assert.Equal(ErrorCodes.ObjectNotFound, (await RefusedAsync(new RemoveObject { Id = hidden }, whatIf: false)).Code);
        var refused = await RefusedAsync(new RemoveObject { Id = folder, Recurse = true }, whatIf: false);
        Assert.Equal((ErrorCodes.Forbidden, hidden), (refused.Code, refused.DeniedObjectId));
        Assert.DoesNotContain(Bare(refused.Message), hidden.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.NotNull(_node.Image.Find(hidden));
    }

    [Fact]
    public async Task It_puts_nothing_into_a_folder_that_it_does_not_see()
    {
        var folder = await MakeAsync(Create("drop") with { AccessList = AccessList.Empty.Grant(Bob, Rights.Add).Encode() });
        Assert.Equal(ErrorCodes.ObjectNotFound, (await RefusedAsync(Create("x", folder), whatIf: false)).Code);
    }

    private WriteOperation Operation(string way, long folder, long document) => way switch
    {
        "update" => new ChangeObject { Id = document, Properties = _ => Bag(1) },
        "version" => new ChangeObject { Id = document, ExpectedVersion = -1 },
        "parent" => Create("x", document),
        "remove" => new RemoveObject { Id = folder },
        "remove document" => new RemoveObject { Id = document, ExpectedVersion = 7 },
        "move" => new ChangeObject { Id = document, ParentId = _own },
        "move into itself" => new ChangeObject { Id = folder, ParentId = folder },
        "move into" => new ChangeObject { Id = _own, ParentId = folder },
        _ => new ChangeObject { Id = folder, AccessList = bytes => AccessList.Decode(bytes).Grant(Bob, Rights.View).Encode() },
    };

    private async Task<long> MakeAsync(CreateObject create) => (await _node.Sequencer.WriteAsync(Request(create))).Changed[0].Id;

    private async Task<CmsIssuedToken> IssueAsync(long user)
    {
        var own = _node.Tokens.Issue(Caller, "own", TimeSpan.FromDays(1));
        await _node.Sequencer.WriteAsync(Request(new PutLocal(own.Entry)));
        return await _service.IssueAsync(_service.Begin(Caller), new Http.Caller(Caller, "", own.Entry.Key.Id), new CmsTokenRequest { PrincipalId = user });
    }

    private Task<LoggerCmsException> RefusedAsync(WriteOperation operation, bool whatIf) => Assert.ThrowsAsync<LoggerCmsException>(
        async () => await _service.ChangeAsync(new Http.Caller(Bob, ""), new ChangeRequest(null, whatIf, [operation])));

    private static string Bare(string text) => string.Concat(text.Where(c => !char.IsAsciiDigit(c)));
}
