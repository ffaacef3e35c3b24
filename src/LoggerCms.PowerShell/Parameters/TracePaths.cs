using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Makes files of the paths, wildcards and folders that a user names traces by.</summary>
internal static class TracePaths
{
    /// <summary>The files in ordinal order, each once.</summary>
    /// <param name="paths">The shell's paths.</param>
    /// <param name="given">What the user wrote.</param>
    /// <param name="isLiteral">No character of it is a wildcard.</param>
    /// <param name="takesFolders">A folder stands for the files in it.</param>
    /// <exception cref="LoggerCmsException">TraceNotFound, or InvalidOption for a path of another provider.</exception>
    public static IReadOnlyList<string> Resolve(PathIntrinsics paths, string given, bool isLiteral, bool takesFolders)
    {
        IEnumerable<string> found;
        if (isLiteral || !WildcardPattern.ContainsWildcardCharacters(given))
        {
            found = [ShellPath.Resolve(paths, given)];
        }
        else
        {
            // Resolved first to refuse other providers in one way; then by the shell, which knows its own wildcards.
            _ = ShellPath.Resolve(paths, given);
            try
            {
                found = paths.GetResolvedProviderPathFromPSPath(given, out _);
            }
            catch (ItemNotFoundException)
            {
                found = [];
            }
        }

        var files = found.SelectMany(path => takesFolders && Directory.Exists(path) ? Directory.EnumerateFiles(path) : [path])
            .Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal).ToList();
        return files.Count > 0
            ? files
            : throw new LoggerCmsException(
                ErrorCodes.TraceNotFound, $"'{given}' names no file.", $"Get-ChildItem '{given.Replace("'", "''", StringComparison.Ordinal)}'");
    }
}
