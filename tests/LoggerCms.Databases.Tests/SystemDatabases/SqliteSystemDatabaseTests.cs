using System.Diagnostics;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed class SqliteSystemDatabaseTests() : SystemDatabaseContract(new SqliteMake())
{
    [Fact]
    public async Task A_missing_file_and_its_folders_are_made_for_their_owner_only_and_stay_one_file()
    {
        using var folder = new TestFolder();
        var path = folder.File("a/b/system.db");
        await using (var system = SystemAt(path))
        {
            await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => system.ReadStateAsync(Token));
            await system.PrepareAsync(Token);
            await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
            await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.File("a/b")));
        }

        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_untouched()
    {
        using var folder = new TestFolder();
        var path = folder.File("text.db");
        var text = string.Concat(Enumerable.Repeat("This is not a database. ", 100));
        await File.WriteAllTextAsync(path, text, Token);
        await using var system = SystemAt(path);
        await Sides.FailsAsync(ErrorCodes.NotADatabase, () => system.PrepareAsync(Token));
        Assert.Equal(text, await File.ReadAllTextAsync(path, Token));
    }

    [Fact]
    public async Task A_file_that_went_away_is_not_made_again_by_a_flush()
    {
        using var folder = new TestFolder();
        var path = folder.File("system.db");
        await using var system = SystemAt(path);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        File.Move(path, path + ".away");
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => system.FlushAsync(Batches.Put(1, 2, Batches.Object(2)), Token));
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => system.FindAsync(1, Token));
        Assert.False(File.Exists(path));
        File.Move(path + ".away", path);
        await system.FlushAsync(Batches.Put(1, 2, Batches.Object(2)), Token);
        Assert.Equal([1L, 2L], (await LoadAsync(system)).Select(o => o.Id));
    }

    [Fact]
    public async Task A_file_that_goes_away_in_the_middle_of_a_flush_is_noticed_before_the_commit()
    {
        using var folder = new TestFolder();
        var path = folder.File("system.db");
        await using var system = SystemAt(path);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
        var batch = Batches.Put(1, 2, Batches.Object(2)) with { PutLocal = new ActingList(() => File.Move(path, path + ".away")) };
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => system.FlushAsync(batch, Token));
        File.Move(path + ".away", path);
        Assert.Equal(0, (await system.ReadStateAsync(Token)).LastUpdateKey);
    }

    [Fact]
    public async Task Another_writers_lock_is_named_and_the_flush_goes_after_it()
    {
        var database = await NewAsync();
        await using var system = SystemAt(((SqliteTestDatabase)database).Path);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
        await using (var other = await database.ConnectAsync())
        {
            await Makes.TestDatabase.ExecuteAsync(other, "BEGIN IMMEDIATE");
            await Sides.FailsAsync(ErrorCodes.DestinationInUse, () => system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
            await Makes.TestDatabase.ExecuteAsync(other, "ROLLBACK");

            // A reader lets the flush go as far as its COMMIT.
            await Makes.TestDatabase.ExecuteAsync(other, "BEGIN");
            await using var read = other.CreateCommand();
            read.CommandText = "SELECT count(*) FROM cms_object";
            await read.ExecuteScalarAsync(Token);
            await Sides.FailsAsync(ErrorCodes.DestinationInUse, () => system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
            await Makes.TestDatabase.ExecuteAsync(other, "ROLLBACK");
        }

        Assert.Empty(await LoadAsync(system));
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        Assert.Single(await LoadAsync(system));
    }

    [Fact]
    public async Task On_a_full_disk_nothing_half_is_written_and_it_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A small tmpfs takes Linux and root.");
        using var folder = new TestFolder();
        var mount = Directory.CreateDirectory(folder.File("small")).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount) == 0, "No tmpfs can be mounted here.");
        try
        {
            await using var system = SystemAt(Path.Combine(mount, "system.db"));
            await system.PrepareAsync(Token);
            await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
            await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
            var ballast = Path.Combine(mount, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[1024 * 1024], Token);
            var large = Batches.Put(1, 2, [.. Enumerable.Range(1, 2000).Select(i => Batches.Object(i, version: 2, properties: new byte[500]))]);
            await Sides.FailsAsync(ErrorCodes.DiskFull, () => system.FlushAsync(large, Token));
            Assert.Equal(Batches.Show([Batches.Object(1)]), Batches.Show(await LoadAsync(system)));
            Assert.Equal(1, (await system.ReadStateAsync(Token)).LastUpdateKey);
            File.Delete(ballast);
            Assert.Equal(0, Run("mount", "-o", "remount,size=16m", mount));
            await system.FlushAsync(large, Token);
            Assert.Equal(2000, (await system.ReadStateAsync(Token)).Objects);
        }
        finally
        {
            Run("umount", mount);
        }
    }

    [Fact]
    public async Task A_database_on_a_read_only_mount_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A read-only mount takes Linux and root.");
        using var folder = new TestFolder();
        var mount = Directory.CreateDirectory(folder.File("small")).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount) == 0, "No tmpfs can be mounted here.");
        try
        {
            await using (var system = SystemAt(Path.Combine(mount, "system.db")))
            {
                await system.PrepareAsync(Token);
                await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
            }

            Assert.Equal(0, Run("mount", "-o", "remount,ro", mount));
            await using var again = SystemAt(Path.Combine(mount, "system.db"));
            await again.PrepareAsync(Token);
            await Sides.FailsAsync(ErrorCodes.AccessDenied, () => again.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
            Assert.Equal(1, (await again.ReadStateAsync(Token)).Lease!.Epoch);
        }
        finally
        {
            Run("umount", mount);
        }
    }

    private static SqliteSystemDatabase SystemAt(string path) => new(new SideConnection(SideProvider.Sqlite, path), TimeSpan.FromMilliseconds(200));

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Does something when the flush comes to it.</summary>
    private sealed class ActingList(Action act) : IReadOnlyList<LocalEntry>
    {
        public int Count => 0;

        public LocalEntry this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<LocalEntry> GetEnumerator()
        {
            act();
            yield break;
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
