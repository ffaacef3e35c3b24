using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;
using LoggerCms.Node.Tests.Support;

namespace LoggerCms.Node.Tests.Torture;

internal sealed class SurvivingFake : ISurvivingDatabase
{
    private FakeSystemDatabase _now = new();
    private FakeSystemDatabase? _survivor;

    public ISystemDatabase Open() => _now;

    public void TakeWhatSurvives() => _survivor = _now.Copy();

    public void Restart(bool crashed) => _now = crashed ? _survivor! : _now;
}

/// <summary>A SQLite file, copied between two calls: within one, SQLite's own journal answers for it.</summary>
internal sealed class SurvivingFile : ISurvivingDatabase, IDisposable
{
    private static readonly string[] Parts = ["", "-journal"];

    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-node-").FullName;

    private string Now => Path.Combine(_folder, "system.db");

    private string Kept => Path.Combine(_folder, "kept.db");

    public ISystemDatabase Open() => SystemDatabaseFactory.Open(new SideConnection(SideProvider.Sqlite, Now));

    public void TakeWhatSurvives() => Copy(Now, Kept);

    public void Restart(bool crashed)
    {
        if (crashed)
            Copy(Kept, Now);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Copy(string from, string to)
    {
        foreach (var part in Parts)
        {
            File.Delete(to + part);
            if (File.Exists(from + part))
                File.Copy(from + part, to + part);
        }
    }
}
