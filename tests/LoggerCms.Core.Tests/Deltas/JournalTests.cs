using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.CrashableFiles;
using LoggerCms.Transfer.Tests.Support;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

public sealed class JournalTests
{
    private readonly CrashableDisk _disk = NewDisk(1);

    [Fact]
    public async Task What_was_appended_is_read_back_in_order_over_many_segments()
    {
        await using (var journal = DeltaJournal.Create(_disk, Folder, Header(), Small))
            await journal.AppendManyAsync(1, 300);

        Assert.True(Segments(_disk).Count > 3);
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (long)i), Keys(_disk));
        Assert.All(DeltaFolder.Inspect(_disk, Folder, CancellationToken.None), r => Assert.Equal(DeltaFileState.Clean, r.End.State));
        Assert.All(_disk.Paths, p => Assert.EndsWith(".delta", p));
    }

    [Fact]
    public async Task The_durable_key_is_told_in_order_and_before_the_append_completes()
    {
        var told = new List<long>();
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small, told.Add);
        for (var key = 1; key <= 50; key++)
        {
            await journal.AppendAsync(key);
            Assert.Equal(key, told[^1]);
        }

        Assert.Equal(told.Order(), told);
        Assert.Equal(50, journal.State.DurableKey);
    }

    [Fact]
    public async Task Appends_that_come_during_a_sync_share_the_next_one()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { SegmentBytes = 1 << 20 });
        var tasks = Enumerable.Range(1, 1000).Select(key => journal.AppendAsync(key).AsTask()).ToList();
        await Task.WhenAll(tasks);

        Assert.True(journal.State.Groups < 1000, $"{journal.State.Groups} groups");
        Assert.Equal(1000, journal.State.Records);
    }

    [Fact]
    public async Task Records_that_are_held_go_together_when_they_are_let_go()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { SegmentBytes = 1 << 20 });
        journal.Hold();
        var first = Enumerable.Range(1, 200).Select(key => journal.AppendAsync(key).AsTask()).ToList();
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (journal.State.Groups, journal.State.Records));

        journal.LetGo(andHold: true);
        await Task.WhenAll(first);
        Assert.Equal((1, 200), (journal.State.Groups, journal.State.Records));

        var second = Enumerable.Range(201, 100).Select(key => journal.AppendAsync(key).AsTask()).ToList();
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.All(second, task => Assert.False(task.IsCompleted));
        journal.LetGo(andHold: false);
        await Task.WhenAll(second);
        await journal.AppendAsync(301);
        Assert.Equal(301, journal.State.DurableKey);
    }

    [Fact]
    public async Task What_is_held_when_the_journal_is_closed_is_written()
    {
        await using (var journal = DeltaJournal.Create(_disk, Folder, Header(), Small))
        {
            journal.Hold();
            for (var key = 1; key <= 20; key++)
                journal.Append(key, Payload(key));
        }

        Assert.Equal(20, Keys(_disk).Count);
    }

    [Fact]
    public async Task A_key_that_does_not_ascend_is_refused()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small);
        await journal.AppendAsync(5);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await journal.AppendAsync(5));
        await journal.AppendAsync(6);
        Assert.Equal(6, journal.State.DurableKey);
    }

    [Fact]
    public async Task A_record_longer_than_a_segment_gets_one_of_its_own_length()
    {
        var large = new byte[100_000];
        Random.Shared.NextBytes(large);
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small);
        await journal.AppendAsync(1);
        await journal.AppendAsync(2, large);
        await journal.AppendAsync(3);

        using var reader = DeltaFolder.Read(_disk, Folder);
        Assert.True(reader.Read() && reader.Read());
        Assert.Equal(large, reader.Payload.ToArray());
        Assert.True(reader.Read());
        Assert.False(reader.Read());
    }

    [Fact]
    public async Task A_trim_removes_what_is_covered_and_begins_a_new_segment_where_all_is()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small);
        await journal.AppendManyAsync(1, 300);
        var before = Segments(_disk);

        await journal.TrimAsync(150);
        var keys = Keys(_disk);
        Assert.Equal(300, keys[^1]);
        Assert.InRange(keys[0], 2, 151);

        await journal.TrimAsync(300);
        Assert.Empty(Keys(_disk));
        Assert.DoesNotContain(Assert.Single(Segments(_disk)), before);

        await journal.AppendAsync(301);
        Assert.Equal([301L], Keys(_disk));
    }

    [Fact]
    public async Task A_clean_stop_leaves_no_file()
    {
        var journal = DeltaJournal.Create(_disk, Folder, Header(), Small);
        await journal.AppendManyAsync(1, 200);
        await journal.CloseAsync(removeAll: true);

        Assert.Empty(_disk.Paths);
        Assert.Empty(_disk.PullThePlug().Paths);
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(async () => await journal.AppendAsync(201));
        Assert.Equal(ErrorCodes.JournalFailed, refused.Code);
    }

    [Fact]
    public async Task A_journal_never_uses_a_name_that_was_there()
    {
        var names = new HashSet<string>();
        for (var run = 0; run < 3; run++)
        {
            var before = Segments(_disk).ToDictionary(p => p, _disk.ReadAll);
            await using (var journal = DeltaJournal.Create(_disk, Folder, Header(), Small))
                await journal.AppendManyAsync((run * 100) + 1, 50);
            foreach (var (path, bytes) in before)
                Assert.Equal(bytes, _disk.ReadAll(path));
            DeltaFolder.SetAside(_disk, Segments(_disk)[^1]);
            Assert.All(Segments(_disk).Except(before.Keys), p => Assert.True(names.Add(p)));
        }
    }

    [Fact]
    public async Task A_marker_is_written_once_nothing_was_appended_for_a_while()
    {
        var time = new ManualTime();
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MarkAfter = TimeSpan.FromSeconds(1) }, time: time);
        await journal.AppendAsync(1);
        await journal.AppendAsync(2);
        var before = Assert.Single(DeltaFolder.Inspect(_disk, Folder, CancellationToken.None));
        Assert.True(before.DurableEnd < before.End.Offset);

        // The thread may arm its timer only after the append completed.
        while (Assert.Single(DeltaFolder.Inspect(_disk, Folder, CancellationToken.None)).DurableEnd < before.End.Offset)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var syncs = _disk.Syncs;
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(syncs, _disk.Syncs);
    }

    [Fact]
    public async Task A_callback_that_throws_ends_the_journal_and_every_append_learns_it()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small, _ => throw new InvalidOperationException("no"));
        Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(async () => await journal.AppendAsync(1))).Code);
        Assert.Equal(ErrorCodes.JournalFailed, (await Assert.ThrowsAsync<LoggerCmsException>(async () => await journal.AppendAsync(2))).Code);
        Assert.NotNull(journal.State.FailedSince);
    }

    [Fact]
    public async Task A_journal_on_this_machines_files_is_read_back_and_owned_by_its_owner_alone()
    {
        var folder = Path.Combine(Directory.CreateTempSubdirectory("loggercms-deltas-").FullName, "deltas");
        try
        {
            await using (var journal = DeltaJournal.Create(SystemFiles.Instance, folder, Header(), new DeltaOptions { SegmentBytes = 1 << 20 }))
            {
                await Task.WhenAll(Enumerable.Range(1, 10_000).Select(key => journal.AppendAsync(key).AsTask()));
                await journal.AppendAsync(10_001);
            }

            Assert.Equal(10_001, Keys(SystemFiles.Instance, folder).Count);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
                foreach (var file in Directory.GetFiles(folder))
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        }
    }
}
