using LoggerCms.Core.Temp;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>Repair and restore on real folders, with an account that exists for the test only.</summary>
public sealed class TempRepairTests : IDisposable
{
    private readonly ServiceAccount _account = new();
    private readonly OpenFolder _folder = new();
    private readonly AclStore _store;
    private readonly TempTools _tools;

    public TempRepairTests()
    {
        _store = new AclStore(TimeProvider.System, _folder.At("home"));
        _tools = new TempTools(TempTools.ThisPlatform(), _store);
    }

    private string[] Saved => Directory.Exists(_store.Folder) ? Directory.GetFiles(_store.Folder) : [];

    public void Dispose()
    {
        _account.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_repair_grants_one_account_verifies_by_probe_and_its_restore_brings_back_what_was()
    {
        var path = _folder.Make("temp");
        var before = OpenFolder.State(path);

        var repaired = await RepairAsync(path);
        var after = OpenFolder.State(path);
        var again = await RepairAsync(path);
        var restored = await _tools.RestoreAsync(new TempRestoreRequest { Id = repaired.Id }, Machine.Token);

        Assert.Equal((TempAclStatus.Repaired, true, TempCheckMethod.Probed), (repaired.Status, repaired.Verified, repaired.Method));
        Assert.Equal([$"add user:{_account.Name}:rwx", "add mask::rwx"], repaired.Changes);
        Assert.Contains($"user:{_account.Name}:rwx", after, StringComparison.Ordinal);
        Assert.Contains("group::---", after, StringComparison.Ordinal);
        Assert.Contains("other::---", after, StringComparison.Ordinal);
        Assert.Equal((TempAclStatus.AlreadyGranted, null, true), (again.Status, again.Id, again.Verified));
        Assert.Empty(again.Changes);
        Assert.Equal(TempAclStatus.Restored, restored.Status);
        Assert.Equal(before, OpenFolder.State(path));
        Assert.Empty(Saved);
    }

    [Fact]
    public async Task The_saved_descriptor_is_for_its_owner_only_and_on_the_disk_before_the_change()
    {
        var path = _folder.Make("temp");
        OpenFolder.Mode(path, "2750");

        var repaired = await RepairAsync(path);

        Assert.Equal("600", Machine.Run("stat", "-c", "%a", repaired.DescriptorPath!).Trim());
        Assert.Equal("700", Machine.Run("stat", "-c", "%a", _store.Folder).Trim());
        Assert.Equal(Convert.ToUInt32("2750", 8), _store.Get(repaired.Id!.Value).Before.Mode);
        Assert.StartsWith("27", Machine.Run("stat", "-c", "%a", path), StringComparison.Ordinal);
        await _tools.RestoreAsync(new TempRestoreRequest { Path = path }, Machine.Token);
        Assert.Equal("2750", Machine.Run("stat", "-c", "%a", path).Trim());
    }

    [Fact]
    public async Task WhatIf_and_a_No_show_the_entries_and_change_and_save_nothing()
    {
        var path = _folder.Make("temp");
        var before = OpenFolder.State(path);
        TempAclResult? asked = null;

        var whatIf = await _tools.RepairAsync(Request(path) with { WhatIf = true }, Machine.Token);
        var cancelled = await _tools.RepairAsync(Request(path) with { Confirm = plan => Answer(asked = plan, false) }, Machine.Token);

        Assert.Equal(TempAclStatus.WhatIf, whatIf.Status);
        Assert.Contains($"add user:{_account.Name}:rwx", whatIf.Changes);
        Assert.Equal(TempAclStatus.Cancelled, cancelled.Status);
        Assert.Equal(whatIf.Changes, asked!.Changes);
        Assert.Equal(before, OpenFolder.State(path));
        Assert.Empty(Saved);
    }

    [Fact]
    public async Task A_mask_that_has_to_grow_gives_nobody_else_more_than_before()
    {
        using var other = new ServiceAccount();
        var path = _folder.Make("masked", "770");
        Machine.Run("setfacl", "-m", $"u:{other.Name}:rwx,g::rwx,m::r-x", path);

        var repaired = await RepairAsync(path);

        var after = Machine.Run("getfacl", "-p", path);
        Assert.True(repaired.Verified);
        Assert.Contains($"user:{other.Name}:r-x", after, StringComparison.Ordinal);
        Assert.Contains("group::r-x", after, StringComparison.Ordinal);
        Assert.Contains("mask::rwx", after, StringComparison.Ordinal);
        Assert.DoesNotContain("#effective", after, StringComparison.Ordinal);
        Assert.Contains($"user:{other.Name}: rwx -> r-x", repaired.Changes);
        Assert.False((await _tools.TestAsync(new TempAccessRequest { Account = other.Name, Path = [path] }, Machine.Token))[^1].Passed);
        await _tools.RestoreAsync(new TempRestoreRequest { Id = repaired.Id }, Machine.Token);
        Assert.Contains($"user:{other.Name}:rwx", Machine.Run("getfacl", "-p", path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_owner_gets_the_owners_bits_and_no_entry()
    {
        var path = _folder.Make("own", "500");
        Machine.Run("chown", _account.Name, path);

        var repaired = await RepairAsync(path);

        Assert.True(repaired.Verified);
        Assert.Equal(["user:: r-x -> rwx"], repaired.Changes);
        Assert.Equal("700", Machine.Run("stat", "-c", "%a", path).Trim());
    }

    [Fact]
    public async Task FullControl_makes_the_account_the_owner_the_one_before_keeps_what_it_had_and_the_restore_takes_it_back()
    {
        using var other = new ServiceAccount();
        var path = _folder.Make("full", "750");
        Machine.Run("chown", other.Name, path);
        var before = OpenFolder.State(path);

        var repaired = await _tools.RepairAsync(Request(path) with { Right = TempRight.FullControl }, Machine.Token);
        var owner = Machine.Run("stat", "-c", "%U", path).Trim();
        var others = await _tools.TestAsync(new TempAccessRequest { Account = other.Name, Path = [path] }, Machine.Token);
        await _tools.RestoreAsync(new TempRestoreRequest { Id = repaired.Id }, Machine.Token);

        Assert.True(repaired.Verified);
        Assert.Equal(_account.Name, owner);
        Assert.True(others[^1].Passed);
        Assert.Equal(before, OpenFolder.State(path));
    }

    [Fact]
    public async Task A_folder_on_the_way_is_reported_and_not_opened_and_its_own_remedy_lets_the_account_pass_only()
    {
        var parent = _folder.Make("parent");
        var path = _folder.Make("parent/temp");
        var before = OpenFolder.State(parent);

        var repaired = await RepairAsync(path);
        var parentBefore = OpenFolder.State(parent);
        var passed = await _tools.RepairAsync(Request(parent) with { Right = TempRight.Traverse }, Machine.Token);
        var checks = await _tools.TestAsync(new TempAccessRequest { Account = _account.Name, Path = [path] }, Machine.Token);

        Assert.Equal((TempAclStatus.Repaired, false, TempAccessCause.AccessDenied), (repaired.Status, repaired.Verified, repaired.Cause));
        Assert.Equal($"Repair-TempAcl -Path '{parent}' -Account '{_account.Name}' -Right Traverse", repaired.Remedy);
        Assert.Equal(before, parentBefore);
        Assert.Equal((true, TempCheckMethod.Probed), (passed.Verified, passed.Method));
        Assert.Contains($"user:{_account.Name}:--x", Machine.Run("getfacl", "-p", parent), StringComparison.Ordinal);
        Assert.True(checks[^1].Passed);
    }

    [Fact]
    public async Task A_link_at_the_end_or_on_the_way_is_refused_and_the_folder_behind_it_is_named()
    {
        var path = _folder.Make("real");
        _folder.Make("real/below");
        Directory.CreateSymbolicLink(_folder.At("link"), path);
        var before = OpenFolder.State(path);

        var end = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(_folder.At("link")));
        var way = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(_folder.At("link/below")));

        Assert.All([end, way], e => Assert.Equal(ErrorCodes.UnsafeLink, e.Code));
        Assert.Contains($"Repair-TempAcl -Path '{path}'", end.Remedy, StringComparison.Ordinal);
        Assert.Contains($"Repair-TempAcl -Path '{path}/below'", way.Remedy, StringComparison.Ordinal);
        Assert.Equal(before, OpenFolder.State(path));
    }

    [Fact]
    public async Task A_folder_that_is_replaced_by_a_link_between_check_and_repair_is_not_followed()
    {
        var path = _folder.Make("temp");
        var victim = _folder.Make("victim");
        var before = OpenFolder.State(victim);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RepairAsync(
            Request(path) with
            {
                Confirm = _ =>
                {
                    Directory.Move(path, _folder.At("moved"));
                    Directory.CreateSymbolicLink(path, victim);
                    return ValueTask.FromResult(true);
                },
            },
            Machine.Token));

        Assert.Equal(ErrorCodes.UnsafeLink, failure.Code);
        Assert.Equal(before, OpenFolder.State(victim));
        Assert.DoesNotContain(_account.Name, OpenFolder.State(_folder.At("moved")), StringComparison.Ordinal);
        Assert.Empty(Saved);
    }

    [Fact]
    public async Task Rights_that_changed_while_the_question_was_open_are_not_overwritten()
    {
        var path = _folder.Make("temp");

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RepairAsync(
            Request(path) with
            {
                Confirm = _ =>
                {
                    OpenFolder.Mode(path, "711");
                    return ValueTask.FromResult(true);
                },
            },
            Machine.Token));

        Assert.Equal(ErrorCodes.AclChanged, failure.Code);
        Assert.Equal("711", Machine.Run("stat", "-c", "%a", path).Trim());
    }

