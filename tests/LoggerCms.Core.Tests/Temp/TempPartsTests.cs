using LoggerCms.Core.Temp;
using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>The parts that need no account and no mount.</summary>
public sealed class TempPartsTests
{
    [Theory]
    [InlineData("dd: error writing 'standard output': No space left on device", TempAccessCause.DiskFull)]
    [InlineData("dd: error writing 'standard output': Disk quota exceeded", TempAccessCause.QuotaExceeded)]
    [InlineData("sh: can't create /x: Quota exceeded", TempAccessCause.QuotaExceeded)]
    [InlineData("p: 2: cannot create /x/y: Permission denied", TempAccessCause.AccessDenied)]
    [InlineData("p: 2: cannot create /x/y: Directory nonexistent", TempAccessCause.Missing)]
    [InlineData("sh: line 1: /x/y: Read-only file system", TempAccessCause.ReadOnly)]
    [InlineData("sh: line 1: /x/y: File name too long", TempAccessCause.PathTooLong)]
    [InlineData("sh: line 1: /x/y: Filename too long", TempAccessCause.PathTooLong)]
    [InlineData("sh: line 1: /x/y: Not a directory", TempAccessCause.NotAFolder)]
    [InlineData("cat: /x/y: Input/output error", TempAccessCause.NotDetermined)]
    public void What_a_child_said_is_typed(string error, TempAccessCause cause) => Assert.Equal(cause, ChildProbe.CauseOf(error));

    [Fact]
    public void The_deepest_and_last_mount_over_a_path_is_its_own()
    {
        string[] lines =
        [
            "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/a rw",
            @"22 21 0:30 / /srv/with\040blank rw - tmpfs none ro,size=1m",
            "23 21 0:31 / /tmp ro,nosuid - tmpfs none rw",
            "24 21 0:32 / /tmp rw - tmpfs none rw",
            "a line of another form",
        ];

        Assert.Equal(new MountPoint("/", false, false), MountPoint.Find(lines, "/tmpfile"));
        Assert.Equal(new MountPoint("/tmp", false, false), MountPoint.Find(lines, "/tmp/x"));
        var inside = MountPoint.Find(lines, "/srv/with blank/x");
        Assert.Equal(new MountPoint("/srv/with blank", false, true), inside);
        Assert.Equal("mount -o remount,rw '/srv/with blank'", inside!.Remount(FolderView.Own));
        Assert.Equal("nsenter --target 7 --mount mount -o remount,bind,rw '/x'", new MountPoint("/x", true, false).Remount(new FolderView(7)));
    }

    [Fact]
    public void The_environment_of_a_unit_is_read_with_its_quotes()
    {
        Assert.Equal("/a b", SystemdUnit.Parse("x", "Environment=X=1 \"TMPDIR=/a b\" Y=2").Temp);
        Assert.Equal("/plain", SystemdUnit.Parse("x", "Environment=TMPDIR=/plain").Temp);
        Assert.Equal("/a\"b", SystemdUnit.Parse("x", "Environment=\"TMPDIR=/a\\\"b\"").Temp);
        Assert.Null(SystemdUnit.Parse("x", "Environment=NOT_TMPDIR=/x").Temp);
        Assert.Null(SystemdUnit.Parse("x", "Environment=").Temp);
        Assert.Equal(("root", false, 0), (SystemdUnit.Parse("x", "User=\n").User, SystemdUnit.Parse("x", "LoadState=not-found").IsLoaded, SystemdUnit.Parse("x", "").MainProcess));
    }

    [Fact]
    public void Names_of_GetTempFileName_are_counted_by_their_prefix()
    {
        Assert.Null(NamesLeft.Fewest(["a.tmp", "toolongname.tmp", "tmpXYZW.tmp", "tmp1A2F.log"]));
        Assert.Equal(("tmp", NamesLeft.Names - 2), NamesLeft.Fewest(["tmp1.tmp", "TMP1A2F.TMP", "lgr5.tmp"]));
        Assert.Equal(("lgr", 0), NamesLeft.Fewest(Enumerable.Range(1, NamesLeft.Names).Select(i => $"lgr{i:X}.tmp")));
    }

    [Fact]
    public void The_hard_limits_of_a_quota_are_what_is_left()
    {
        Assert.Equal(new QuotaRoom(null, null), QuotaRoom.Room(default));
        Assert.Equal(new QuotaRoom(24, 1), QuotaRoom.Room(new RawQuota { HardBlocks = 1, UsedBytes = 1000, HardInodes = 5, UsedInodes = 4 }));
        Assert.Equal(new QuotaRoom(0, 0), QuotaRoom.Room(new RawQuota { HardBlocks = 1, UsedBytes = 2000, HardInodes = 5, UsedInodes = 9 }));

        var list = new TempCheckList("/x", "svc");
        new QuotaChecks(list, LinuxAccount.ByNumber(1), 100).Room(new QuotaRoom(50, null), new QuotaRoom(80, 3));
        Assert.Equal((false, TempAccessCause.QuotaExceeded), (list.Finish()[^1].Passed, list.Finish()[^1].Cause));
    }

