using System.Net;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>
/// One client that changes objects of its own folder and notes what it was told. A request without an answer is sent again, with the same id, to
/// whatever node comes next: it must be done once, whether it had been done before or not.
/// </summary>
internal sealed class TortureClient(int number, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<long, Known> _objects = [];
    private readonly HashSet<long> _gone = [];
    private (Guid Id, object Change, Action<JsonElement> Done)? _open;
    private long _folder;
    private int _made;

    public int Acknowledged { get; private set; }

    public int Repeated { get; private set; }

    public async Task PrepareAsync(NodeProcess node)
        => _folder = (await node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = $"client {number} ✓", ParentId = 23 })).GetProperty("Id").GetInt64();

    /// <summary>Changes until the node no longer answers.</summary>
    public async Task RunAsync(NodeProcess node)
    {
        try
        {
            while (true)
            {
                _open ??= Choose();
                var (status, body) = await node.PostAsync("v1/changes", new { RequestId = _open.Value.Id, Changes = new[] { _open.Value.Change } });
                if (status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                    continue;
                Assert.True(status == HttpStatusCode.OK, $"Client {number}, seed {seed}: {status} {body}");
                Acknowledged++;
                if (body.GetProperty("Repeated").GetBoolean())
                    Repeated++;
                _open.Value.Done(body.GetProperty("Changed")[0]);
                _open = null;
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            // The node has gone; what is open stays so.
        }
    }

    /// <summary>All that was acknowledged is there, once, and as it was acknowledged; only the open request may have been done beyond that.</summary>
    public async Task CheckAsync(NodeProcess node)
    {
        Dictionary<long, JsonElement> found = [];
        for (string next = "0"; ;)
        {
            var (status, page) = await node.GetAsync($"v1/objects/{_folder}/children?take=1000&after={next}");
            Assert.Equal(HttpStatusCode.OK, status);
            foreach (var row in page.GetProperty("Objects").EnumerateArray())
                Assert.True(found.TryAdd(row.GetProperty("Id").GetInt64(), row), $"Client {number}, seed {seed}: an object is there twice: {row}");
            if (!page.TryGetProperty("Next", out var more))
                break;
            next = more.GetString()!;
        }

        var beyond = 0;
        foreach (var (id, known) in _objects)
        {
            if (!found.Remove(id, out var row))
            {
                Assert.True(++beyond == 1 && _open is not null, $"Client {number}, seed {seed}: object {id} {known} was acknowledged and is not there.");
                continue;
            }

            var (version, n) = (row.GetProperty("Version").GetInt32(), row.GetProperty("Properties").GetProperty("n").GetInt32());
            Assert.Equal(version, n);
            Assert.True(
                version == known.Version || (version == known.Version + 1 && ++beyond == 1 && _open is not null),
                $"Client {number}, seed {seed}: object {id} was acknowledged as version {known.Version} and has {version}.");
        }

        Assert.DoesNotContain(found.Keys, _gone.Contains);
        Assert.True(found.Count + beyond <= (_open is null ? 0 : 1), $"Client {number}, seed {seed}: {found.Count} objects are there that nobody asked for.");
    }

    private (Guid, object, Action<JsonElement>) Choose()
    {
        var id = Guid.CreateVersion7();
        var choice = _random.Next(10);
        if (_objects.Count < 5 || (choice < 3 && _objects.Count < 200))
        {
            return (id, new { Operation = "Create", Kind = "Pdf", Name = $"doc '{++_made}' \"é\" 🙂", ParentId = _folder, Properties = new { N = 1, Text = new string('x', _random.Next(400)) } },
                changed => Assert.True(_objects.TryAdd(changed.GetProperty("Id").GetInt64(), new Known(1)) && !_gone.Contains(changed.GetProperty("Id").GetInt64()), "An id was given twice."));
        }

        var (target, known) = _objects.ElementAt(_random.Next(_objects.Count));
        if (choice == 9)
        {
            void Removed(JsonElement changed)
            {
                _objects.Remove(target);
                _gone.Add(target);
            }

            return (id, new { Operation = "Remove", Id = target, ExpectedVersion = known.Version }, Removed);
        }

        var next = known.Version + 1;
        void Updated(JsonElement changed)
        {
            Assert.Equal(next, changed.GetProperty("Version").GetInt32());
            _objects[target] = new Known(next);
        }

        return (id, new { Operation = "Update", Id = target, ExpectedVersion = known.Version, Properties = new { N = next } }, Updated);
    }

    private sealed record Known(int Version);
}
