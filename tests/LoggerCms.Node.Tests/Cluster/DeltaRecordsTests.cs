using System.Collections;
using System.Text.Json;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>What a delta file says to an admin who has nothing but the file.</summary>
public sealed class DeltaRecordsTests
{
    private readonly CrashableDisk _disk = NewDisk();

    [Fact]
    public async Task Records_tell_what_they_change_and_by_whom()
    {
        var at = DateTimeOffset.Parse("2026-05-04T03:02:01.5+02:00", System.Globalization.CultureInfo.InvariantCulture);
        var bag = new PropertyBagBuilder().Set("text", "x").Set("number", 7).Set("exact", 1.50m).Set("real", 0.1).Set("flag", true).Set("at", at)
            .Set("bytes", new byte[] { 1, 2 }).Set("list", PropertyValue.List(["a", 5])).Set("inner", new PropertyBagBuilder().Set("n", 1).Build());
        var rights = AccessList.Empty.Deny(SystemObjects.Everyone, Rights.View).WithInheritance(fromFolder: false, fromGroups: true);
        var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), _disk);
        var made = (await node.Sequencer.WriteAsync(Request(Create("made", properties: bag.Build().Encode()), Create("other")))).Changed;
        await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = made[0].Id, AccessList = _ => rights.Encode() }));
        await node.Sequencer.WriteAsync(Request(new RemoveObject { Id = made[1].Id }));
        await node.DisposeAsync();

        var records = Read().TakeLast(3).ToList();

        Assert.All(records, r => Assert.Equal((Caller, "192.0.2.1", null), (r.PrincipalId, r.ClientAddress, r.Detail)));
        Assert.All(records, r => Assert.InRange(DateTimeOffset.Now - r.Time!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(10)));
        var (created, updated, removed) = (records[0].Changes, Assert.Single(records[1].Changes), Assert.Single(records[2].Changes));
        Assert.Equal(["made", "other"], created.Select(c => c.Name));
        Assert.Equal(("Create", made[0].Id, made[0].UpdateKey, "Folder", SystemObjects.RootFolder, 1), Told(created[0]));
        Assert.Equal(("Update", made[0].Id, records[1].UpdateKey, "Folder", SystemObjects.RootFolder, 2), Told(updated));
        Assert.Equal(created[0].Cuid, updated.Cuid);
        Assert.Equal((false, true), (updated.InheritFromFolder, updated.InheritFromGroups));
        Assert.Equal(new CmsObjectRight { PrincipalId = SystemObjects.Everyone, Right = Rights.View, Value = "Denied" }, Assert.Single(updated.Rights!));
        Assert.Equal(("Remove", made[1].Id, "other", "Folder"), (removed.Operation, removed.Id, removed.Name, removed.Kind));
        Assert.Null(removed.Properties);

        var properties = updated.Properties!;
        Assert.Equal(["x", 7L, 1.50m, 0.1, true, at], new[] { "text", "number", "exact", "real", "FLAG", "at" }.Select(name => properties[name]!));
        Assert.Equal([1, 2], Assert.IsType<byte[]>(properties["bytes"]));
        Assert.Equal(["a", 5L], Assert.IsType<object[]>(properties["list"]));
        Assert.Equal(1L, Assert.IsAssignableFrom<IDictionary>(properties["inner"])["n"]);
    }

    [Fact]
    public async Task Records_tell_no_password_and_no_token()
    {
        var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), _disk);
        var password = PasswordRecord.Make("Pass-1 word").Encode();
        var user = new PropertyBagBuilder().Set(PasswordRecord.Property, password).Set("SI_EMAIL_ADDRESS", "j@example.org").Build();
        await node.Sequencer.WriteAsync(Request(Create("jane", SystemObjects.Users, ObjectKinds.User, user.Encode())));
        var token = node.Tokens.Issue(Caller, "a runbook", TimeSpan.FromDays(1));
        await node.Sequencer.WriteAsync(Request(new PutLocal(token.Entry)));
        await node.DisposeAsync();

        var changes = Read().SelectMany(r => r.Changes).TakeLast(2).ToList();

        Assert.Equal(["SI_EMAIL_ADDRESS"], changes[0].Properties!.Keys.Cast<string>());
        Assert.Equal(("PutToken", token.Entry.Key.Id, "a runbook"), (changes[1].Operation, changes[1].LocalId, changes[1].Name));
        Assert.Equal(Caller, changes[1].Properties!["PrincipalId"]);
        var told = JsonSerializer.Serialize(changes);
        foreach (var secret in new[] { password.AsSpan(^32..).ToArray(), TokenEntry.Decode(token.Entry).SecretHash })
        {
            Assert.Contains(Segments(_disk), path => _disk.ReadAll(path).AsSpan().IndexOf(secret) >= 0);
            Assert.DoesNotContain(Convert.ToBase64String(secret)[..20], told);
        }
    }

    private static (string, long?, long, string?, long?, int?) Told(DeltaChangeInfo one) => (one.Operation, one.Id, one.UpdateKey, one.Kind, one.ParentId, one.Version);

    private List<DeltaRecordInfo> Read() => [.. DeltaFiles.Find(_disk, Folder, Token).SelectMany(file => DeltaRecords.Read(_disk, file))];
}
