using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;

namespace LoggerCms.Node.Tests.Torture;

/// <summary>What all clients asked for and were told, and what that says about the objects there are.</summary>
internal sealed class Notebook
{
    private readonly List<Asked> _asked = [];
    private long _marks;

    public int Acknowledged => _asked.Count(a => a.Outcome == Outcome.Acknowledged);

    public int Unknown => _asked.Count(a => a.Outcome == Outcome.Unknown);

    public int Failed => _asked.Count(a => a.Outcome == Outcome.Failed);

    public IEnumerable<string> Codes => _asked.Select(a => $"{a.Outcome} {a.Code}");

    public long NextMark() => Interlocked.Increment(ref _marks);

    public Asked Add(Asked asked)
    {
        lock (this)
            _asked.Add(asked);
        return asked;
    }

    /// <summary>One to send again: never one that is still under way.</summary>
    public Asked? Any(Random random)
    {
        lock (this)
        {
            var ended = _asked.Where(a => a.Outcome == Outcome.Acknowledged || (a.Outcome == Outcome.Unknown && a.Settled is not null)).ToList();
            return ended.Count == 0 ? null : ended[random.Next(ended.Count)];
        }
    }

    /// <summary>Everything acknowledged is there, nothing that failed is, and what is unknown is there whole or not at all.</summary>
    public void Check(IObjectView view)
    {
        var objects = view.All().Where(o => o.Id > SystemObjects.LastReservedId).ToDictionary(o => o.Id);
        CheckIndexes(view, objects.Values);
        var byMark = _asked.ToDictionary(a => a.Mark);
        Dictionary<(long Id, int Version), Asked> versions = [];
        Dictionary<long, Asked> keys = [];
        foreach (var asked in _asked.Where(a => a.Outcome == Outcome.Acknowledged))
        {
            foreach (var change in asked.Changed)
            {
                Assert.True(keys.TryAdd(change.UpdateKey, asked), $"Update key {change.UpdateKey} was given twice: {asked} and {keys.GetValueOrDefault(change.UpdateKey)}");
                Assert.True(
                    change.Version == 0 || versions.TryAdd((change.Id, change.Version), asked),
                    $"Version {change.Version} of {change.Id} was given twice: {asked} and {versions.GetValueOrDefault((change.Id, change.Version))}");
            }

            foreach (var last in asked.Changed.GroupBy(c => c.Id).Select(g => g.Last()))
                CheckAcknowledged(asked, last.Id, last.Version, objects);
        }

        foreach (var one in objects.Values)
        {
            var mark = NodeFixture.ValueOf(one);
            var by = byMark.GetValueOrDefault(mark) ?? throw new Xunit.Sdk.XunitException($"Object {one.Id} has the mark {mark}, which nobody made.");
            Assert.True(by.Outcome != Outcome.Failed, $"{by} failed, and object {one.Id} '{one.Name}' v{one.Version} of it is there.");
            Assert.True(
                by.Outcome == Outcome.Unknown || by.Changed.Any(c => c.Id == one.Id && c.Version == one.Version),
                $"Object {one.Id} is version {one.Version} with the mark of {by}, which was told another.");
        }

        foreach (var asked in _asked.Where(a => a.Outcome == Outcome.Unknown))
            Settle(asked, view, objects.Values);
    }

    private void CheckAcknowledged(Asked asked, long id, int version, Dictionary<long, CmsObject> objects)
    {
        var now = objects.GetValueOrDefault(id);
        if (version == 0)
        {
            Assert.True(now is null, $"{asked} removed {id}, and it is there: {(now is null ? "" : NodeFixture.Tell(now))}");
            return;
        }

        if (now is null)
        {
            Assert.True(
                _asked.Exists(a => a.MayHaveRemoved(id) || (a.Outcome == Outcome.Acknowledged && a.Changed.Any(c => c.Id == id && c.Version == 0))),
                $"{asked} was acknowledged, and object {id} is gone.");
            return;
        }

        Assert.True(now.Version >= version, $"{asked} was acknowledged, and object {id} is version {now.Version}.");
        Assert.True(now.Version > version || NodeFixture.ValueOf(now) == asked.Mark, $"{asked} was acknowledged, and version {version} of {id} has the mark {NodeFixture.ValueOf(now)}.");
    }

    private static void Settle(Asked asked, IObjectView view, IEnumerable<CmsObject> objects)
    {
        var there = objects.Any(o => NodeFixture.ValueOf(o) == asked.Mark);
        if (asked.PinnedNames.Count > 0)
        {
            var found = asked.PinnedNames.Count(name => view.FindChild(SystemObjects.Events, name) is not null);
            Assert.True(found == 0 || found == asked.PinnedNames.Count, $"{asked} is there by {found} of {asked.PinnedNames.Count} objects.");
            Assert.True(asked.Settled is null || asked.Settled == found > 0, $"{asked} was {(asked.Settled == true ? "there" : "not there")} after an earlier start and no longer is so.");
        }

        asked.Settled = there || asked.Settled == true;
    }

    private static void CheckIndexes(IObjectView view, IEnumerable<CmsObject> objects)
    {
        HashSet<(long, string)> names = [];
        foreach (var one in objects)
        {
            Assert.True(names.Add((one.ParentId, one.Name.ToUpperInvariant())), $"Folder {one.ParentId} holds '{one.Name}' twice.");
            Assert.Equal(one.Id, view.FindChild(one.ParentId, one.Name)?.Id);
            Assert.Equal(one.Id, view.FindByCuid(one.Cuid)?.Id);
            Assert.True(view.Find(one.ParentId) is not null, $"Object {one.Id} lies in {one.ParentId}, which is not there.");
        }
    }
}
