using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Resolves what the user typed against the shell's location and drives, not the process's folder.</summary>
internal static class ShellPath
{
    public static string Resolve(PathIntrinsics paths, string path)
    {
        string resolved;
        ProviderInfo provider;
        try
        {
            resolved = paths.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or NotSupportedException)
        {
            throw NotAPath(path, e.Message);
        }

        return provider.Name == "FileSystem" ? resolved : throw NotAPath(path, $"it belongs to the provider {provider.Name}");
    }

    private static LoggerCmsException NotAPath(string path, string why)
        => new(
            ErrorCodes.InvalidOption,
            $"'{path}' is not a path of the file system: {why}",
            "Give a path on a file system drive, absolute or relative to the current location.");
}