    [Fact]
    public async Task A_restore_refuses_and_lists_later_changes_and_with_force_saves_them_first()
    {
        var path = _folder.Make("temp");
        var repaired = await RepairAsync(path);
        Machine.Run("setfacl", "-m", "o::r-x", path);

        var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RestoreAsync(new TempRestoreRequest { Path = path }, Machine.Token));
        var forced = await _tools.RestoreAsync(new TempRestoreRequest { Path = path, Force = true }, Machine.Token);
        var mode = Machine.Run("stat", "-c", "%a", path).Trim();
        await _tools.RestoreAsync(new TempRestoreRequest { Id = forced.Id }, Machine.Token);

        Assert.Equal(ErrorCodes.AclChanged, refused.Code);
        Assert.Contains("other:: --- -> r-x", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{repaired.Id}", refused.Remedy, StringComparison.Ordinal);
        Assert.Equal("700", mode);
        Assert.Contains($"user:{_account.Name}:rwx", OpenFolder.State(path), StringComparison.Ordinal);
        Assert.Contains("other::r-x", OpenFolder.State(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_tells_another_folder_of_the_same_name_from_the_one_it_saved()
    {
        var path = _folder.Make("temp");
        await RepairAsync(path);
        Directory.Delete(path);
        _folder.Make("temp", "777");

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RestoreAsync(new TempRestoreRequest { Path = path }, Machine.Token));

        Assert.Equal(ErrorCodes.AclChanged, failure.Code);
        Assert.Contains("not the folder", failure.Message, StringComparison.Ordinal);
        Assert.Equal("777", Machine.Run("stat", "-c", "%a", path).Trim());
    }

    [Fact]
    public async Task Descriptors_that_are_damaged_of_another_version_or_not_there_are_typed_and_change_nothing()
    {
        var path = _folder.Make("temp");
        var repaired = await RepairAsync(path);
        var state = OpenFolder.State(path);
        var file = repaired.DescriptorPath!;
        var text = await File.ReadAllTextAsync(file, Machine.Token);

        await File.WriteAllTextAsync(file, text.Replace("\"Owner\":0", "\"Owner\":1", StringComparison.Ordinal), Machine.Token);
        Assert.Equal(ErrorCodes.AclDescriptorDamaged, (await RestoreFailsAsync(repaired.Id)).Code);
        await File.WriteAllTextAsync(file, text[..^20], Machine.Token);
        Assert.Equal(ErrorCodes.AclDescriptorDamaged, (await RestoreFailsAsync(repaired.Id)).Code);
        await File.WriteAllTextAsync(file, text.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal), Machine.Token);
        Assert.Equal(ErrorCodes.FormatNotSupported, (await RestoreFailsAsync(repaired.Id)).Code);
        Assert.Equal(ErrorCodes.AclDescriptorNotFound, (await RestoreFailsAsync(Guid.NewGuid())).Code);
        Assert.Equal(state, OpenFolder.State(path));

        await File.WriteAllTextAsync(file, text, Machine.Token);
        Assert.Equal(TempAclStatus.Restored, (await _tools.RestoreAsync(new TempRestoreRequest { Id = repaired.Id }, Machine.Token)).Status);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("/usr/share/doc")]
    [InlineData("/tmp")]
    [InlineData("/var/tmp")]
    [InlineData("/var/lib")]
    [InlineData("/root")]
    public async Task System_folders_and_what_all_share_are_refused(string path)
    {
        Assert.SkipUnless(Directory.Exists(path), $"There is no {path}.");
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RepairAsync(Request(path) with { WhatIf = true }, Machine.Token));

        Assert.Equal(ErrorCodes.FolderProtected, failure.Code);
        Assert.Contains("-Force", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_system_folder_is_known_at_another_mount_of_it_and_other_peoples_homes_are_refused_unless_forced()
    {
        var mounted = _folder.BindReadOnly("/var/lib", "elsewhere");
        using var other = new ServiceAccount();
        var home = _folder.Make("home-of-other");
        Machine.Run("usermod", "--home", home, other.Name);
        var inHome = _folder.Make("home-of-other/temp");

        var bound = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(mounted));
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(inHome));
        var forced = await _tools.RepairAsync(Request(inHome) with { Force = true }, Machine.Token);

        Assert.Equal(ErrorCodes.FolderProtected, bound.Code);
        Assert.Equal(ErrorCodes.FolderProtected, refused.Code);
        Assert.Contains(other.Name, refused.Message, StringComparison.Ordinal);
        Assert.Equal(TempAclStatus.Repaired, forced.Status);
    }

