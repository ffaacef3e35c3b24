using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.CrashableFiles;
using LoggerCms.Transfer.Tests.Support;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>A journal whose disk fails and comes back.</summary>
public sealed class FaultTests
{
    private readonly CrashableDisk _disk = NewDisk(3);

    [Fact]
    public async Task After_a_sync_that_failed_the_group_is_in_the_next_segment_and_the_file_is_never_synced_again()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 3);
        var first = Path.GetFileNameWithoutExtension(Assert.Single(Segments(_disk)));
        _disk.Begin(new CrashPlan { FailSyncAt = 1 });
        await journal.AppendManyAsync(4, 2);
        Assert.Single(_disk.Operations, o => o.StartsWith($"sync {first}", StringComparison.Ordinal));

        Assert.Null(journal.State.FailedSince);
        Assert.Equal(2, Segments(_disk).Count);
        Assert.Equal([1L, 2, 3, 4, 5], Keys(_disk));
        Assert.Equal([1L, 2, 3, 4, 5], Keys(_disk.PullThePlug()));
    }

    [Fact]
    public async Task Files_that_were_removed_under_the_journal_are_put_back_before_anything_more_is_acknowledged()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 100);
        var segments = Segments(_disk);
        Assert.True(segments.Count > 2, $"{segments.Count} segments");
        foreach (var path in segments)
            _disk.Delete(path);
        await journal.AppendAsync(101);

        Assert.Equal(Enumerable.Range(1, 101).Select(k => (long)k), Keys(_disk));
        Assert.Equal(Keys(_disk), Keys(_disk.PullThePlug()));
        Assert.Null(journal.State.FailedSince);
    }

    [Fact]
    public async Task A_file_that_was_removed_is_put_back_with_the_marker_too()
    {
        var time = new ManualTime();
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromSeconds(1) }, time: time);
        await journal.AppendManyAsync(1, 3);
        _disk.Delete(Assert.Single(Segments(_disk)));
        await AdvanceUntilAsync(time, () => Segments(_disk).Count > 0);
        await journal.AppendAsync(4);
        Assert.Equal([1L, 2, 3, 4], Keys(_disk.PullThePlug()));
    }

    [Fact]
    public async Task What_was_trimmed_is_not_put_back()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 100);
        await journal.TrimAsync(60);
        var left = Keys(_disk);
        Assert.InRange(left[0], 2, 61);
        _disk.Delete(Segments(_disk)[0]);
        await journal.AppendAsync(101);
        await journal.AppendManyAsync(102, 60);
        Assert.Equal(left[0], Keys(_disk)[0]);
        Assert.Equal(161, Keys(_disk)[^1]);
    }

    [Fact]
    public async Task A_folder_that_was_removed_is_made_again_with_what_was_in_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "A file in use is not removed there, or does not tell.");
        var root = Directory.CreateTempSubdirectory("loggercms-journal-").FullName;
        try
        {
            var folder = Path.Combine(root, "deltas");
            await using var journal = DeltaJournal.Create(SystemFiles.Instance, folder, Header(), Small with { MakeAhead = false });
            await journal.AppendManyAsync(1, 100);
            Directory.Delete(folder, recursive: true);
            await journal.AppendAsync(101);
            Assert.Equal(Enumerable.Range(1, 101).Select(k => (long)k), Keys(SystemFiles.Instance, folder));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task What_failed_in_the_file_that_was_given_up_is_void()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 3);
        _disk.Begin(new CrashPlan { FailSyncAt = 1 });
        await journal.AppendAsync(4);

        var reports = DeltaFolder.Inspect(_disk, Folder, CancellationToken.None);
        Assert.Equal([3L, 1L], reports.Select(r => r.Records));
        Assert.Contains("void", reports[0].End.Reason, StringComparison.Ordinal);

        var told = DeltaFiles.Find(_disk, Folder, CancellationToken.None).SelectMany(file => DeltaRecords.Read(_disk, file));
        Assert.Equal([1L, 2, 3, 4], told.Select(r => r.UpdateKey));

        // Alone, without the segment that says so, the file still reads as it stands.
        Assert.Equal(4, DeltaFolder.InspectFile(_disk, reports[0].Path, CancellationToken.None).Records);
    }

    [Fact]
    public async Task A_full_disk_fails_the_append_by_type_and_the_journal_goes_on_once_there_is_room()
    {
        var time = new ManualTime();
        var options = Small with { MakeAhead = false, FailAfter = TimeSpan.FromSeconds(5), RetryEvery = TimeSpan.FromSeconds(1), MarkAfter = TimeSpan.FromHours(1) };
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), options, time: time);
        await journal.AppendAsync(1, new byte[7000]);
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });

        // It needs the next segment, which there is no room for.
        var waiting = journal.AppendAsync(2, new byte[7000]).AsTask();
        await AdvanceUntilAsync(time, () => waiting.IsCompleted);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => waiting);
        Assert.Equal(ErrorCodes.JournalFailed, failure.Code);
        Assert.Contains("disk full", failure.Message, StringComparison.Ordinal);
        Assert.Contains(Folder, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Remedy);
        Assert.True(time.Now >= TimeSpan.FromSeconds(5), $"It gave up after {time.Now}.");
        Assert.NotNull(journal.State.FailedSince);

        // Longer than the bound without room: now an append fails at the next try.
        waiting = journal.AppendAsync(3).AsTask();
        await AdvanceUntilAsync(time, () => waiting.IsCompleted);
        await Assert.ThrowsAsync<LoggerCmsException>(() => waiting);

        _disk.MakeRoom();
        waiting = journal.AppendAsync(4).AsTask();
        await AdvanceUntilAsync(time, () => waiting.IsCompleted);
        await waiting;
        Assert.Null(journal.State.FailedSince);

        using var reader = DeltaFolder.Read(_disk.PullThePlug(), Folder);
        var keys = new List<long>();
        while (reader.Read())
            keys.Add(reader.Key);
        Assert.Equal([1L, 4L], keys);
    }

    [Fact]
    public async Task Appends_wait_for_room_within_the_bound_and_none_fails()
    {
        var time = new ManualTime();
        var options = Small with { FailAfter = TimeSpan.FromSeconds(60), RetryEvery = TimeSpan.FromMilliseconds(10), MarkAfter = TimeSpan.FromHours(1) };
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), options, time: time);
        await journal.AppendManyAsync(1, 5);
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });
        var waiting = Enumerable.Range(6, 20).Select(key => journal.AppendAsync(key).AsTask()).ToList();
        await AdvanceUntilAsync(time, () => time.Now >= TimeSpan.FromSeconds(1));
        Assert.All(waiting, t => Assert.False(t.IsCompleted));

        _disk.MakeRoom();
        await AdvanceUntilAsync(time, () => waiting.All(t => t.IsCompleted));
        await Task.WhenAll(waiting);
        Assert.Equal(Enumerable.Range(1, 25).Select(i => (long)i), Keys(_disk.PullThePlug()));
    }

    [Fact]
    public async Task What_was_written_and_then_could_not_be_told_is_unknown_and_void_once_the_journal_goes_on()
    {
        var time = new ManualTime();
        var options = Small with { MakeAhead = false, FailAfter = TimeSpan.Zero, RetryEvery = TimeSpan.FromMilliseconds(10), MarkAfter = TimeSpan.FromHours(1) };
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), options, time: time);
        await journal.AppendAsync(1);

        // The write goes through, its sync does not, and then there is no room for another file.
        _disk.Begin(new CrashPlan { FailSyncAt = 1, FullAtWrite = 2 });
        var waiting = journal.AppendAsync(2).AsTask();
        await AdvanceUntilAsync(time, () => waiting.IsCompleted);
        Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(() => waiting)).Code);

        _disk.MakeRoom();
        waiting = journal.AppendAsync(3).AsTask();
        await AdvanceUntilAsync(time, () => waiting.IsCompleted);
        await waiting;
        Assert.Equal([1L, 3L], Keys(_disk.PullThePlug()));
    }

    [Fact]
    public async Task A_close_while_nothing_can_be_written_ends_and_fails_what_waits()
    {
        var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { FailAfter = TimeSpan.FromHours(1) }, time: new ManualTime());
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });
        var waiting = journal.AppendAsync(1).AsTask();
        await journal.CloseAsync(removeAll: false);
        Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(() => waiting)).Code);
    }

    [Fact]
    public async Task A_trim_does_not_wait_for_a_disk_that_is_full()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { FailAfter = TimeSpan.FromHours(1), MakeAhead = false }, time: new ManualTime());
        await journal.AppendManyAsync(1, 200);
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });
        await journal.TrimAsync(200);
        Assert.Single(Segments(_disk));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_typed_when_the_journal_is_made()
    {
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });
        var failure = Assert.Throws<LoggerCmsException>(() => DeltaJournal.Create(_disk, Folder, Header(), Small));
        Assert.Equal(ErrorCodes.JournalFailed, failure.Code);
        Assert.Empty(_disk.Paths);
    }

    private static async Task AdvanceUntilAsync(ManualTime time, Func<bool> done)
    {
        while (!done())
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }
}
