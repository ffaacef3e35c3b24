using System.Text;
using System.Text.Json;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node.Tests;

public sealed class ChangeFieldsTests
{
    private const int Depth = 40;

    [Fact]
    public void Knows_every_property_that_a_change_on_the_wire_has()
        => Assert.Equal(
            typeof(CmsChange).GetProperties().Select(p => p.Name).Order(),
            typeof(ChangeFields).GetProperties().Select(p => p.Name).Order());

    [Fact]
    public void Reads_what_the_serializer_writes()
    {
        using var properties = JsonDocument.Parse("""{"SI_X":[1,"two"],"bag":{"b":{"$decimal":"1.50"}}}""");
        var rights = new CmsObjectRights
        {
            InheritFromFolder = false,
            InheritFromGroups = true,
            Entries = [new CmsObjectRight { PrincipalId = 12, Right = "View", Value = "Granted" }, new CmsObjectRight { PrincipalId = 1, Right = "Edit", Value = "Denied" }],
        };
        var request = new CmsChangeRequest
        {
            RequestId = Guid.CreateVersion7(),
            WhatIf = true,
            Changes =
            [
                new CmsChange { Operation = "Create", Kind = "Pdf", Name = "ä\"😀", ParentId = 23, Cuid = "c", OwnerId = 12, Properties = properties.RootElement },
                new CmsChange { Operation = "Update", Id = 5, ExpectedVersion = 7, ExpectedCuid = "of 5", Name = "n", Properties = properties.RootElement, RemoveProperties = ["gone"] },
                new CmsChange { Operation = "Move", Id = 6, ParentId = 24 },
                new CmsChange { Operation = "Remove", Id = 8, ExpectedCuid = "of 8", Recurse = true },
                new CmsChange { Operation = "SetRight", Id = 9, PrincipalId = 12, Right = "View", RightValue = "Granted" },
                new CmsChange { Operation = "SetInheritance", Id = 10, InheritFromFolder = false, InheritFromGroups = true },
                new CmsChange { Operation = "Create", Kind = "Pdf", Name = "n", ParentId = 23, Rights = rights },
                new CmsChange { Operation = "Update", Id = 11, Rights = rights },
            ],
        };
        var (id, whatIf, operations) = ChangeFields.ReadRequest(JsonSerializer.SerializeToUtf8Bytes(request, CmsJson.Default.CmsChangeRequest), Depth);
        Assert.Equal((request.RequestId, true), (id, whatIf));
        var create = Assert.IsType<CreateObject>(operations[0]);
        Assert.Equal(("Pdf", "ä\"😀", 23L, "c", 12L), (create.Kind, create.Name, create.ParentId, create.Cuid, create.OwnerId!.Value));
        Assert.Equal("""{"SI_X":[1,"two"],"bag":{"b":{"$decimal":"1.50"}}}""", PropertyBag.Decode(create.Properties).ToJson());
        var update = Assert.IsType<ChangeObject>(operations[1]);
        Assert.Equal((5L, 7, "of 5", "n"), (update.Id, update.ExpectedVersion!.Value, update.ExpectedCuid, update.Name));
        var before = new PropertyBagBuilder().Set("gone", 1).Set("si_x", 2).Build().Encode();
        Assert.Equal(create.Properties, update.Properties!(before));
        Assert.Equal((6L, 24L), Assert.IsType<ChangeObject>(operations[2]) is { ParentId: { } parent } move ? (move.Id, parent) : default);
        Assert.Equal(new RemoveObject { Id = 8, ExpectedCuid = "of 8", Recurse = true }, operations[3]);
        Assert.NotNull(Assert.IsType<ChangeObject>(operations[4]).AccessList);
        Assert.NotNull(Assert.IsType<ChangeObject>(operations[5]).AccessList);
        var list = AccessList.Empty.WithInheritance(fromFolder: false, fromGroups: true).Grant(12, "View").Deny(1, "Edit").Encode();
        Assert.Equal(list, Assert.IsType<CreateObject>(operations[6]).AccessList);
        Assert.Equal(list, Assert.IsType<ChangeObject>(operations[7]).AccessList!([1, 2, 3]));
    }

