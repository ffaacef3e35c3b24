using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests;

/// <summary>
/// What a real transfer asks of the kernel, and in which order: the page cache survives a kill, so that only this shows on a real machine
/// that what must be on the disk before the destination's COMMIT is.
/// </summary>
public sealed class SyncOrderTests
{
    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public void The_undo_file_is_on_the_disk_before_the_destination_commits(string journal)
    {
        var missing = SystemCalls.Missing();
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
        using var sides = new SqliteSides();
        SqliteSides.Scalar(sides.Destination, $"PRAGMA journal_mode = {journal}");
        var log = Path.Combine(sides.Home, "..", "strace.log");
        Guid id;
        using (var host = SystemCalls.Start(log, sides.Home, sides.Temp, "transfer", $"source=sqlite:{sides.Source}", $"destination=sqlite:{sides.Destination}", "mode=Rows", "spool=File"))
        {
            var outcome = host.WaitForEnd();
            outcome.MustBe("Completed");
            id = outcome.Id!.Value;
        }

        Assert.Equal(sides.After, sides.DestinationDigest());
        var calls = SystemCalls.Read(log);
        var commit = journal == "WAL" ? CommitOfLog(calls, sides.Destination + "-wal") : CommitOfJournal(calls, sides.Destination);

        var transfers = Path.Combine(sides.Home, "transfers");
        var undone = CompletionOf(calls, transfers, $"{id:N}.undo");
        Assert.True(undone.Ended < commit.Began, $"The undo file was durable at line {undone.Ended}, and COMMIT came at {commit.Began}.");
        var spooled = CompletionOf(calls, sides.Temp, $"loggercms-{id:N}.spool");
        Assert.True(spooled.Ended < calls.First(c => c.Writes(sides.Destination) || c.Writes(sides.Destination + "-wal")).Began, "The destination was written before the spool was durable.");

        // The record names the spool, the undo file and the end, each time durable before what comes next.
        var records = calls.Where(c => c.Renames(Path.Combine(transfers, $"{id:N}.json.partial"), Path.Combine(transfers, $"{id:N}.json"))).ToList();
        Assert.True(records.Count >= 4, $"The record was written {records.Count} times.");
        Assert.All(records, r => Assert.Contains(calls, c => c.Syncs(transfers) && c.Began > r.Ended));
        Assert.Contains(records, r => r.Ended < calls.First(c => c.Writes(Path.Combine(sides.Temp, $"loggercms-{id:N}.spool.partial"))).Began);
        Assert.Contains(records, r => r.Began > undone.Ended && calls.Any(c => c.Syncs(transfers) && c.Began > r.Ended && c.Ended < commit.Began));
        Assert.Contains(records, r => r.Began > commit.Ended);
    }

    /// <summary>With a rollback journal a transaction is committed when the journal goes, and for good when its folder is synced.</summary>
    private static SystemCall CommitOfJournal(List<SystemCall> calls, string destination)
    {
        var commit = Assert.Single(calls, c => c.Unlinks(destination + "-journal"));
        Assert.Contains(calls, c => c.Syncs(destination) && c.Ended < commit.Began);
        Assert.Contains(calls, c => c.Syncs(Path.GetDirectoryName(destination)!) && c.Began > commit.Ended);
        return commit;
    }

    /// <summary>With a write-ahead log it is committed by its last frame, and for good when the log is synced behind it.</summary>
    private static SystemCall CommitOfLog(List<SystemCall> calls, string log)
    {
        var commit = calls.Last(c => c.Writes(log));
        Assert.Contains(calls, c => c.Syncs(log) && c.Began > commit.Ended);
        return commit;
    }

    /// <summary>Written, synced, given its name, and its folder synced, in this order and once each.</summary>
    /// <returns>The last of these.</returns>
    private static SystemCall CompletionOf(List<SystemCall> calls, string folder, string name)
    {
        var (path, partial) = (Path.Combine(folder, name), Path.Combine(folder, name + ".partial"));
        var written = calls.Last(c => c.Writes(partial));
        var synced = Assert.Single(calls, c => c.Syncs(partial));
        var renamed = Assert.Single(calls, c => c.Renames(partial, path));
        var folderSynced = calls.First(c => c.Syncs(folder) && c.Began > renamed.Ended);
        Assert.True(written.Ended < synced.Began, $"{name}: written at {written.Ended}, synced at {synced.Began}.");
        Assert.True(synced.Ended < renamed.Began, $"{name}: synced at {synced.Ended}, renamed at {renamed.Began}.");
        Assert.DoesNotContain(calls, c => c.Writes(path));
        return folderSynced;
    }
}
