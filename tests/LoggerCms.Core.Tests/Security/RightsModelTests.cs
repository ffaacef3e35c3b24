using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

public sealed class RightsModelTests
{
    private static readonly long[] Groups = [1, 2, 21, 22, 23, 24];
    private static readonly long[] Users = [12, 31, 32];
    private static readonly long[] Places = [FakeView.Root, 41, 42, 43, 44];
    private static readonly string[] Asked = ["View", "Edit", "ModifyRights"];
    private static readonly string[] Entered = ["View", "Edit", "ModifyRights", "ViewOwned", "EditOwned", "Delete"];

    [Fact]
    public void EveryDecisionIsTheModelsAndItsExplanationAgrees()
        => SeededRounds.Run(600, random =>
        {
            var (world, edges) = Make(random);
            var view = new FakeView();
            foreach (var id in Groups.Concat(Users))
                view.Principal(id, $"p{id}", world[id].Kind, [.. edges.Where(e => e.Member == id).Select(e => e.Group)]);
            foreach (var id in Places)
                view.Put(id, $"o{id}", ObjectKinds.Folder, world[id].ParentId, world[id].List(), world[id].OwnerId);

            foreach (var who in Groups.Concat(Users))
            {
                foreach (var place in Places)
                {
                    foreach (var right in Asked)
                    {
                        var expected = NaiveRights.Has(world, edges, who, place, right);
                        var explanation = view.Rights.Explain(view, who, view[place], right);
                        var decision = view.Rights.Decide(view, who, view[place], right);
                        Assert.True(expected == decision.Granted, $"{who} {right} on {place}: {decision}");
                        Assert.Equal(decision, explanation.Decision);
                        AssertExplains(explanation);
                    }
                }
            }
        });

    // What decided is the last step, and only there.
    private static void AssertExplains(RightExplanation explanation)
    {
        var decision = explanation.Decision;
        var last = explanation.Steps[^1];
        if (decision.By is DecidedBy.OwnEntry or DecidedBy.GroupEntry)
        {
            Assert.Equal(StepEffect.Decides, last.Effect);
            Assert.Equal((decision.ObjectId, decision.PrincipalId), (last.ObjectId, last.Entry!.PrincipalId));
            Assert.Equal(decision.Granted, last.Entry.Value == RightValue.Granted);
        }
        else
        {
            Assert.NotEqual(StepEffect.Decides, last.Effect);
        }

        Assert.DoesNotContain(explanation.Steps.SkipLast(1), s => s.Effect == StepEffect.Decides);
    }

    private static (Dictionary<long, NaiveObject> World, HashSet<(long Member, long Group)> Edges) Make(Random random)
    {
        var world = new Dictionary<long, NaiveObject>();
        foreach (var id in Groups)
            world[id] = new NaiveObject(ObjectKinds.UserGroup, FakeView.Root, 12, false, false, []);
        foreach (var id in Users)
            world[id] = new NaiveObject(ObjectKinds.User, FakeView.Root, 12, false, false, []);
        for (var i = 0; i < Places.Length; i++)
        {
            var entries = Enumerable.Range(0, random.Next(5))
                .Select(_ => new AccessEntry(Pick(random, [.. Groups, .. Users, 99]), Pick(random, Entered), (RightValue)random.Next(1, 3)))
                .DistinctBy(e => (e.PrincipalId, e.Right))
                .ToList();
            world[Places[i]] = new NaiveObject(
                ObjectKinds.Folder, i == 0 ? 0 : Places[random.Next(Math.Max(0, i - 2), i)], Pick(random, Users), random.Next(6) == 0, random.Next(6) == 0, entries);
        }

        // Any edge, so there are circles, and memberships in things that are no group.
        var edges = Enumerable.Range(0, random.Next(8))
            .Select(_ => (Pick(random, [.. Groups, .. Users]), Pick(random, [.. Groups, 31, 77])))
            .ToHashSet();
        return (world, edges);
    }

    private static T Pick<T>(Random random, T[] from) => from[random.Next(from.Length)];
}
