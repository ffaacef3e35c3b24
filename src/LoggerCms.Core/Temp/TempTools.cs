using LoggerCms.Core.Temp.Linux;
using LoggerCms.Core.Temp.Windows;

namespace LoggerCms.Core.Temp;

/// <summary>The checks and repairs of temp folders, on the system that this is.</summary>
public sealed class TempTools : ITempTools
{
    private readonly ITempPlatform _platform;
    private readonly TempRepair _repair;

    /// <param name="time">The clock.</param>
    public TempTools(TimeProvider time)
        : this(ThisPlatform(), new AclStore(time))
    {
    }

    internal TempTools(ITempPlatform platform, AclStore store)
    {
        _platform = platform;
        _repair = new TempRepair(platform, store);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TempAccessCheck>> TestAsync(TempAccessRequest request, CancellationToken cancellationToken)
    {
        if (new object?[] { request.Account, request.ProcessId, request.ServiceName }.Count(o => o is not null) > 1)
            throw Invalid("Account, process and service exclude each other.", "Give one of -Account, -ProcessId and -ServiceName.");
        if (request.RequiredBytes < 0)
            throw Invalid($"-RequiredBytes {request.RequiredBytes} is not a size.", "Give bytes, or 0 for any.");
        if (request.Path.FirstOrDefault(p => !Path.IsPathFullyQualified(p)) is { } relative)
            throw Invalid($"'{relative}' is not an absolute path.", "Give the whole path.");

        var subject = await _platform.FindAsync(request, cancellationToken).ConfigureAwait(false);
        var checks = new List<TempAccessCheck>();
        foreach (var folder in subject.Folders)
        {
            if (subject is UnknownSubject unknown)
            {
                var list = new TempCheckList(unknown.Folder, unknown.Account);
                list.Unknown("Subject", TempCheckMethod.Read, unknown.Why, unknown.Remedy);
                checks.AddRange(list.Finish());
                continue;
            }

            checks.AddRange(await _platform.CheckAsync(subject, folder, request.RequiredBytes, cancellationToken).ConfigureAwait(false));
        }

        return checks;
    }

    /// <inheritdoc/>
    public Task<TempAclResult> RepairAsync(TempRepairRequest request, CancellationToken cancellationToken) => _repair.RepairAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<TempAclResult> RestoreAsync(TempRestoreRequest request, CancellationToken cancellationToken) => _repair.RestoreAsync(request, cancellationToken);

    internal static ITempPlatform ThisPlatform()
    {
        if (OperatingSystem.IsLinux())
            return new LinuxTempPlatform();
        if (OperatingSystem.IsWindows())
            return new WindowsTempPlatform();
        throw new LoggerCmsException(
            ErrorCodes.FormatNotSupported,
            "Temp folders are checked and repaired on Linux and Windows only.",
            "Look at the folder with this system's own tools: ls -lde on macOS.");
    }

    private static LoggerCmsException Invalid(string what, string remedy) => new(ErrorCodes.InvalidOption, what, remedy);
}
