using System.Text;
using System.Text.Json;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests;

/// <summary>An access list that is none: what its failure says to do works, and an export does not end there.</summary>
public sealed class DamagedAccessListTests : IAsyncLifetime
{
    private static readonly string s_grant = $$"""{"Operation":"SetRight","Id":ID,"PrincipalId":{{SystemObjects.Guest}},"Right":"View","RightValue":"Granted"}""";

    private CmsNode _node = null!;
    private NodeService _service = null!;
    private long _folder;
    private long _document;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        _service = new NodeService(_node);
        _folder = (await _node.MakeAsync("folder")).Id;
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = _folder, AccessList = _ => AccessList.Empty.Grant(BuiltIn.Everyone, Rights.View).Encode() }));
        _document = (await _node.MakeAsync("document", _folder, ObjectKinds.Txt)).Id;
        await _node.Sequencer.WriteAsync(Request(new ChangeObject { Id = _document, AccessList = _ => [1, 9, 9, 9] }));
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task An_administrator_begins_a_new_one_that_lets_in_nobody_whom_it_does_not_name()
    {
        Assert.Equal(ErrorCodes.InvalidObject, (await Assert.ThrowsAsync<LoggerCmsException>(() => ChangeAsync(s_grant))).Code);
        Assert.False(MayGuest(Rights.View));
        await ChangeAsync("""{"Operation":"SetInheritance","Id":ID,"InheritFromGroups":true}""");
        Assert.False(MayGuest(Rights.View));
        await ChangeAsync(s_grant);
        Assert.True(MayGuest(Rights.View));
        Assert.Equal((false, true, 1), AccessList.Decode(_node.Image.Find(_document)!.AccessList) is var list ? (list.InheritFromFolder, list.InheritFromGroups, list.Count) : default);
    }

    [Fact]
    public void An_export_has_one_in_its_place_that_lets_in_nobody()
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
            ObjectWriter.Write(writer, _service.Begin(Caller), _node.Image.Find(_document)!, withRights: true);
        var rights = JsonDocument.Parse(json.ToArray()).RootElement.GetProperty(nameof(CmsObjectInfo.Rights));
        Assert.False(rights.GetProperty(nameof(CmsObjectRights.InheritFromFolder)).GetBoolean());
        Assert.False(rights.GetProperty(nameof(CmsObjectRights.InheritFromGroups)).GetBoolean());
        Assert.Equal(0, rights.GetProperty(nameof(CmsObjectRights.Entries)).GetArrayLength());
    }

    private bool MayGuest(string right) => _service.Begin(SystemObjects.Guest).Has(_node.Image.Find(_document)!, right);

    private async Task ChangeAsync(string change)
    {
        var body = $$"""{"Changes":[{{change.Replace("ID,", $"{_document},", StringComparison.Ordinal)}}]}""";
        await _service.ChangeAsync(new Http.Caller(Caller, ""), ChangeFields.ReadRequest(Encoding.UTF8.GetBytes(body), 64));
    }
}
