namespace LoggerCms.Core;

/// <summary>The owner-only folder of what this machine keeps: <c>LOGGERCMS_HOME</c>, otherwise <c>loggercms</c> in the user's local application data.</summary>
internal static class LoggerHome
{
    private const string Variable = "LOGGERCMS_HOME";

    /// <param name="name">The folder in it.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    /// <exception cref="LoggerCmsException">InvalidOption: the environment has no full path.</exception>
    public static string Folder(string name, string? home = null)
    {
        home ??= Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(home))
            return Path.Combine(OfUser(), name);

        // A node's working folder is its data folder, and a shell's is where it was started: each would have another home.
        return Path.IsPathFullyQualified(home) ? Path.Combine(home, name) : throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"{Variable} is '{home}', which is no full path: each process would take it from its own working folder.",
            $"Give the full path of a folder, at the shell: $env:{Variable} = \"$PWD/{home}\"; or take it away: Remove-Item Env:{Variable}");
    }

    /// <summary>The user's own, whatever the environment says.</summary>
    public static string OfUser()
        => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "loggercms");
}
