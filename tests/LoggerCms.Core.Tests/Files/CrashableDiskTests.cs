using LoggerCms.Core.Files;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Core.Tests.Files;

/// <summary>A disk that forgets what was not synced must never forget what was, or the crash tests on it would prove nothing.</summary>
public sealed class CrashableDiskTests : FileLayerContract
{
    private const int Seeds = 200;

    public CrashableDiskTests() => Disk.HasFolder(Root);

    internal override IFileLayer Layer => Disk;

    protected override string Root => Path.GetFullPath("/root-of-test");

    private CrashableDisk Disk { get; } = new(1);

    [Fact]
    public void What_was_synced_survives_every_crash()
    {
        foreach (var disk in Disks())
        {
            var folder = Path.Combine(Root, "folder");
            disk.MakeFolder(folder);
            disk.Replace(Path.Combine(folder, "a"), "first"u8);
            disk.Replace(Path.Combine(folder, "a"), "second"u8);
            disk.Replace(Path.Combine(folder, "b"), "gone"u8);
            disk.DeleteForGood(Path.Combine(folder, "b"));

            var after = disk.PullThePlug();

            Assert.Equal([Path.Combine(folder, "a")], after.Paths);
            Assert.Equal("second"u8, after.ReadAll(Path.Combine(folder, "a")));
        }
    }

    [Fact]
    public void What_was_not_synced_comes_whole_torn_out_of_order_or_not_at_all()
    {
        var outcomes = new HashSet<string>();
        foreach (var disk in Disks())
        {
            using var file = disk.Create(At("a"));
            disk.SyncFolder(Root);
            file.Write(Filled(16384, 1), 0);
            file.Sync();
            file.Write(Filled(8192, 2), 4096);
            file.Write(Filled(8192, 3), 8192);
            var bytes = disk.PullThePlug().ReadAll(At("a"));
            Assert.Equal(16384, bytes.Length);
            var sectors = bytes.Chunk(512).ToList();
            Assert.All(sectors, s => Assert.Single(s.Distinct()));
            outcomes.Add(string.Concat(sectors.Select(s => s[0])));
        }

        string Of(params int[] quarters) => string.Concat(quarters.Select(q => new string((char)('0' + q), 8)));
        Assert.Contains(Of(1, 1, 1, 1), outcomes);
        Assert.Contains(Of(1, 2, 3, 3), outcomes);
        Assert.Contains(Of(1, 1, 3, 3), outcomes);
        Assert.Contains(Of(1, 2, 2, 1), outcomes);
        Assert.Contains(outcomes, o => o.Chunk(8).Any(q => q.Distinct().Count() > 1));
    }

    [Fact]
    public void Names_that_were_not_synced_come_or_do_not()
    {
        var outcomes = new HashSet<string>();
        foreach (var disk in Disks())
        {
            disk.Create(At("old")).Dispose();
            disk.SyncFolder(Root);
            disk.Rename(At("old"), At("new"));
            disk.Create(At("other")).Dispose();
            outcomes.Add(string.Join(' ', disk.PullThePlug().Paths.Select(p => Path.GetFileName(p))));
        }

        Assert.Equal(["new", "new other", "old", "old other"], outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_whose_folder_did_not_survive_is_gone()
    {
        var folder = Path.Combine(Root, "folder");
        var outcomes = new HashSet<int>();
        foreach (var disk in Disks())
        {
            disk.Begin(new CrashPlan { Lies = Lies.FolderSync });
            disk.MakeFolder(folder);
            disk.Begin(new CrashPlan());
            disk.Replace(Path.Combine(folder, "a"), "x"u8);
            outcomes.Add(disk.PullThePlug().Paths.Count);
        }

        Assert.Equal([0, 1], outcomes.Order());
    }

    [Fact]
    public void What_a_failed_sync_did_not_write_no_later_sync_writes()
    {
        var lost = 0;
        foreach (var disk in Disks())
        {
            disk.Begin(new CrashPlan { FailSyncAt = 1 });
            using var file = disk.Create(At("a"));
            disk.SyncFolder(Root);
            file.Write("x"u8, 0);
            Assert.Equal(5, Assert.Throws<IOException>(file.Sync).HResult);
            file.Sync();
            if (!disk.PullThePlug().ReadAll(At("a")).AsSpan().SequenceEqual("x"u8))
                lost++;
        }

        Assert.InRange(lost, 1, Seeds - 1);
    }

    [Fact]
    public void A_full_disk_takes_part_of_a_write_and_nothing_after_it_until_there_is_room()
    {
        Disk.Begin(new CrashPlan { FullAtWrite = 2 });
        using var file = Disk.Create(At("a"));
        file.Write(Filled(10, 1), 0);
        Assert.Equal(28, Assert.Throws<IOException>(() => file.Write(Filled(10, 2), 10)).HResult);
        Assert.InRange(file.Length, 10, 19);
        Assert.Throws<IOException>(() => file.Write(Filled(10, 2), 10));
        Disk.MakeRoom();
        file.Write(Filled(10, 2), 10);
        Assert.Equal(20, file.Length);
    }

    [Fact]
    public void Nothing_works_once_the_power_is_gone()
    {
        using var file = Disk.Create(At("a"));
        Disk.Begin(new CrashPlan { PowerLossAt = 2 });
        file.Write("x"u8, 0);

        Assert.Throws<PowerLossException>(file.Sync);
        Assert.Throws<PowerLossException>(() => file.Write("x"u8, 0));
        Assert.Throws<PowerLossException>(() => Disk.Find(At("a")));
        Assert.NotNull(Disk.Survivor);
    }

    private IEnumerable<CrashableDisk> Disks()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var disk = new CrashableDisk(seed);
            disk.HasFolder(Root);
            yield return disk;
        }
    }

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}
