namespace LoggerCms.Core.Temp.Linux;

/// <summary>An account and folders of Linux.</summary>
/// <param name="Who">The account.</param>
/// <param name="View">Whose root and mounts count.</param>
/// <param name="Folders">In the view, or paths of this machine that lead into another one.</param>
/// <param name="Note">What is not sure about them; null where nothing is.</param>
internal sealed record LinuxSubject(LinuxAccount Who, FolderView View, IReadOnlyList<string> Folders, string? Note = null) : TempSubject(Who.Name, Folders);

/// <summary>Temp folders on Linux.</summary>
internal sealed class LinuxTempPlatform : ITempPlatform
{
    public Task<TempSubject> FindAsync(TempAccessRequest request, CancellationToken cancellationToken) => request switch
    {
        { ServiceName: { } service } => OfServiceAsync(service, request.Path, cancellationToken),
        { ProcessId: { } process } => Task.FromResult(OfProcess(process, request.Path)),
        _ => Task.FromResult<TempSubject>(OfAccount(request.Account, request.Path)),
    };

    public Task<IReadOnlyList<TempAccessCheck>> CheckAsync(TempSubject subject, string folder, long requiredBytes, CancellationToken cancellationToken)
    {
        var linux = (LinuxSubject)subject;
        var (view, path) = ViewOf(linux, folder);
        return new LinuxChecks(linux.Who, view, path, requiredBytes, linux.Note).RunAsync(cancellationToken);
    }

    public async Task<TempAccessCheck> CheckTraverseAsync(TempSubject subject, string folder, CancellationToken cancellationToken)
    {
        var linux = (LinuxSubject)subject;
        var (view, path) = ViewOf(linux, folder);
        return await new LinuxChecks(linux.Who, view, path, 0, null).TraverseAsync(cancellationToken).ConfigureAwait(false);
    }

    public IAclFolder Open(string path, string account) => LinuxAclFolder.Open(path, account);

    /// <summary>What systemctl said, as a subject. A service that runs is looked at through its main process.</summary>
    internal static TempSubject OfUnit(SystemdUnit unit, IReadOnlyList<string> paths)
    {
        if (unit.MainProcess > 0)
            return OfProcess(unit.MainProcess, paths);
        IReadOnlyList<string> folders = paths.Count > 0 ? paths : [unit.Temp ?? ServiceProcess.DefaultTemp];
        var folder = folders[0];
        var start = $"systemctl start {TempRemedy.Quote(unit.Name)}; Test-TempAccess -ServiceName {TempRemedy.Quote(unit.Name)}";
        if (unit.HasDynamicUser)
            return new UnknownSubject(unit.Name, folder, $"service {unit.Name} does not run, and gets its account when it starts", start);
        var account = LinuxAccount.ByName(unit.User);
        if (unit.HasPrivateTemp && folders.FirstOrDefault(IsShared) is { } shared)
            return new UnknownSubject(account.Name, shared, $"service {unit.Name} does not run, and gets a private {shared} when it starts", start);
        return new LinuxSubject(account, FolderView.Own, folders, $"service {unit.Name} does not run; what its environment files set is not known");
    }

    /// <summary>What PrivateTmp= replaces.</summary>
    private static bool IsShared(string path)
        => new[] { "/tmp", "/var/tmp" }.Any(t => path == t || path.StartsWith(t + "/", StringComparison.Ordinal));

    private static async Task<TempSubject> OfServiceAsync(string service, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var (unit, why) = await SystemdUnit.FindAsync(service, cancellationToken).ConfigureAwait(false);
        return unit is not null
            ? OfUnit(unit, paths)
            : new UnknownSubject(
                service,
                paths.Count > 0 ? paths[0] : string.Empty,
                $"the account and the temp folder of service {service} are not known: {why}",
                "Get-Process | Sort-Object StartTime # then Test-TempAccess -ProcessId with the service's process");
    }

    private static TempSubject OfProcess(int processId, IReadOnlyList<string> paths)
    {
        var account = ServiceProcess.Account(processId);
        if (ServiceProcess.View(processId) is not { } view)
            return NotReadable("root and mounts");
        if (paths.Count > 0)
            return new LinuxSubject(account, view, paths);
        if (!ServiceProcess.TryReadTemp(processId, out var folder))
            return NotReadable("environment");
        if (!string.IsNullOrEmpty(folder) && !folder.StartsWith('/'))
        {
            return new UnknownSubject(
                account.Name, folder, $"TMPDIR of process {processId} is '{folder}', which means another folder wherever the process goes", "Set the service's TMPDIR to an absolute path.");
        }

        return new LinuxSubject(account, view, [string.IsNullOrEmpty(folder) ? ServiceProcess.DefaultTemp : folder]);

        UnknownSubject NotReadable(string what) => new(
            account.Name,
            paths.Count > 0 ? paths[0] : string.Empty,
            $"the {what} of process {processId} cannot be read by {LinuxAccount.Current().Name}",
            TempRemedy.AsRoot($"Test-TempAccess -ProcessId {processId}"));
    }

    private static LinuxSubject OfAccount(string? name, IReadOnlyList<string> paths)
    {
        var current = LinuxAccount.Current();
        var account = name is null ? current : LinuxAccount.ByName(name);

        // The groups of this very process count for it; those of the account may have been changed since it started.
        if (account.User == current.User)
            account = current;
        if (paths.Count > 0)
            return new LinuxSubject(account, FolderView.Own, paths);
        return account.User == current.User
            ? new LinuxSubject(account, FolderView.Own, [Path.TrimEndingDirectorySeparator(Path.GetTempPath())])
            : new LinuxSubject(account, FolderView.Own, [ServiceProcess.DefaultTemp], "the account's environment is not known; this is where a process without TMPDIR goes");
    }

    private static (FolderView View, string Path) ViewOf(LinuxSubject subject, string folder)
        => subject.View == FolderView.Own ? FolderView.Of(folder) : (subject.View, folder);
}
