namespace LoggerCms.Core;

/// <summary>The owner-only folder of what this machine keeps: <c>LOGGERCMS_HOME</c>, otherwise <c>loggercms</c> in the user's local application data.</summary>
internal static class LoggerHome
{
    /// <param name="name">The folder in it.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    public static string Folder(string name, string? home = null)
    {
        home ??= Environment.GetEnvironmentVariable("LOGGERCMS_HOME");
        return Path.Combine(string.IsNullOrEmpty(home) ? OfUser() : home, name);
    }

    /// <summary>The user's own, whatever the environment says.</summary>
    public static string OfUser()
        => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "loggercms");
}
