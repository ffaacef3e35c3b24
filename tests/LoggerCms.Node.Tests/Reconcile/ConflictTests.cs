using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>What becomes of a record that is kept out: its file, who is told of it, and tokens.</summary>
public sealed class ConflictTests
{
    private static readonly NodeOptions Other = Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", TakeOver = true };

    [Fact]
    public async Task The_kept_file_of_a_conflict_is_not_overwritten_by_that_of_the_next()
    {
        var (left, id) = await ConflictAsync();
        var path = left.Disk.Paths.Single(p => p.StartsWith(Elsewhere, StringComparison.Ordinal));
        var (first, other) = (left.Disk.ReadAll(path), new byte[] { 1, 2, 3 });
        left.Disk.Put(path + ".conflicts", other);
        await using var node = await left.StartAsync(Other);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal(path + ".conflicts.2", Assert.Single(result.SetAside));
        Assert.Equal(first, left.Disk.ReadAll(path + ".conflicts.2"));
        Assert.Equal(other, left.Disk.ReadAll(path + ".conflicts"));
        Assert.Equal(9, ValueOf(Find(node, id)));
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent, 0, 1)]
    [InlineData(ConflictPolicy.ApplyDelta, 1, 0)]
    [InlineData(ConflictPolicy.Stop, 0, 0)]
    public async Task Only_a_record_whose_changes_hold_is_told_as_changed(ConflictPolicy policy, int brought, int kept)
    {
        var (left, _) = await ConflictAsync();
        await using var node = await left.StartAsync(Other);
        List<ChangeRecord> changed = [];
        List<ChangeRecord> keptOut = [];
        node.Changed = (record, _) =>
        {
            lock (changed)
                changed.Add(record);
        };
        node.KeptOut = (record, _) => keptOut.Add(record);
        await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        Assert.Equal(brought, changed.Count(IsDelta));
        Assert.Equal(kept, keptOut.Count(IsDelta));

        static bool IsDelta(ChangeRecord record) => record.Epoch == 1 && record.Changes[0] is PutChange put && ValueOf(put.Object) == 7;
    }

    [Fact]
    public async Task A_record_that_is_refused_because_of_its_name_is_told_as_kept_out()
    {
        var left = await ByAsync(node => node.MakeAsync("taken"));
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await node.MakeAsync("taken");
        List<ChangeRecord> keptOut = [];
        node.KeptOut = (record, _) => keptOut.Add(record);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token);
        Assert.Contains("already holds 'taken'", Assert.Single(result.Conflicts, c => c.Name == "taken").Reason, StringComparison.Ordinal);
        Assert.Single(keptOut, r => r.Changes[0] is PutChange { Object.Name: "taken" });
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent)]
    [InlineData(ConflictPolicy.ApplyDelta)]
    public async Task An_object_whose_cuid_was_given_to_another_one_since_is_kept_out_and_foreseen(ConflictPolicy policy)
    {
        var left = await ByAsync(async node =>
        {
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(Create("report") with { Cuid = "TheSameCuid" }));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        var again = (await node.Sequencer.WriteAsync(Request(Create("report again") with { Cuid = "TheSameCuid" }))).Changed[0].Id;
        var foreseen = await node.PlanReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var conflict = Assert.Single(result.Conflicts);
        Assert.Equal(("report", "KeptCurrent"), (conflict.Name, conflict.Decision));
        Assert.Contains($"is that of object {again} 'report again' now", conflict.Reason, StringComparison.Ordinal);
        Assert.Equal(conflict.Reason, Assert.Single(foreseen.Conflicts).Reason);
        Assert.Equal(again, Assert.Single(node.Image.All(), o => o.Cuid == "TheSameCuid").Id);
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent, false)]
    [InlineData(ConflictPolicy.ApplyDelta, false)]
    [InlineData(ConflictPolicy.ApplyDelta, true)]
    public async Task The_current_version_is_told_whole_where_its_properties_were_dropped_from_memory(ConflictPolicy policy, bool isRemoved)
    {
        var id = 0L;
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            await node.Flusher.FlushAsync(Token);
            await (isRemoved ? RemoveAsync(node, id) : ChangeAsync(node, id, 7));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other with { MemoryLimitBytes = 1 });
        await ChangeAsync(node, id, 9);
        await node.Flusher.FlushAsync(Token);
        Assert.True(Find(node, id).IsSkeleton);
        var foreseen = await node.PlanReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        await node.Flusher.FlushAsync(Token);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        Assert.Contains("\"t\":9", Assert.Single(foreseen.Conflicts).CurrentVersion, StringComparison.Ordinal);
        Assert.Contains("\"t\":9", Assert.Single(result.Conflicts).CurrentVersion, StringComparison.Ordinal);
        Assert.Equal((1, foreseen.Records), (result.Conflicts.Count, result.Records));
    }

    [Fact]
    public async Task The_version_that_has_a_place_now_is_told_whole_too()
    {
        var (id, parent) = (0L, 0L);
        var left = await ByAsync(async node =>
        {
            (id, parent) = ((await node.MakeAsync("a")).Id, (await node.MakeAsync("folder")).Id);
            await ChangeAsync(node, id, 9);
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = id, ParentId = parent }));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other with { MemoryLimitBytes = 1 });
        await RemoveAsync(node, parent);
        Assert.True(Find(node, id).IsSkeleton);
        var conflict = Assert.Single((await node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token)).Conflicts);
        Assert.Contains("\"t\":9", conflict.CurrentVersion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_conflicts_of_a_record_are_told_with_what_became_of_it()
    {
        var (id, folder) = (0L, 0L);
        var left = await ByAsync(async node =>
        {
            (id, folder) = ((await node.MakeAsync("a")).Id, (await node.MakeAsync("folder")).Id);
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = id, Properties = _ => Bag(7) }, Create("in it", folder)));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await ChangeAsync(node, id, 9);
        await RemoveAsync(node, folder);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token);
        Assert.Equal(["KeptCurrent", "KeptCurrent"], result.Conflicts.Select(c => c.Decision));
        Assert.Equal((0, 9), (result.Applied, ValueOf(Find(node, id))));
    }

    [Fact]
    public async Task What_was_done_on_both_nodes_is_no_conflict_and_none_is_foreseen()
    {
        var id = 0L;
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(Guid.CreateVersion7(), new RemoveObject { Id = id }));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await RemoveAsync(node, id);
        var foreseen = await node.PlanReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Empty(foreseen.Conflicts);
        Assert.Empty(result.Conflicts);
        Assert.Equal((0, result.AlreadyThere), (result.Applied, foreseen.AlreadyThere));
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent, false)]
    [InlineData(ConflictPolicy.ApplyDelta, false)]
    [InlineData(ConflictPolicy.ApplyDelta, true)]
    public async Task A_request_that_was_sent_again_to_another_node_is_not_done_twice_and_its_answer_stays(ConflictPolicy policy, bool isCopy)
    {
        var request = Request(Guid.CreateVersion7(), Create("order 17", properties: Bag(17)));
        var left = await ByAsync(async node =>
        {
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(request);
        });
        left.MoveElsewhere();
        if (isCopy)
            left = await CopyAsync(left);
        var node = await left.StartAsync(Other with { DeltaPath = Path.GetFullPath("/node/other"), DataPath = null });
        var second = await node.Sequencer.WriteAsync(request);
        Assert.False(second.Repeated);
        var id = second.Changed[0].Id;
        await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = id, Name = "order 17 (checked)" }));
        var foreseen = await node.PlanReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var conflict = Assert.Single(result.Conflicts);
        Assert.Equal(("order 17", "KeptCurrent", 0), (conflict.Name, conflict.Decision, result.Applied));
        Assert.Contains($"sent the request again, and it was done then: object {id} ", conflict.Reason, StringComparison.Ordinal);
        Assert.Equal(conflict.Reason, Assert.Single(foreseen.Conflicts).Reason);
        Assert.Single(node.Image.Children(SystemObjects.RootFolder), o => o.Name.StartsWith("order", StringComparison.Ordinal));
        await node.StopAsync(Token);
        await using var again = await left.StartAsync(Other with { DeltaPath = Path.GetFullPath("/node/other"), DataPath = null });
        var third = await again.Sequencer.WriteAsync(request);
        Assert.Equal((true, second.Changed[0]), (third.Repeated, third.Changed[0]));
    }

    /// <summary>A reconcile has repeated the records in a journal of its own, and its power went before it flushed: that journal is what is left elsewhere.</summary>
    private static async Task<Left> CopyAsync(Left left)
    {
        var originals = left.Disk.Paths.Where(p => p.StartsWith(Elsewhere, StringComparison.Ordinal)).ToList();
        var faulty = new FaultyDatabase(left.Database);
        var node = await NodeFixture.StartAsync(faulty, left.Disk, Other with { NodeId = NodeId });
        faulty.Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None;
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token));
        var after = await CrashAsync(node, left.Disk, left.Database);
        foreach (var path in originals)
            after.Disk.Delete(path);
        after.MoveElsewhere();
        return after;
    }

    [Fact]
    public async Task Both_versions_of_a_user_are_told_without_its_password()
    {
        var user = 0L;
        var left = await ByAsync(async node =>
        {
            user = (await node.Sequencer.WriteAsync(Request(Create("alice", SystemObjects.Users, ObjectKinds.User, Secret("a"))))).Changed[0].Id;
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = user, Properties = _ => Secret("b") }));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = user, Properties = _ => Secret("c") }));
        var conflict = Assert.Single((await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token)).Conflicts);
        Assert.Contains("mail of b", conflict.DeltaVersion, StringComparison.Ordinal);
        Assert.Contains("mail of c", conflict.CurrentVersion, StringComparison.Ordinal);
        Assert.DoesNotContain("SI_PASSWORD", conflict.DeltaVersion + conflict.CurrentVersion, StringComparison.OrdinalIgnoreCase);

        static byte[] Secret(string of) => new PropertyBagBuilder().Set("SI_EMAIL", $"mail of {of}").Set("SI_PASSWORD", new byte[] { 1, 2, 3 }).Build().Encode();
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent)]
    [InlineData(ConflictPolicy.ApplyDelta)]
    [InlineData(ConflictPolicy.Stop)]
    public async Task A_token_that_was_revoked_since_does_not_come_back_with_any_policy(ConflictPolicy policy)
    {
        IssuedToken? issued = null;
        var left = await ByAsync(async node =>
        {
            await node.Flusher.FlushAsync(Token);
            issued = node.Tokens.Issue(Caller, "script", TimeSpan.FromDays(1));
            await node.Sequencer.WriteAsync(Request(new PutLocal(issued.Entry)));
        });
        var copy = left.MoveElsewhere().Select(p => (Path: p, Bytes: left.Disk.ReadAll(p))).ToList();
        var node = await left.StartAsync(Other);
        await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal(TokenVerdict.Valid, node.Tokens.Verify(issued!.Text).Verdict);
        await node.Sequencer.WriteAsync(Request(new PutLocal(node.Tokens.Revoke(issued.Entry.Key.Id)!)));
        await node.StopAsync(Token);

        // Long enough after that no once-only id knows the files any more.
        left = left with { Database = left.Database.Forgetting(LocalClass.Request) };
        foreach (var (path, bytes) in copy)
            left.Disk.Put(path, bytes);
        node = await left.StartAsync(Other);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var conflict = Assert.Single(result.Conflicts, c => c.Reason.Contains("revoked", StringComparison.Ordinal));
        Assert.Equal(("token 'script'", policy == ConflictPolicy.Stop ? "Stopped" : "KeptCurrent"), (conflict.Name, conflict.Decision));
        Assert.Contains("\"Revoked\":true", conflict.CurrentVersion!.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hash", conflict.DeltaVersion, StringComparison.OrdinalIgnoreCase);
        await node.StopAsync(Token);
        await using var again = await left.StartAsync(Other);
        Assert.Equal(TokenVerdict.Revoked, again.Tokens.Verify(issued.Text).Verdict);
    }

    [Fact]
    public async Task A_revocation_of_another_nodes_delta_file_is_brought_in()
    {
        IssuedToken? issued = null;
        var left = await ByAsync(async node =>
        {
            issued = node.Tokens.Issue(Caller, "script", TimeSpan.FromDays(1));
            await node.Sequencer.WriteAsync(Request(new PutLocal(issued.Entry)));
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(new PutLocal(node.Tokens.Revoke(issued.Entry.Key.Id)!)));
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        Assert.Equal(TokenVerdict.Valid, node.Tokens.Verify(issued!.Text).Verdict);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Empty(result.Conflicts);
        Assert.Equal(TokenVerdict.Revoked, node.Tokens.Verify(issued.Text).Verdict);
    }

    /// <summary>A change of an object is in a delta file alone; another node has changed it since.</summary>
    private static async Task<(Left Left, long Id)> ConflictAsync()
    {
        var id = 0L;
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            await node.Flusher.FlushAsync(Token);
            await ChangeAsync(node, id, 7);
        });
        left.MoveElsewhere();
        var node = await left.StartAsync(Other);
        await ChangeAsync(node, id, 9);
        await node.StopAsync(Token);
        return (left, id);
    }
}