    [Fact]
    public void Names_in_any_case_and_numbers_in_quotes_are_taken()
    {
        var (id, whatIf, operations) = Read("""{"changes":[{"operation":"Remove","ID":"5","Recurse":null}],"requestid":null,"whatif":null}""");
        Assert.Equal((null, false), (id, whatIf));
        Assert.Equal(new RemoveObject { Id = 5 }, Assert.Single(operations));
    }

    [Theory]
    [InlineData("ExpectedVerison", """{"Changes":[{"Operation":"Update","Id":5,"ExpectedVerison":7}]}""")]
    [InlineData("Opera\uFFFDtion", """{"Changes":[{"Opera\ttion":"Update"}]}""")]
    [InlineData("Whatif?", """{"Whatif?":true,"Changes":[]}""")]
    [InlineData("operation", """{"Changes":[{"Operation":"Update","operation":"Remove","Id":5}]}""")]
    [InlineData("InheritFromGroups", """{"Changes":[{"Operation":"SetInheritance","Id":5,"InheritFromGroups":null,"InheritFromGroups":false}]}""")]
    [InlineData("Changes", """{"Changes":[],"Changes":[]}""")]
    [InlineData("requestId", """{"RequestId":null,"requestId":null,"Changes":[]}""")]
    [InlineData("WhatIf", """{"WhatIf":true,"WhatIf":false,"Changes":[]}""")]
    [InlineData("Inherit", """{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Inherit":1,"Entries":[]}}]}""")]
    [InlineData("Value", """{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Entries":[{"PrincipalId":1,"Right":"View","Value":"Denied","Value":"Granted"}]}}]}""")]
    public void A_field_that_is_not_known_or_there_twice_is_named(string field, string json)
        => Assert.Contains($"'{field}'", Assert.ThrowsAny<JsonException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Changes":null}""")]
    [InlineData("""{"Changes":[null]}""")]
    [InlineData("""{"Changes":[5]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":1.5}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":true}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":99999999999999999999}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":1,"ExpectedVersion":3000000000}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":1,"Recurse":"yes"}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"RemoveProperties":[null]}]}""")]
    [InlineData("""{"Changes":[{"Operation":5}]}""")]
    [InlineData("""{"Changes":[],"RequestId":"x"}""")]
    [InlineData("""{"Changes":[]} {}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove","Id":1}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Entries":null}}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Entries":[{"PrincipalId":1,"Right":null,"Value":"Granted"}]}}]}""")]
    public void What_is_no_request_is_told_so(string json) => Assert.ThrowsAny<JsonException>(() => Read(json));

    [Theory]
    [InlineData("""{"Changes":[{}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Remove"}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Properties":[]}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Entries":[null]}}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Rights":{"InheritFromFolder":true,"InheritFromGroups":true,"Entries":[{"PrincipalId":1,"Right":"View","Value":"NotSpecified"}]}}]}""")]
    [InlineData("""{"Changes":[{"Operation":"Update","Id":1,"Properties":{"a":1,"A":2}}]}""")]
    public void What_makes_no_sense_is_told_so(string json)
        => Assert.Equal(ErrorCodes.InvalidObject, Assert.Throws<LoggerCmsException>(() => Read(json)).Code);

    [Fact]
    public void Depth_is_bounded()
        => Assert.ThrowsAny<JsonException>(() => Read($$$"""{"Changes":[{"Properties":{"x":{{{new string('[', Depth)}}}{{{new string(']', Depth)}}}}}]}"""));

    private static ChangeRequest Read(string json) => ChangeFields.ReadRequest(Encoding.UTF8.GetBytes(json), Depth);
}
