using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What the node says of its endpoints, against what they answer.</summary>
public sealed class NodeDescriptionTests : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;
    private NodeProcess _node = null!;

    public async ValueTask InitializeAsync() => _node = await NodeProcess.StartAsync(_home, null, "--port", "0");

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task Names_of_answers_are_those_of_the_OpenAPI_document()
    {
        var (_, document) = await _node.GetAsync("openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var (_, root) = await _node.GetAsync("v1/objects/23");
        var (_, about) = await _node.GetAsync("v1/node");
        var (_, image) = await _node.GetAsync("v1/image");
        var made = await _node.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Folder", Name = "described", ParentId = 23 } } });

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
