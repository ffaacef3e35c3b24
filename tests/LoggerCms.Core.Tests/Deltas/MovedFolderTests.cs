using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>A journal whose folder, or one above it, is not where it was: what is acknowledged has to be where a later start looks.</summary>
public sealed class MovedFolderTests : IDisposable
{
    private static readonly DeltaOptions Options = Small with { MakeAhead = false };

    private readonly string _root = Directory.CreateTempSubdirectory("loggercms-moved-").FullName;

    private string Data => Path.Combine(_root, "node");

    private string Deltas => Path.Combine(Data, "deltas");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_data_folder_was_moved_nothing_is_acknowledged_until_it_is_back(bool isReplaced)
    {
        SkipWhereItCannotBeTold();
        Directory.CreateDirectory(Data);
        await using var journal = DeltaJournal.Create(SystemFiles.Instance, Deltas, Header(), Options);
        await journal.AppendManyAsync(1, 20);
        var moved = Data + ".moved";
        Directory.Move(Data, moved);
        if (isReplaced)
            Directory.CreateDirectory(Deltas);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => journal.AppendAsync(21).AsTask());
        Assert.Contains(failure.Code, (string[])[ErrorCodes.JournalFailed, ErrorCodes.OutcomeUnknown]);
        Assert.Contains("moved", journal.State.Failure, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(Data) ? Directory.GetFiles(Data, "*", SearchOption.AllDirectories) : []);

        if (isReplaced)
            Directory.Delete(Data, recursive: true);
        Directory.Move(moved, Data);
        await AppendInTheEndAsync(journal, 22);
        Assert.Equal([.. Enumerable.Range(1, 20).Select(k => (long)k), 22], Keys(SystemFiles.Instance, Deltas).Where(k => k != 21));
    }

    [Fact]
    public async Task A_copy_in_the_place_of_the_delta_folder_gets_what_is_acknowledged()
    {
        SkipWhereItCannotBeTold();
        Directory.CreateDirectory(Data);
        await using var journal = DeltaJournal.Create(SystemFiles.Instance, Deltas, Header(), Options);
        await journal.AppendManyAsync(1, 100);
        var copy = Directory.CreateDirectory(Deltas + ".copy").FullName;
        foreach (var file in Directory.GetFiles(Deltas))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        Directory.Move(Deltas, Deltas + ".away");
        Directory.Move(copy, Deltas);
        await journal.AppendAsync(101);
        Assert.Equal(Enumerable.Range(1, 101).Select(k => (long)k), Keys(SystemFiles.Instance, Deltas));
    }

    [Fact]
    public async Task Where_the_delta_folder_was_unmounted_nothing_is_acknowledged_below_it()
    {
        var disk = NewDisk(5);
        await using var journal = DeltaJournal.Create(disk, Folder, Header(), Options);
        await journal.AppendManyAsync(1, 3);
        var path = Assert.Single(Segments(disk));
        var mounted = disk.ReadAll(path);
        disk.Delete(path);
        disk.MountedVolume = "2";
        await Assert.ThrowsAsync<LoggerCmsException>(() => journal.AppendAsync(4).AsTask());
        Assert.Empty(Segments(disk));

        disk.MountedVolume = "1";
        disk.Put(path, mounted);
        await AppendInTheEndAsync(journal, 5);
        Assert.Equal([1L, 2, 3, 5], Keys(disk).Where(k => k != 4));
    }

    private static async Task AppendInTheEndAsync(DeltaJournal journal, long key)
    {
        while (true)
        {
            try
            {
                await journal.AppendAsync(key);
                return;
            }
            catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.JournalFailed)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
        }
    }

    private static void SkipWhereItCannotBeTold()
        => Assert.SkipWhen(SystemFiles.Instance.Mark(Path.GetTempPath()) is null, "The file system of the temporary folder does not tell a folder from another.");
}