    [Fact]
    public void Values_in_remedies_are_literal_to_the_shell()
    {
        Assert.Equal("Repair-TempAcl -Path '/it''s $x' -Account 'DOM\\svc' -Right FullControl", TempRemedy.Repair("/it's $x", @"DOM\svc", TempRight.FullControl));
        Assert.Equal("sudo pwsh -Command \"a '`$x`\"'\"", TempRemedy.AsRoot("a '$x\"'"));
    }

    [Fact]
    public void Nothing_is_claimed_that_was_not_found_out()
    {
        var nothing = new TempCheckList("/x", "svc");
        var open = new TempCheckList("/x", "svc");
        open.Pass("Exists", TempCheckMethod.Read, "x");
        open.Unknown("Rights", TempCheckMethod.Computed, "not to be seen");
        open.Unknown("Probe", TempCheckMethod.Probed, "not possible");

        Assert.Null(nothing.Finish()[^1].Passed);
        Assert.Equal((null, TempAccessCause.NotDetermined, "not to be seen"), (open.Finish()[^1].Passed, open.Finish()[^1].Cause, open.Finish()[^1].Detail));
    }

    [Fact]
    public void A_probe_that_succeeds_outweighs_what_was_computed_against_it_but_not_an_unsafe_link()
    {
        var computed = new TempCheckList("/x", "svc");
        computed.Fail("Rights", TempAccessCause.AccessDenied, TempCheckMethod.Computed, "no", "repair");
        computed.ProbeSucceeded("did it");
        var link = new TempCheckList("/x", "svc");
        link.Fail("Link", TempAccessCause.UnsafeLink, TempCheckMethod.Computed, "link", "remove");
        link.ProbeSucceeded("did it");

        Assert.Equal((true, TempCheckMethod.Probed), (computed.Finish()[^1].Passed, computed.Finish()[^1].Method));
        Assert.Contains("succeeded all the same", computed.Checks[0].Detail, StringComparison.Ordinal);
        Assert.Equal((false, TempAccessCause.UnsafeLink), (link.Finish()[^1].Passed, link.Finish()[^1].Cause));
    }

    [Fact]
    public void A_probe_writes_what_is_needed_up_to_a_bound_and_little_where_there_is_no_room()
    {
        Assert.Equal(FolderProbe.LeastBytes, FolderProbe.Size(0, null));
        Assert.Equal(1_000_000, FolderProbe.Size(1_000_000, 2_000_000));
        Assert.Equal(FolderProbe.MostBytes, FolderProbe.Size(long.MaxValue / 2, long.MaxValue));
        Assert.Equal(FolderProbe.LeastBytes, FolderProbe.Size(1_000_000, 999_999));
    }

    [Fact]
    public async Task A_child_that_is_slow_is_ended_and_one_that_cannot_start_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs Linux.");

        var slow = await ChildProcess.RunAsync("/bin/sh", ["-c", "exec sleep 1000"], default, TimeSpan.FromMilliseconds(1), Machine.Token);
        var none = await ChildProcess.RunAsync("/etc/passwd", [], default, TimeSpan.FromSeconds(10), Machine.Token);
        var deaf = await ChildProcess.RunAsync("/bin/sh", ["-c", "exec 0<&-; echo said >&2; exit 3"], new byte[1 << 20], TimeSpan.FromSeconds(30), Machine.Token);

        Assert.Null(slow.ExitCode);
        Assert.Equal(127, none.ExitCode);
        Assert.Equal((3, "said\n"), (deaf.ExitCode, deaf.Error));
    }

    [Fact]
    public void A_probe_in_a_folder_that_is_not_there_or_no_folder_is_typed()
    {
        var folder = Directory.CreateTempSubdirectory("loggercms-probe-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "file"), "x");

            Assert.Equal((TempAccessCause.Missing, "Create"), (FolderProbe.Run(Path.Combine(folder, "none"), 4096).Cause, FolderProbe.Run(Path.Combine(folder, "none"), 4096).Step));
            Assert.Equal(TempAccessCause.NotAFolder, OwnTemp.Refine(FolderProbe.Run(Path.Combine(folder, "file", "x"), 4096).Cause, Path.Combine(folder, "file", "x")));
            Assert.True(FolderProbe.Run(folder, 100_000).Succeeded);
            Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Requests_that_contradict_themselves_are_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs Linux.");
        var tools = new TempTools(TimeProvider.System);
        foreach (var request in new[]
        {
            new TempAccessRequest { Account = "root", ProcessId = 1 },
            new TempAccessRequest { RequiredBytes = -1 },
            new TempAccessRequest { Path = ["relative"] },
        })
        {
            Assert.Equal(ErrorCodes.InvalidOption, (await Assert.ThrowsAsync<LoggerCmsException>(() => tools.TestAsync(request, Machine.Token))).Code);
        }
    }

    [Fact]
    public async Task The_callers_own_temp_folder_is_what_is_tested_when_nothing_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs Linux.");

        var overall = (await new TempTools(TimeProvider.System).TestAsync(new TempAccessRequest(), Machine.Token))[^1];

        Assert.Equal(Path.TrimEndingDirectorySeparator(Path.GetTempPath()), overall.Path);
        Assert.Equal((true, TempCheckMethod.Probed), (overall.Passed, overall.Method));
    }
}
