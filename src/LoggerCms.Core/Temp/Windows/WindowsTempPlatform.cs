using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace LoggerCms.Core.Temp.Windows;

/// <summary>An account and folders of Windows.</summary>
[SupportedOSPlatform("windows")]
internal sealed record WindowsSubject(WindowsAccount Who, IReadOnlyList<string> Folders, string? Note) : TempSubject(Who.Name, Folders);

/// <summary>Temp folders on Windows. Another account is never probed, because that would need its password: its rights are computed.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsTempPlatform : ITempPlatform
{
    private const uint QueryLimited = 0x1000;
    private const uint QueryToken = 0x8;

    public Task<TempSubject> FindAsync(TempAccessRequest request, CancellationToken cancellationToken)
        => Task.FromResult(Find(request));

    public Task<IReadOnlyList<TempAccessCheck>> CheckAsync(TempSubject subject, string folder, long requiredBytes, CancellationToken cancellationToken)
    {
        var windows = (WindowsSubject)subject;
        var list = new TempCheckList(folder, subject.Account);
        if (windows.Note is not null)
            list.Pass("Subject", TempCheckMethod.Read, windows.Note);
        if (Exists(list, folder))
        {
            Link(list, folder);
            Rights(list, folder, windows.Who, FileSystemRights.Modify);
            Room(list, folder, requiredBytes);
            Names(list, folder);
            Probe(list, folder, windows.Who, requiredBytes);
        }

        return Task.FromResult(list.Finish());
    }

    public Task<TempAccessCheck> CheckTraverseAsync(TempSubject subject, string folder, CancellationToken cancellationToken)
    {
        var list = new TempCheckList(folder, subject.Account);
        Rights(list, folder, ((WindowsSubject)subject).Who, FileSystemRights.Traverse);
        return Task.FromResult(list.Checks[^1]);
    }

    public IAclFolder Open(string path, string account) => WindowsAclFolder.Open(path, account);

    private static TempSubject Find(TempAccessRequest request)
    {
        WindowsAccount account;
        string? temp = null;
        string? note = null;
        if (request.ServiceName is { } service)
        {
            if (WindowsAccount.OfService(service) is not { } found)
                return new UnknownSubject(service, request.Path.FirstOrDefault(string.Empty), $"there is no service '{service}'", "Get-Service");
            (account, temp) = found;
        }
        else if (request.ProcessId is { } process)
        {
            account = OfProcess(process);
            note = "the environment of another process cannot be read; this is where its account's temp folder is";
        }
        else
        {
            account = request.Account is null ? WindowsAccount.Current() : WindowsAccount.ByName(request.Account);
        }

        if (request.Path.Count > 0)
            return new WindowsSubject(account, request.Path, null);
        return (temp ?? account.TempFolder()) is { } folder
            ? new WindowsSubject(account, [folder], note)
            : new UnknownSubject(account.Name, string.Empty, $"'{account.Name}' has no profile on this machine yet", "Start its service once, or give -Path.");
    }

    private static bool Exists(TempCheckList list, string folder)
    {
        if (Directory.Exists(folder))
        {
            list.Pass("Exists", TempCheckMethod.Read, "the folder is there");
            return true;
        }

        if (File.Exists(folder))
            list.Fail("IsFolder", TempAccessCause.NotAFolder, TempCheckMethod.Read, "it is not a folder", $"Remove-Item -LiteralPath {TempRemedy.Quote(folder)} -Confirm; {TempRemedy.Make(folder, list.Account)}");
        else
            list.Fail("Exists", TempAccessCause.Missing, TempCheckMethod.Read, "the folder is missing, or not to be seen by this account", TempRemedy.Make(folder, list.Account));
        return false;
    }

    private static void Link(TempCheckList list, string folder)
    {
        var info = new DirectoryInfo(folder);
        if (info.LinkTarget is not { } target)
            list.Pass("Link", TempCheckMethod.Read, "it is no link");
        else
            list.Fail("Link", TempAccessCause.UnsafeLink, TempCheckMethod.Read, $"it is a link to '{target}'", TempRemedy.Test(target, list.Account));
    }

    private static void Rights(TempCheckList list, string folder, WindowsAccount account, FileSystemRights wanted)
    {
        try
        {
            var granted = EffectiveRights.Of(new DirectoryInfo(folder).GetAccessControl(AccessControlSections.All & ~AccessControlSections.Audit), account.Sid);
            if ((granted & wanted) == wanted)
                list.Pass("Rights", TempCheckMethod.Computed, $"in effect: {granted}");
            else
                list.Fail("Rights", TempAccessCause.AccessDenied, TempCheckMethod.Computed, $"in effect: {granted}; {wanted} is needed", TempRemedy.Repair(folder, account.Name));
        }
        catch (Exception exception) when (exception is Win32Exception or UnauthorizedAccessException or IOException)
        {
            list.Unknown("Rights", TempCheckMethod.Computed, exception.Message, $"Run elevated: {TempRemedy.Test(folder, account.Name)}");
        }
    }

    private static void Room(TempCheckList list, string folder, long required)
    {
        if (!GetFreeBytes(folder, out var available, out _, out _))
            list.Unknown("FreeBytes", TempCheckMethod.Read, new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        else
            list.Room("FreeBytes", TempAccessCause.DiskFull, (long)Math.Min(available, long.MaxValue), required, "bytes", TempRemedy.ShowLargest(folder));
    }

    private static void Names(TempCheckList list, string folder)
    {
        try
        {
            if (NamesLeft.Fewest(Directory.EnumerateFiles(folder, "*.tmp").Select(f => Path.GetFileName(f))) is { } fewest)
                list.Room("Names", TempAccessCause.NamesExhausted, fewest.Left, 1, $"names of prefix '{fewest.Prefix}'", TempRemedy.ShowOldest(folder));
            else
                list.Pass("Names", TempCheckMethod.Read, "no name of GetTempFileName is taken");
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            list.Unknown("Names", TempCheckMethod.Read, exception.Message);
        }
    }

    private static void Probe(TempCheckList list, string folder, WindowsAccount account, long required)
    {
        if (!account.IsCaller)
        {
            list.Unknown("Probe", TempCheckMethod.Probed, "another account is not probed: that would need its password");
            return;
        }

        var result = FolderProbe.Run(folder, FolderProbe.Size(required, GetFreeBytes(folder, out var free, out _, out _) ? (long)Math.Min(free, long.MaxValue) : null));
        if (result.Succeeded)
            list.ProbeSucceeded(result.Detail);
        else
            list.Fail("Probe", result.Cause, TempCheckMethod.Probed, $"{result.Step}: {result.Detail}", result.Cause == TempAccessCause.AccessDenied ? TempRemedy.Repair(folder, account.Name) : TempRemedy.ShowLargest(folder));
    }

    private static WindowsAccount OfProcess(int processId)
    {
        var process = OpenProcess(QueryLimited, false, processId);
        try
        {
            if (process != 0 && OpenToken(process, QueryToken, out var token))
            {
                using var identity = new WindowsIdentity(token);
                _ = CloseHandle(token);
                return new WindowsAccount(identity.Name, identity.User!);
            }

            throw new LoggerCmsException(
                ErrorCodes.ProcessNotFound,
                $"There is no process {processId}, or it cannot be looked at: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}",
                "Get-Process lists the processes; run elevated for those of other accounts.");
        }
        finally
        {
            if (process != 0)
                _ = CloseHandle(process);
        }
    }

    [LibraryImport("kernel32", EntryPoint = "GetDiskFreeSpaceExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFreeBytes(string folder, out ulong available, out ulong total, out ulong free);

    [LibraryImport("kernel32", EntryPoint = "OpenProcess", SetLastError = true)]
    private static partial nint OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, int processId);

    [LibraryImport("advapi32", EntryPoint = "OpenProcessToken", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool OpenToken(nint process, uint access, out nint token);

    [LibraryImport("kernel32", EntryPoint = "CloseHandle")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);
}
