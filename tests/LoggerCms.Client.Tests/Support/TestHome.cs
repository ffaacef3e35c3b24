using System.Runtime.CompilerServices;

namespace LoggerCms.Client.Tests.Support;

/// <summary>Profiles of nodes under test go where no user's are.</summary>
internal static class TestHome
{
    private static readonly string s_folder = Directory.CreateTempSubdirectory("loggercms-client-").FullName;

    [ModuleInitializer]
    internal static void Initialize()
    {
        Environment.SetEnvironmentVariable("LOGGERCMS_HOME", s_folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(s_folder, recursive: true);
    }

    public static string NewFolder() => Directory.CreateDirectory(Path.Combine(s_folder, Guid.NewGuid().ToString("N"))).FullName;
}