    [Fact]
    public async Task Where_the_file_system_keeps_no_lists_the_accounts_own_group_does_and_a_shared_one_is_refused()
    {
        var path = _folder.Mount("nolists", "ramfs", "mode=0700");
        Assert.SkipUnless(Machine.Try("setfacl", "-m", $"u:{_account.Name}:rwx", path).ExitCode != 0, "ramfs keeps access lists on this kernel.");

        OpenFolder.Mode(path, "700");
        var repaired = await RepairAsync(path);
        var state = Machine.Run("stat", "-c", "%a %U %G", path).Trim();
        await _tools.RestoreAsync(new TempRestoreRequest { Id = repaired.Id }, Machine.Token);
        var restored = Machine.Run("stat", "-c", "%a %U %G", path).Trim();
        OpenFolder.Mode(path, "750");
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(path));

        Assert.True(repaired.Verified);
        Assert.Equal($"770 root {_account.Name}", state);
        Assert.Equal("700 root root", restored);
        Assert.Equal(ErrorCodes.AclNotPossible, refused.Code);
        Assert.Equal("750 root root", Machine.Run("stat", "-c", "%a %U %G", path).Trim());
    }

    [Fact]
    public async Task A_read_only_file_system_is_typed_and_leaves_no_descriptor()
    {
        var path = _folder.BindReadOnly(_folder.Make("behind"), "readonly");

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => RepairAsync(path));

        Assert.Equal(ErrorCodes.TempFolderUnusable, failure.Code);
        Assert.Contains("remount", failure.Remedy, StringComparison.Ordinal);
        Assert.Empty(Saved);
    }

    [Fact]
    public async Task A_home_without_room_for_the_descriptor_stops_the_repair_before_the_change()
    {
        var home = _folder.Mount("small", "tmpfs", "size=4k,mode=0700");
        await File.WriteAllBytesAsync(Path.Combine(home, "filler"), new byte[4096], Machine.Token);
        var path = _folder.Make("temp");
        var before = OpenFolder.State(path);
        var tools = new TempTools(TempTools.ThisPlatform(), new AclStore(TimeProvider.System, home));

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => tools.RepairAsync(Request(path), Machine.Token));

        Assert.Equal(ErrorCodes.DiskFull, failure.Code);
        Assert.Equal(before, OpenFolder.State(path));
    }

    [Fact]
    public async Task A_full_disk_is_what_remains_after_the_right_was_granted()
    {
        var path = _folder.Mount("full", "tmpfs", "size=4k,mode=0700");
        await File.WriteAllBytesAsync(Path.Combine(path, "filler"), new byte[4096], Machine.Token);

        var repaired = await RepairAsync(path);

        Assert.Equal((TempAclStatus.Repaired, false, TempAccessCause.DiskFull), (repaired.Status, repaired.Verified, repaired.Cause));
    }

    private static ValueTask<bool> Answer(TempAclResult? plan, bool answer) => ValueTask.FromResult(plan is not null && answer);

    private TempRepairRequest Request(string path) => new() { Path = path, Account = _account.Name };

    private Task<TempAclResult> RepairAsync(string path) => _tools.RepairAsync(Request(path), Machine.Token);

    private Task<LoggerCmsException> RestoreFailsAsync(Guid? id)
        => Assert.ThrowsAsync<LoggerCmsException>(() => _tools.RestoreAsync(new TempRestoreRequest { Id = id }, Machine.Token));
}
