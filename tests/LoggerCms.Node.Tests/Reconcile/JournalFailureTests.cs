using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>The journal of the node that brings records in fails on the way, and takes records again.</summary>
public sealed class JournalFailureTests
{
    private static readonly string[] s_failures = [ErrorCodes.JournalFailed, ErrorCodes.OutcomeUnknown];

    private static readonly NodeOptions Other = Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", TakeOver = true };

    [Fact]
    public async Task A_record_that_failed_ends_the_reconcile_although_the_journal_would_take_those_after_it()
    {
        var ids = new long[20];
        var (left, key) = await ByAsync(
            async node =>
            {
                for (var i = 0; i < ids.Length; i++)
                    ids[i] = (await node.MakeAsync($"n{i}")).Id;
            },
            async node =>
            {
                foreach (var id in ids)
                    await ChangeAsync(node, id, 7);
            });
        await using var node = await left.StartAsync(Other);
        var files = Segments(left.Disk).Where(path => path.StartsWith(Elsewhere, StringComparison.Ordinal)).ToList();
        await FailsAsync(node, left.Disk, key);
        Assert.NotEmpty(files);
        Assert.All(files, path => Assert.Contains(path, left.Disk.Paths));

        // Nor was any planned after it.
        Assert.All(ids, id => Assert.NotEqual(7, ValueOf(Find(node, id))));
        var again = await BringAsync(node);
        Assert.Equal(("Completed", 0, 20), (again.Status, again.Conflicts.Count, again.Applied));
        Assert.All(ids, id => Assert.Equal(7, ValueOf(Find(node, id))));
    }

    [Fact]
    public async Task The_answer_of_a_record_that_failed_is_given_to_nobody()
    {
        var request = Request(Guid.CreateVersion7(), Create("a"));
        var (left, key) = await ByAsync(_ => Task.CompletedTask, node => node.Sequencer.WriteAsync(request).AsTask());
        await using var node = await left.StartAsync(Other);
        await FailsAsync(node, left.Disk, key);
        Assert.Null(node.Image.FindChild(SystemObjects.RootFolder, "a"));
        var answer = await node.Sequencer.WriteAsync(request);
        Assert.False(answer.Repeated);
        Assert.NotNull(node.Image.Find(answer.Changed[0].Id));
    }

    [Fact]
    public async Task A_retry_during_the_reconcile_waits_for_the_record_that_carries_its_answer()
    {
        var request = Request(Guid.CreateVersion7(), Create("a"));
        var (left, key) = await ByAsync(_ => Task.CompletedTask, node => node.Sequencer.WriteAsync(request).AsTask());
        await using var node = await left.StartAsync(Other);
        Task<WriteAnswer>? retry = null;
        await FailsAsync(node, left.Disk, key, () => retry = node.Sequencer.WriteAsync(request).AsTask());
        Assert.Contains((await Assert.ThrowsAsync<LoggerCmsException>(() => retry!)).Code, s_failures);
    }

    [Fact]
    public async Task What_a_cancelled_reconcile_left_waiting_is_waited_for_by_the_next()
    {
        var (left, key) = await ByAsync(_ => Task.CompletedTask, node => node.MakeAsync("a"));
        await using var node = await left.StartAsync(Other with { Deltas = SmallDeltas with { FailAfter = TimeSpan.FromMilliseconds(500) } });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        node.Changed = (planned, _) =>
        {
            if (planned.Epoch == 1 && planned.LastUpdateKey > key)
                cancel.Cancel();
        };
        left.Disk.Begin(new CrashPlan { FullAtWrite = 1 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, cancel.Token));
        Assert.Contains((await Assert.ThrowsAsync<LoggerCmsException>(() => BringAsync(node))).Code, s_failures);
        Assert.Contains(left.Disk.Paths, path => path.StartsWith(Elsewhere, StringComparison.Ordinal));
        left.Disk.MakeRoom();
        Assert.Equal("Completed", (await BringAsync(node)).Status);
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    /// <summary>A node whose last changes are in a delta file alone, which was moved elsewhere, and the last key that its database has.</summary>
    private static async Task<(Left Left, long Key)> ByAsync(Func<CmsNode, Task> flushed, Func<CmsNode, Task> left)
    {
        var key = 0L;
        var by = await Left.ByAsync(async node =>
        {
            await flushed(node);
            await node.Flusher.FlushAsync(Token);
            key = node.Image.UpdateKey;
            await left(node);
        });
        by.MoveElsewhere();
        return (by, key);
    }

    private static Task<DeltaReconcileResult> BringAsync(CmsNode node) => node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);

    /// <summary>The disk is full when the first record is planned that the database does not have, and has room again before the second is.</summary>
    private static async Task FailsAsync(CmsNode node, CrashableDisk disk, long key, Action? whilePending = null)
    {
        var isFirst = true;
        node.Changed = (planned, _) =>
        {
            if (planned.Epoch != 1 || planned.LastUpdateKey <= key || !isFirst)
                return;
            isFirst = false;
            whilePending?.Invoke();
            node.Sequencer.IdleAsync(Token).Wait(Token);
            disk.MakeRoom();
        };
        disk.Begin(new CrashPlan { FullAtWrite = 1 });
        Assert.Contains((await Assert.ThrowsAsync<LoggerCmsException>(() => BringAsync(node))).Code, s_failures);
        Assert.False(isFirst);
        node.Changed = null;
    }
}
