using LoggerCms.Core.Temp;
using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>What Test-TempAccess says of real folders for an account that exists for the test only.</summary>
public sealed class TempAccessTests : IDisposable
{
    private readonly ServiceAccount _account = new();
    private readonly OpenFolder _folder = new();
    private readonly TempTools _tools = new(TimeProvider.System);

    public void Dispose()
    {
        _account.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_folder_that_all_may_use_passes_by_a_probe_as_the_account_and_nothing_is_left()
    {
        var path = _folder.Make("open", "1777");

        var checks = await TestAsync(path, requiredBytes: 3_000_000);

        Assert.All(checks, c => Assert.NotEqual(false, c.Passed));
        Assert.Equal((true, TempAccessCause.None, TempCheckMethod.Probed), Verdict(checks));
        Assert.Contains("3000000 bytes", Check(checks, "Probe").Detail, StringComparison.Ordinal);
        Assert.Contains($"as {_account.Name}", Check(checks, "Probe").Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(path));
    }

    [Fact]
    public async Task A_folder_of_root_alone_is_denied_and_the_remedy_is_the_repair_of_that_folder_for_that_account()
    {
        var path = _folder.Make("it's closed");

        var checks = await TestAsync(path);

        Assert.Equal((false, TempAccessCause.AccessDenied, TempCheckMethod.Probed), Verdict(checks));
        Assert.Equal((false, TempAccessCause.AccessDenied), (Check(checks, "Probe").Passed, Check(checks, "Probe").Cause));
        Assert.Equal($"Repair-TempAcl -Path '{path.Replace("'", "''", StringComparison.Ordinal)}' -Account '{_account.Name}'", checks[^1].Remedy);
    }

    [Theory]
    [InlineData("a \"b\" $(touch x) `id` ; rm -rf *")]
    [InlineData("-rf")]
    [InlineData("umläut\nline")]
    public async Task Names_of_folders_are_data_to_the_shell_that_probes(string name)
    {
        var path = _folder.Make(name, "777");

        Assert.Equal((true, TempAccessCause.None, TempCheckMethod.Probed), Verdict(await TestAsync(path)));

        Assert.Empty(Directory.EnumerateFileSystemEntries(path));
    }

    [Fact]
    public async Task A_full_file_system_of_one_megabyte_is_DiskFull_and_too_small_a_one_too()
    {
        var path = _folder.Mount("disk", "tmpfs", "size=1m,mode=1777");

        var tooSmall = await TestAsync(path, requiredBytes: 2_000_000);
        Fill(Path.Combine(path, "filler"));
        var full = await TestAsync(path);

        Assert.Equal((false, TempAccessCause.DiskFull, TempCheckMethod.Probed), Verdict(tooSmall));
        Assert.True(Check(tooSmall, "Probe").Passed);
        Assert.Equal((false, TempAccessCause.DiskFull, TempCheckMethod.Probed), Verdict(full));
        Assert.Equal(TempAccessCause.DiskFull, Check(full, "Probe").Cause);
        Assert.Equal(["filler"], Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_system_without_inodes_is_NoInodes_although_bytes_are_free()
    {
        var path = _folder.Mount("inodes", "tmpfs", "size=1m,nr_inodes=2,mode=1777");
        await File.WriteAllTextAsync(Path.Combine(path, "last"), string.Empty, Machine.Token);

        var checks = await TestAsync(path);

        Assert.True(Check(checks, "FreeBytes").Passed);
        Assert.Equal((false, TempAccessCause.NoInodes, TempCheckMethod.Probed), Verdict(checks));
        Assert.Equal(TempAccessCause.NoInodes, Check(checks, "Probe").Cause);
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_QuotaExceeded_by_the_probe()
    {
        Machine.Needs("mkfs.btrfs", "btrfs");
        var image = _folder.At("image");
        await using (var file = File.Create(image))
            file.SetLength(200 << 20);
        Machine.Run("mkfs.btrfs", "-q", image);
        Assert.SkipUnless(_folder.TryMountImage(image, "btrfs"), "This machine cannot mount a btrfs image.");
        var path = Path.Combine(_folder.At("btrfs"), "limited");
        Machine.Run("btrfs", "quota", "enable", _folder.At("btrfs"));
        Machine.Run("btrfs", "subvolume", "create", path);
        Machine.Run("btrfs", "qgroup", "limit", "1M", path);
        OpenFolder.Mode(path, "777");

        var small = await TestAsync(path, requiredBytes: 10_000);
        var checks = await TestAsync(path, requiredBytes: 4_000_000);

        Assert.True(small[^1].Passed);
        Assert.Equal((false, TempAccessCause.QuotaExceeded, TempCheckMethod.Probed), Verdict(checks));
        Assert.Empty(Directory.EnumerateFileSystemEntries(path));
    }

    [Fact]
    public async Task The_quota_of_the_account_is_asked_for_before_anything_is_written()
    {
        Machine.Needs("mkfs.ext4", "setquota");
        var image = _folder.At("image");
        await using (var file = File.Create(image))
            file.SetLength(32 << 20);
        Machine.Run("mkfs.ext4", "-q", "-O", "quota", image);
        Assert.SkipUnless(_folder.TryMountImage(image, "ext4"), "This kernel has no quota format (CONFIG_QFMT_V2).");
        var path = _folder.At("ext4");
        OpenFolder.Mode(path, "777");
        Machine.Run("setquota", "-u", _account.Name, "0", "1000", "0", "0", path);

        var checks = await TestAsync(path, requiredBytes: 4_000_000);

        Assert.Equal(TempAccessCause.QuotaExceeded, Check(checks, "Quota").Cause);
        Assert.Equal((false, TempAccessCause.QuotaExceeded, TempCheckMethod.Probed), Verdict(checks));
    }

    [Fact]
    public async Task A_read_only_bind_mount_is_ReadOnly_and_the_remedy_makes_it_writable()
    {
        var path = _folder.BindReadOnly(_folder.Make("behind", "777"), "readonly");

        var checks = await TestAsync(path);
        var remedy = checks[^1].Remedy!.Split(' ');
        Machine.Run(remedy[0], [.. remedy[1..].Select(r => r.Trim('\''))]);
        var after = await TestAsync(path);

        Assert.Equal((false, TempAccessCause.ReadOnly, TempCheckMethod.Probed), Verdict(checks));
        Assert.Equal(TempAccessCause.ReadOnly, Check(checks, "Probe").Cause);
        Assert.Equal((true, TempAccessCause.None, TempCheckMethod.Probed), Verdict(after));
    }

    [Fact]
    public async Task A_list_that_grants_by_a_group_of_the_account_only_passes()
    {
        var path = _folder.Make("bygroup");
        Machine.Run("setfacl", "-m", $"g:{_account.AddGroup()}:rwx", path);

        var checks = await TestAsync(path);

        Assert.Equal((true, TempAccessCause.None, TempCheckMethod.Probed), Verdict(checks));
        Assert.Contains("by group", Check(checks, "Rights").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mask_that_takes_back_what_the_entry_grants_is_seen_by_computation_and_by_the_probe()
    {
        var path = _folder.Make("masked");
        Machine.Run("setfacl", "-m", $"u:{_account.Name}:rwx,m::r-x", path);

        var checks = await TestAsync(path);

        Assert.Equal((false, TempAccessCause.AccessDenied, TempCheckMethod.Probed), Verdict(checks));
        Assert.Contains("the mask leaves r-x", Check(checks, "Rights").Detail, StringComparison.Ordinal);
        Assert.False(Check(checks, "Probe").Passed);
    }

    [Fact]
    public async Task A_folder_on_the_way_without_execute_right_is_named_with_a_remedy_of_its_own()
    {
        var parent = _folder.Make("parent");
        var path = _folder.Make("parent/temp", "777");

        var checks = await TestAsync(path);

        Assert.Equal((false, TempAccessCause.AccessDenied, TempCheckMethod.Probed), Verdict(checks));
        Assert.True(Check(checks, "Rights").Passed);
        Assert.Equal($"Repair-TempAcl -Path '{parent}' -Account '{_account.Name}' -Right Traverse", Check(checks, "Parents").Remedy);
    }

    [Fact]
    public async Task A_sticky_folder_of_another_account_can_be_used_and_its_owner_is_named()
    {
        using var other = new ServiceAccount();
        var path = _folder.Make("foreign", "1777");
        Machine.Run("chown", other.Name, path);

        var checks = await TestAsync(path);

        Assert.True(checks[^1].Passed);
        Assert.Contains(other.Name, Check(checks, "Owner").Detail, StringComparison.Ordinal);
        Assert.Contains("sticky", Check(checks, "Owner").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_folders_files_and_loops_are_typed()
    {
        await File.WriteAllTextAsync(_folder.At("file"), "x", Machine.Token);
        File.CreateSymbolicLink(_folder.At("loop"), _folder.At("loop"));

        Assert.Equal(TempAccessCause.Missing, (await TestAsync(_folder.At("missing/deeper")))[^1].Cause);
        Assert.Equal(TempAccessCause.NotAFolder, (await TestAsync(_folder.At("file")))[^1].Cause);
        Assert.Equal(TempAccessCause.NotAFolder, (await TestAsync(_folder.At("file/under")))[^1].Cause);
        Assert.Equal(TempAccessCause.UnsafeLink, (await TestAsync(_folder.At("loop")))[^1].Cause);
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(250, 20)]
    public async Task Paths_that_are_too_long_are_typed_and_not_tried(int length, int depth)
    {
        var path = Path.Combine([_folder.Path, .. Enumerable.Repeat(new string('n', length), depth)]);

        var checks = await TestAsync(path);

        Assert.Equal(TempAccessCause.PathTooLong, checks[^1].Cause);
        Assert.Equal(["PathLength", "Overall"], checks.Select(c => c.Check));
    }

    [Fact]
    public async Task A_link_of_root_is_followed_and_told_and_one_that_others_can_turn_is_unsafe()
    {
        var path = _folder.Make("real", "777");
        Directory.CreateSymbolicLink(_folder.At("good"), "real");
        using var other = new ServiceAccount();
        Directory.CreateSymbolicLink(_folder.At("bad"), path);
        Machine.Run("chown", "-h", other.Name, _folder.At("bad"));
        _folder.Make("loose", "777");
        Directory.CreateSymbolicLink(_folder.At("loose/link"), path);

        var good = await TestAsync(_folder.At("good"));
        var bad = await TestAsync(_folder.At("bad"));
        var loose = await TestAsync(_folder.At("loose/link"));

        OpenFolder.Mode(path, "700");
        Assert.Equal($"Repair-TempAcl -Path '{path}' -Account '{_account.Name}'", (await TestAsync(_folder.At("good")))[^1].Remedy);
        Assert.True(good[^1].Passed);
        Assert.Contains("'real'", Check(good, "Link").Detail, StringComparison.Ordinal);
        Assert.Equal((false, TempAccessCause.UnsafeLink), (bad[^1].Passed, bad[^1].Cause));
        Assert.Equal((false, TempAccessCause.UnsafeLink), (loose[^1].Passed, loose[^1].Cause));
    }

    [Fact]
    public async Task An_immutable_folder_is_denied_by_the_probe_whatever_its_bits_say()
    {
        Machine.Needs("chattr");
        var path = _folder.Make("immutable", "777");
        Assert.SkipUnless(Machine.Try("chattr", "+i", path).ExitCode == 0, "This file system has no immutable attribute.");
        try
        {
            var checks = await TestAsync(path);

            Assert.Equal((false, TempAccessCause.AccessDenied, TempCheckMethod.Probed), Verdict(checks));
            Assert.Equal($"chattr -i '{path}'", checks[^1].Remedy);
        }
        finally
        {
            Machine.Run("chattr", "-i", path);
        }
    }

    [Fact]
    public async Task Where_the_account_cannot_be_become_the_answer_is_computed_and_says_so()
    {
        var path = _folder.Make("computed");

        // A process of the account that holds CAP_DAC_OVERRIDE: no child can take that on.
        var account = LinuxAccount.ByName(_account.Name) with { Capabilities = 0b10 };
        var checks = await new LinuxChecks(account, FolderView.Own, path, 0, null).RunAsync(Machine.Token);

        Assert.Equal((true, TempAccessCause.None, TempCheckMethod.Computed), Verdict(checks));
        Assert.Contains("computed, not tried", checks[^1].Detail, StringComparison.Ordinal);
        Assert.Null(Check(checks, "Probe").Passed);
    }

    [Fact]
    public async Task Root_without_its_capabilities_is_bound_by_the_bits_and_probed_without_them()
    {
        var path = _folder.Make("closed");
        Machine.Run("chown", _account.Name, path);

        var bound = await new LinuxChecks(LinuxAccount.ByNumber(0) with { Capabilities = 0 }, FolderView.Own, path, 0, null).RunAsync(Machine.Token);
        var free = await new LinuxChecks(LinuxAccount.ByNumber(0), FolderView.Own, path, 0, null).RunAsync(Machine.Token);

        Assert.Equal((false, TempAccessCause.AccessDenied, TempCheckMethod.Probed), Verdict(bound));
        Assert.Equal(TempAccessCause.AccessDenied, Check(bound, "Probe").Cause);
        Assert.True(free[^1].Passed);
    }

    [Fact]
    public async Task Accounts_and_processes_that_are_not_there_are_typed()
    {
        var account = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.TestAsync(new TempAccessRequest { Account = "nobody-at-all" }, Machine.Token));
        var process = await Assert.ThrowsAsync<LoggerCmsException>(() => _tools.TestAsync(new TempAccessRequest { ProcessId = int.MaxValue }, Machine.Token));

        Assert.Equal(ErrorCodes.AccountNotFound, account.Code);
        Assert.Equal(ErrorCodes.ProcessNotFound, process.Code);
    }

    [Fact]
    public async Task An_account_by_its_number_is_the_same_account()
    {
        var path = _folder.Make("number", "777");

        var checks = await _tools.TestAsync(new TempAccessRequest { Account = $"{LinuxAccount.ByName(_account.Name).User}", Path = [path] }, Machine.Token);

        Assert.Equal(_account.Name, checks[^1].Account);
        Assert.True(checks[^1].Passed);
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        var block = new byte[4096];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // The disk is full now, which is what was wanted.
        }
    }

    private static TempAccessCheck Check(IReadOnlyList<TempAccessCheck> checks, string name) => Assert.Single(checks, c => c.Check == name);

    private static (bool? Passed, TempAccessCause Cause, TempCheckMethod Method) Verdict(IReadOnlyList<TempAccessCheck> checks)
        => (checks[^1].Passed, checks[^1].Cause, checks[^1].Method);

    private Task<IReadOnlyList<TempAccessCheck>> TestAsync(string path, long requiredBytes = 0)
        => _tools.TestAsync(new TempAccessRequest { Account = _account.Name, Path = [path], RequiredBytes = requiredBytes }, Machine.Token);
}
