using System.Globalization;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>A folder for everything that a run makes; gone afterwards.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly bool _owned;

    public Workspace(string? path)
    {
        _owned = path is null;
        Root = path ?? System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"loggercms-versus-{Environment.ProcessId}"));
        Directory.CreateDirectory(Root);

        // The servers run as accounts of their own, which have to get through to their folders.
        if (!OperatingSystem.IsWindows() && _owned)
            File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
    }

    public string Root { get; }

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    /// <exception cref="CommandFailedException">There is less room than the data needs.</exception>
    public void Require(long bytes)
    {
        var free = new DriveInfo(Root).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new CommandFailedException(string.Create(
                CultureInfo.InvariantCulture, $"'{Root}' has {free / 1e9:0.0} GB free and {bytes / 1e9:0.0} GB are needed; give --work or fewer --rows."));
        }
    }

    public void Dispose()
    {
        if (_owned)
            Directory.Delete(Root, recursive: true);
    }
}
