using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What the node says of its endpoints, against what they answer.</summary>
public sealed class NodeDescriptionTests : NodeTest
{
    [Fact]
    public async Task Names_of_answers_are_those_of_the_OpenAPI_document()
    {
        var (_, document) = await Node.GetAsync("openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var (_, root) = await Node.GetAsync("v1/objects/23");
        var (_, about) = await Node.GetAsync("v1/node");
        var (_, image) = await Node.GetAsync("v1/image");
        var made = await Node.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Folder", Name = "described", ParentId = 23 } } });

        AssertDescribed("CmsObjectInfo", root);
        AssertDescribed("CmsNodeInfo", about);
        AssertDescribed("RunTimeImageInfo", image);
        AssertDescribed("CmsChangeAnswer", made.Body);
        AssertDescribed("CmsChangedObject", made.Body.GetProperty("Changed")[0]);

        void AssertDescribed(string schema, JsonElement answer)
        {
            var known = schemas.GetProperty(schema).GetProperty("properties").EnumerateObject().Select(p => p.Name).ToHashSet();
            Assert.All(answer.EnumerateObject(), p => Assert.Contains(p.Name, known));
        }
    }
}
