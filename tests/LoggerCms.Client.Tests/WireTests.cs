using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace LoggerCms.Client.Tests;

/// <summary>What the records on the wire have in common.</summary>
public sealed class WireTests
{
    [Fact]
    public void What_may_be_null_is_left_out_and_so_is_not_required()
    {
        HashSet<Type> seen = [];
        var waiting = new Stack<Type>(typeof(CmsJson).GetCustomAttributesData()
            .Where(a => a.AttributeType == typeof(JsonSerializableAttribute))
            .Select(a => (Type)a.ConstructorArguments[0].Value!));
        Assert.NotEmpty(waiting);
        List<string> wrong = [];
        while (waiting.TryPop(out var type))
        {
            if (!seen.Add(type) || CmsJson.Default.GetTypeInfo(type) is not { } info)
                continue;
            if (info.ElementType is { } element)
                waiting.Push(element);
            foreach (var property in info.Properties)
            {
                waiting.Push(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
                if (property.IsRequired && property.IsSetNullable)
                    wrong.Add($"{type.Name}.{property.Name}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_in_every_text_of_a_request_and_named()
    {
        const string half = "nx\ud83d";
        Refused("Name", () => RequestText.Write(new CmsChangeRequest { Changes = [new CmsChange { Operation = "Create", Name = "a" }, new CmsChange { Operation = "Create", Name = half }] }));
        Refused("RemoveProperties", () => RequestText.Write(new CmsChangeRequest { Changes = [new CmsChange { Operation = "Update", RemoveProperties = ["a", half] }] }));
        Refused("Name", () => RequestText.Write(new CmsTokenRequest { Name = half }));
        Refused("Query", () => RequestText.Write(new CmsQueryRequest { Query = half }));
        Refused("User", () => RequestText.Write(new CmsLogon { User = half, Password = "x" }));
        Refused("Path", () => RequestText.Escape("Path", half));

        var secret = Assert.Throws<LoggerCmsException>(() => RequestText.Write(new CmsLogon { User = "x", Password = half }));
        Assert.DoesNotContain("nx", secret.Message, StringComparison.Ordinal);

        using var escaped = JsonDocument.Parse("""{"a":"\ud83d"}""");
        var inJson = Assert.Throws<LoggerCmsException>(() => RequestText.Write(new CmsChangeRequest { Changes = [new CmsChange { Operation = "Create", Properties = escaped.RootElement }] }));
        Assert.StartsWith("Properties holds half", inJson.Message, StringComparison.Ordinal);

        const string whole = "n\ud83d\ude00\ufffd";
        var sent = JsonSerializer.Deserialize(RequestText.Write(new CmsTokenRequest { Name = whole }), CmsJson.Default.CmsTokenRequest);
        Assert.Equal(whole, sent!.Name);

        static void Refused(string field, Func<object> write)
        {
            var failure = Assert.Throws<LoggerCmsException>(write);
            Assert.Equal(ErrorCodes.InvalidObject, failure.Code);
            Assert.StartsWith(field, failure.Message, StringComparison.Ordinal);
            Assert.Contains("'nx\ufffd'", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_conflict_over_a_removal_can_be_read()
    {
        var conflict = new DeltaConflict { ObjectId = 1, Name = "a", Epoch = 2, UpdateKey = 3, Decision = "KeptCurrent", Reason = "" };
        var text = JsonSerializer.Serialize(conflict, (JsonTypeInfo<DeltaConflict>)CmsJson.Default.GetTypeInfo(typeof(DeltaConflict))!);
        Assert.Equal(conflict, JsonSerializer.Deserialize(text, (JsonTypeInfo<DeltaConflict>)CmsJson.Default.GetTypeInfo(typeof(DeltaConflict))!));

        // A client of an earlier release demands them.
        Assert.Contains("\"DeltaVersion\":null", text, StringComparison.Ordinal);
    }
}
