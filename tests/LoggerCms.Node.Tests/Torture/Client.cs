using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Torture;

/// <summary>One client: makes requests as it pleases, sends some of them again, and notes every answer.</summary>
internal sealed class Client(Notebook notes, Random random)
{
    private static readonly string[] Names = ["a", "B", "c", "Straße", "d", "é", "F", "g"];

    public async Task RunAsync(CmsNode node, int requests, Func<bool> goOn)
    {
        for (var i = 0; i < requests && goOn(); i++)
        {
            if (random.Next(6) == 0 && notes.Any(random) is { } earlier)
                await AgainAsync(node, earlier);
            else
                await AskAsync(node, Make(node.Image));
        }
    }

    private async Task AskAsync(CmsNode node, Asked asked)
    {
        try
        {
            var answer = await node.Sequencer.WriteAsync(asked.Request);
            Assert.False(answer.Repeated, $"{asked} was never asked before.");
            lock (notes)
                (asked.Changed, asked.Outcome) = (answer.Changed, Outcome.Acknowledged);
        }
        catch (LoggerCmsException exception)
        {
            lock (notes)
                (asked.Code, asked.Outcome) = (exception.Code, exception.Code == ErrorCodes.OutcomeUnknown ? Outcome.Unknown : Outcome.Failed);
        }
    }

    /// <summary>
    /// What was acknowledged gets the same answer; what is not known is known afterwards, unless this try has no answer either: then it may come to be
    /// there now, also where an earlier start had shown that it was not.
    /// </summary>
    private async Task AgainAsync(CmsNode node, Asked asked)
    {
        // Two clients may send one that is unknown; then either may be the one whose try it was.
        var wasAcknowledged = asked.Outcome == Outcome.Acknowledged;
        try
        {
            var answer = await node.Sequencer.WriteAsync(asked.Request);
            lock (notes)
            {
                if (asked.Outcome == Outcome.Acknowledged)
                {
                    Assert.True(answer.Repeated || !wasAcknowledged, $"{asked} was done again: {string.Join(' ', answer.Changed)}");
                    Assert.Equal(asked.Changed, answer.Changed);
                }
                else
                {
                    Assert.False(asked.Settled == true && !answer.Repeated, $"{asked} was there and was done again.");
                    (asked.Changed, asked.Outcome) = (answer.Changed, Outcome.Acknowledged);
                }
            }
        }
        catch (LoggerCmsException exception)
        {
            lock (notes)
            {
                if (asked.Outcome == Outcome.Acknowledged)
                    Assert.True(exception.Code is ErrorCodes.NodeNotReady, $"{asked} was refused when it was sent again: {exception.Code} {exception.Message}");
                else if (exception.Code == ErrorCodes.OutcomeUnknown)
                    asked.Settled = asked.Settled == true ? true : null;
                else if (exception.Code is not (ErrorCodes.NodeNotReady or ErrorCodes.JournalFailed or ErrorCodes.LimitExceeded))
                    (asked.Code, asked.Outcome) = ($"again {exception.Code}", Outcome.Failed);
            }
        }
    }

    private Asked Make(IObjectView view)
    {
        var mark = notes.NextMark();
        var (objects, folders) = Pick(view);
        IReadOnlyList<string> pinned = [];
        List<WriteOperation> operations;
        string what;
        switch (random.Next(10))
        {
            case 0 or 1 when objects.Count > 0:
                what = "change";
                var changed = Any(objects);
                operations = [Change(changed, mark) with { ExpectedVersion = random.Next(2) == 0 ? changed.Version : null }];
                break;
            case 2 when objects.Count > 0:
                what = "rename";
                operations = [Change(Any(objects), mark) with { Name = Name() }];
                break;
            case 3 when objects.Count > 0:
                what = "move";
                operations = [Change(Any(objects), mark) with { ParentId = Any(folders), Name = Name() }];
                break;
            case 4 when objects.Count > 1:
                what = "swap";
                var (x, y) = (Any(objects), Any(objects));
                operations =
                [
                    Change(x, mark) with { Name = $"swap {mark}" },
                    Change(y, mark) with { Name = x.Name, ParentId = x.ParentId },
                    Change(x, mark) with { Name = y.Name, ParentId = y.ParentId },
                ];
                break;
            case 5 when objects.Count > 0:
                what = "remove";
                operations = [new RemoveObject { Id = Any(objects).Id, Recurse = random.Next(2) == 0 }];
                break;
            case 6 when objects.Count > 0:
                what = "replace";
                var old = Any(objects);
                operations = [new RemoveObject { Id = old.Id, Recurse = true }, Create(old.Name, old.ParentId, old.Kind, Bag(mark))];
                break;
            case 7:
                what = "pinned pair";
                pinned = [$"p{mark}", $"q{mark}"];
                operations = [.. pinned.Select(name => Create(name, SystemObjects.Events, ObjectKinds.Txt, Bag(mark)))];
                break;
            default:
                what = "create";
                operations = [Create(Name(), Any(folders), random.Next(2) == 0 ? ObjectKinds.Folder : ObjectKinds.Txt, Bag(mark))];
                break;
        }

        return notes.Add(new Asked { Mark = mark, Request = Request(Guid.CreateVersion7(), operations), What = what, PinnedNames = pinned });
    }

    private static (List<CmsObject> Objects, List<long> Folders) Pick(IObjectView view)
    {
        var objects = view.All().Where(o => o.Id > SystemObjects.LastReservedId && o.ParentId != SystemObjects.Events).ToList();
        return (objects, [SystemObjects.RootFolder, .. objects.Where(o => o.Kind == ObjectKinds.Folder).Select(o => o.Id)]);
    }

    private static ChangeObject Change(CmsObject one, long mark) => new() { Id = one.Id, Properties = _ => Bag(mark) };

    private string Name() => random.Next(3) == 0 ? $"n{random.Next(1000)}" : Any(Names);

    private T Any<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
}
