using System.Security.Cryptography;
using System.Text;
using LoggerCms.TestData;
using Microsoft.Data.Sqlite;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>Two SQLite sides, the destination stale, with a home and a temp folder of their own.</summary>
internal sealed class SqliteSides : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("loggercms-multi-").FullName;

    public SqliteSides(long rows = 4_000)
    {
        foreach (var folder in new[] { Home, Temp, SourceFolder, DestinationFolder })
            Directory.CreateDirectory(folder);
        SqliteData.Create(Source, rows);
        File.Copy(Source, Destination);
        SqliteData.MakeStale(Destination, rows);
        File.Copy(Destination, Stale);
        Before = Digest(Destination);
        After = Digest(Source);
    }

    public string Home => Path.Combine(_root, "home");

    public string Temp => Path.Combine(_root, "temp");

    public string SourceFolder => Path.Combine(_root, "a");

    public string DestinationFolder => Path.Combine(_root, "b");

    public string Source => Path.Combine(SourceFolder, "side.db");

    public string Destination => Path.Combine(DestinationFolder, "side.db");

    /// <summary>What every row of the destination was before, as one digest.</summary>
    public string Before { get; }

    /// <summary>What every row of the source is, as one digest.</summary>
    public string After { get; }

    private string Stale => Path.Combine(_root, "stale.db");

    public Host Transfer(params string[] options) => Call("transfer", [$"source=sqlite:{Source}", $"destination=sqlite:{Destination}", .. options]);

    public Host Call(string command, params string[] options) => Host.Start(Home, Temp, [command, .. options]);

    /// <summary>Makes the destination stale again.</summary>
    public void MakeStale() => File.Copy(Stale, Destination, overwrite: true);

    public string DestinationDigest() => Digest(Destination);

    /// <summary>The destination is whole and exactly as it was.</summary>
    public void MustBeAsBefore(string said, bool killed = false)
    {
        Assert.True(DestinationDigest() == Before, $"The destination is not as it was: {said}");
        MustBeWhole(killed);
    }

    /// <summary>
    /// The destination is a sound database with nothing beside it, but after a kill what the next transfer takes away: the lock file, which no longer
    /// locks, and a journal that SQLite had not begun to need.
    /// </summary>
    public void MustBeWhole(bool killed = false)
    {
        Assert.Equal("ok", Scalar(Destination, "PRAGMA integrity_check"));
        var beside = Directory.GetFiles(DestinationFolder).Select(Path.GetFileName);
        Assert.Equal(["side.db"], beside.Where(f => !killed || f is not ("side.db.loggercms-lock" or "side.db-journal")));
        Assert.Equal(["side.db"], Directory.GetFiles(SourceFolder).Select(Path.GetFileName));
    }

    /// <summary>A run without a fault completes and leaves both sides equal.</summary>
    public void SecondRunMustWork()
    {
        using var host = Transfer("mode=Rows");
        var outcome = host.WaitForEnd();
        Assert.True(outcome.Status is "Completed" or "AlreadyInState", outcome.Said);
        Assert.Equal(After, DestinationDigest());
        MustBeWhole();
    }

    /// <summary>Every file that is left in the temp and home folders is listed, or is nothing.</summary>
    public void NothingUnownedMustBeLeft()
    {
        using var host = Call("files");
        while (host.WaitFor("file ") is not null)
        {
            // Read to the end.
        }

        var owned = host.Lines.Where(l => l.StartsWith("file ", StringComparison.Ordinal)).Select(l => l.Split(' ', 3)[2]).ToHashSet(StringComparer.Ordinal);
        var there = Directory.EnumerateFiles(Temp, "*", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(Home, "*", SearchOption.AllDirectories))
            .Where(f => !Path.GetFileName(f).StartsWith("clr-debug-pipe", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("dotnet-diagnostic", StringComparison.Ordinal));
        Assert.DoesNotContain(there, f => !owned.Contains(f));
    }

    public static string Digest(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in ConfigData.Tables)
        {
            var fields = string.Join(" || '|' || ", table.Columns.Select(c => $"typeof({c.Name}) || quote({c.Name})"));
            hash.AppendData(Encoding.UTF8.GetBytes(Scalar(path, $"SELECT count(*) || group_concat(f, char(10)) FROM (SELECT {fields} AS f FROM {table.Name} ORDER BY f)")));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    public static string Scalar(string path, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString() ?? string.Empty;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
