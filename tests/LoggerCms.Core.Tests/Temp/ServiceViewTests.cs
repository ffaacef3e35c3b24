using System.Diagnostics;
using LoggerCms.Core.Temp;
using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>Temp folders as a running service sees them: its account, its TMPDIR, its own mounts.</summary>
public sealed class ServiceViewTests : IDisposable
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
    public async Task TMPDIR_account_and_groups_are_those_of_the_process_and_not_of_the_caller()
    {
        var path = _folder.Make("service's temp", "770");
        var group = _account.AddGroup();
        Machine.Run("chgrp", group, path);
        using var service = Start([], path);

        var checks = await _tools.TestAsync(new TempAccessRequest { ProcessId = service.Id }, Machine.Token);
        var before = checks[^1];

        // The group counts for what started with it; taking the account out of it does not reach a process that runs.
        Machine.Run("gpasswd", "--delete", _account.Name, group);
        var running = (await _tools.TestAsync(new TempAccessRequest { ProcessId = service.Id }, Machine.Token))[^1];
        var next = (await _tools.TestAsync(new TempAccessRequest { Account = _account.Name, Path = [path] }, Machine.Token))[^1];

        Assert.Equal((path, _account.Name, true, TempCheckMethod.Probed), (before.Path, before.Account, before.Passed, before.Method));
        Assert.True(running.Passed);
        Assert.Equal((false, TempAccessCause.AccessDenied), (next.Passed, next.Cause));
    }

    [Fact]
    public async Task A_private_temp_folder_is_checked_and_repaired_where_the_service_sees_it()
    {
        Machine.Needs("unshare", "nsenter");
        var shared = _folder.Make("shared", "777");
        using var service = Start(["unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o size=1m,mode=0700 none '{shared}' && exec setpriv --reuid={_account.Name} --regid={_account.Name} --init-groups sleep 1000"], shared);

        var denied = (await _tools.TestAsync(new TempAccessRequest { ProcessId = service.Id }, Machine.Token))[^1];
        var tools = new TempTools(TempTools.ThisPlatform(), new AclStore(TimeProvider.System, _folder.At("home")));
        var repaired = await tools.RepairAsync(new TempRepairRequest { Path = denied.Path, Account = denied.Account }, Machine.Token);
        var granted = await _tools.TestAsync(new TempAccessRequest { ProcessId = service.Id, RequiredBytes = 2_000_000 }, Machine.Token);

        Assert.Equal((false, TempAccessCause.AccessDenied, $"/proc/{service.Id}/root{shared}"), (denied.Passed, denied.Cause, denied.Path));
        Assert.Equal((TempAclStatus.Repaired, true), (repaired.Status, repaired.Verified));
        Assert.True(Assert.Single(granted, c => c.Check == "Probe").Passed);
        Assert.Equal(TempAccessCause.DiskFull, granted[^1].Cause);
        Assert.Equal("777", Machine.Run("stat", "-c", "%a", shared).Trim());
        Assert.DoesNotContain(_account.Name, Machine.Run("getfacl", "-p", shared), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_in_a_private_root_leads_where_it_leads_for_the_service()
    {
        Machine.Needs("unshare", "nsenter");
        var shared = _folder.Make("shared", "777");
        _folder.Make("elsewhere");
        using var service = Start(["unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o mode=0755 none '{shared}' && mkdir -m 777 '{shared}/real' && ln -s '{shared}/real' '{shared}/temp' && exec setpriv --reuid={_account.Name} --regid={_account.Name} --init-groups sleep 1000"], $"{shared}/temp");

        var checks = await _tools.TestAsync(new TempAccessRequest { ProcessId = service.Id }, Machine.Token);

        Assert.Equal((true, TempCheckMethod.Probed), (checks[^1].Passed, checks[^1].Method));
        Assert.Contains(checks, c => c.Check == "Link" && c.Detail.Contains("/real'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_runs_is_looked_at_through_its_main_process_and_one_that_does_not_by_its_unit()
    {
        var path = _folder.Make("temp", "777");
        using var service = Start([], path);
        var platform = new LinuxTempPlatform();

        var running = LinuxTempPlatform.OfUnit(SystemdUnit.Parse("x", $"LoadState=loaded\nMainPID={service.Id}\nUser=root\n"), []);
        var checks = await platform.CheckAsync(running, running.Folders[0], 0, Machine.Token);
        var stopped = LinuxTempPlatform.OfUnit(SystemdUnit.Parse("x", $"LoadState=loaded\nMainPID=0\nUser={_account.Name}\nPrivateTmp=no\nEnvironment=A=b \"TMPDIR={path}/with blank\"\n"), []);
        var hidden = LinuxTempPlatform.OfUnit(SystemdUnit.Parse("x", $"LoadState=loaded\nMainPID=0\nUser={_account.Name}\nPrivateTmp=yes\nEnvironment=\n"), []);
        var dynamic = LinuxTempPlatform.OfUnit(SystemdUnit.Parse("x", "LoadState=loaded\nMainPID=0\nDynamicUser=yes\n"), []);

        Assert.Equal((path, _account.Name, true), (checks[^1].Path, checks[^1].Account, checks[^1].Passed));
        Assert.Equal((_account.Name, $"{path}/with blank"), (stopped.Account, Assert.Single(stopped.Folders)));
        Assert.Equal("/tmp", Assert.IsType<UnknownSubject>(hidden).Folder);
        Assert.Contains("systemctl start 'x'", Assert.IsType<UnknownSubject>(dynamic).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_nothing_tells_about_is_NotDetermined_and_never_a_pass()
    {
        var checks = await _tools.TestAsync(new TempAccessRequest { ServiceName = "loggercms-no-such-service" }, Machine.Token);

        Assert.Equal(["Subject", "Overall"], checks.Select(c => c.Check));
        Assert.All(checks, c => Assert.Equal((null, TempAccessCause.NotDetermined), (c.Passed, c.Cause)));
        Assert.NotNull(checks[^1].Remedy);
    }

    [Fact]
    public void A_process_is_read_as_it_is()
    {
        using var service = Start([], "/some where/else");
        var own = ServiceProcess.Account(service.Id);

        Assert.Equal((_account.Name, false), (own.Name, own.Overrides));
        Assert.True(ServiceProcess.TryReadTemp(service.Id, out var temp));
        Assert.Equal("/some where/else", temp);
        Assert.Equal(FolderView.Own, ServiceProcess.View(service.Id));
    }

    private Service Start(string[] command, string temp)
        => new(command.Length > 0 ? command : ["setpriv", $"--reuid={_account.Name}", $"--regid={_account.Name}", "--init-groups", "sleep", "1000"], temp);

    /// <summary>A process that sleeps as the account until it is disposed.</summary>
    private sealed class Service : IDisposable
    {
        private readonly Process _process;

        public Service(string[] command, string temp)
        {
            var start = new ProcessStartInfo(command[0], command[1..]);
            start.Environment["TMPDIR"] = temp;
            _process = Process.Start(start)!;

            // Each program before it hands its process over to the next; the last one is what was asked for.
            while (File.ReadAllText($"/proc/{Id}/comm").Trim() != "sleep")
            {
                Assert.False(_process.HasExited, "the service did not start");
                Machine.Token.ThrowIfCancellationRequested();
                Thread.Yield();
            }
        }

        public int Id => _process.Id;

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
