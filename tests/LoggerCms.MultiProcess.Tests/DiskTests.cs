using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests;

/// <summary>Full disks and folders that cannot be written, on every side of a transfer.</summary>
public sealed class DiskTests
{
    private const long Enough = 64_000_000;

    [Fact]
    public void A_full_temp_folder_is_typed_leaves_nothing_and_the_second_run_works()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Temp, 600_000);
        using (var host = sides.Transfer("mode=Full", "spool=File", $"temp={sides.Temp}"))
            host.WaitForEnd().MustFail("DiskFull", "TempFolderUnusable");
        sides.MustBeAsBefore("full temp folder");
        Assert.Empty(Directory.EnumerateFiles(sides.Temp));
        using (var streamed = sides.Transfer("mode=Full", "spool=None"))
            streamed.WaitForEnd().MustBe("Completed");
        sides.MakeStale();
        disk.Grow(Enough);
        sides.SecondRunMustWork();
    }

    [Fact]
    public void A_temp_folder_that_fills_up_while_the_spool_is_written_is_typed()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Temp, 4_000_000);
        using var host = sides.Transfer("mode=Full", "spool=File", "throttle=0", $"temp={sides.Temp}", "pause=PrepareToSend");
        host.WaitForPause("PrepareToSend");
        File.WriteAllBytes(Path.Combine(sides.Temp, "other"), new byte[3_500_000]);
        host.GoOn();
        host.WaitForEnd().MustFail("DiskFull");
        sides.MustBeAsBefore(host.Said);
        Assert.Equal(["other"], Directory.EnumerateFiles(sides.Temp).Select(Path.GetFileName));
        File.Delete(Path.Combine(sides.Temp, "other"));
        sides.SecondRunMustWork();
    }

    [Theory]
    [InlineData("Full", 40_000)]
    [InlineData("Rows", 8_192)]
    public void A_temp_folder_too_small_for_the_spool_is_given_up_where_streaming_is_allowed(string mode, long size)
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Temp, size);
        using var host = sides.Transfer($"mode={mode}", "stream=yes", $"temp={sides.Temp}");
        host.WaitForEnd().MustBe("Completed");
        Assert.Contains(host.Lines, l => l.StartsWith("note Going on without a spool", StringComparison.Ordinal) && l.Contains("(DiskFull)", StringComparison.Ordinal));
        Assert.Equal(sides.After, sides.DestinationDigest());
        Assert.Empty(Directory.EnumerateFiles(sides.Temp));
    }

    [Fact]
    public void A_temp_folder_that_fills_up_while_the_spool_is_written_is_given_up_where_streaming_is_allowed()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Temp, 4_000_000);
        using var host = sides.Transfer("mode=Full", "stream=yes", $"temp={sides.Temp}", "pause=PrepareToSend");
        host.WaitForPause("PrepareToSend");
        File.WriteAllBytes(Path.Combine(sides.Temp, "other"), new byte[3_500_000]);
        host.GoOn();
        host.WaitForEnd().MustBe("Completed");
        Assert.Contains(host.Lines, l => l.StartsWith("note Going on without a spool", StringComparison.Ordinal));
        Assert.Equal(sides.After, sides.DestinationDigest());
        Assert.Equal(["other"], Directory.EnumerateFiles(sides.Temp).Select(Path.GetFileName));
    }

    [Fact]
    public void A_full_disk_under_the_destination_is_typed_and_the_destination_stays_whole()
    {
        using var sides = new SqliteSides();
        SqliteSides.Scalar(sides.Source, "UPDATE config_agent SET note = hex(randomblob(4000))");
        using var disk = SmallDisk.Over(sides.DestinationFolder, new FileInfo(sides.Destination).Length + 400_000);
        using (var host = sides.Transfer("mode=Rows", "spool=None"))
            host.WaitForEnd().MustFail("DiskFull");
        sides.MustBeAsBefore("full destination");
        disk.Grow(Enough);
        using var again = sides.Transfer("mode=Rows", "spool=None");
        again.WaitForEnd().MustBe("Completed");
        Assert.Equal(SqliteSides.Digest(sides.Source), sides.DestinationDigest());
    }

    [Fact]
    public void A_destination_disk_that_fills_up_during_Apply_is_typed_and_the_destination_stays_whole()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.DestinationFolder, new FileInfo(sides.Destination).Length + 12_000_000);
        using var host = sides.Transfer("mode=Full", "spool=None", "throttle=2", "pause=Apply+");
        host.WaitForPause("Apply+");
        Fill(Path.Combine(sides.DestinationFolder, "other"));
        host.GoOn();
        host.WaitForEnd().MustFail("DiskFull");
        File.Delete(Path.Combine(sides.DestinationFolder, "other"));
        sides.MustBeAsBefore(host.Said);
        sides.SecondRunMustWork();
    }

    [Fact]
    public void A_full_disk_under_the_undo_file_is_typed_and_nothing_is_changed()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Home, 300_000);
        using (var host = sides.Transfer("mode=Full", "spool=None"))
            host.WaitForEnd().MustFail("DiskFull");
        sides.MustBeAsBefore("full undo folder");
        disk.Grow(Enough);
        sides.SecondRunMustWork();
    }

    [Fact]
    public void A_temp_folder_that_is_read_only_is_typed_and_streaming_goes_on_without_it()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Temp, Enough);
        disk.MakeReadOnly();
        using (var host = sides.Transfer("mode=Rows", "spool=File", $"temp={sides.Temp}"))
        {
            host.WaitForEnd().MustFail("TempFolderUnusable");
            Assert.Contains("(ReadOnly)", host.Said, StringComparison.Ordinal);
            Assert.Contains($"Test-TempAccess -Path '{sides.Temp}' -Account '{Environment.UserName}'", host.Said, StringComparison.Ordinal);
        }

        sides.MustBeAsBefore("read-only temp folder");
        using (var streamed = sides.Transfer("mode=Rows", "stream=yes", $"temp={sides.Temp}"))
        {
            streamed.WaitForEnd().MustBe("Completed");
            Assert.Contains(streamed.Lines, l => l.StartsWith("note Going on without a spool", StringComparison.Ordinal));
        }

        Assert.Equal(sides.After, sides.DestinationDigest());
    }

    [Fact]
    public void A_destination_that_is_read_only_is_typed_and_can_still_be_a_source()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.DestinationFolder, Enough);
        disk.MakeReadOnly();
        using (var host = sides.Transfer("mode=Rows", "spool=None"))
            host.WaitForEnd().MustFail("AccessDenied");
        using (var other = sides.Call("transfer", $"source=sqlite:{sides.Destination}", $"destination=sqlite:{sides.Source}", "mode=Rows"))
            other.WaitForEnd().MustBe("Completed");
        Assert.Equal(sides.Before, SqliteSides.Digest(sides.Source));
        disk.MakeWritable();
        sides.MustBeAsBefore("read-only destination");
    }

    [Fact]
    public void A_home_that_is_read_only_is_typed_and_nothing_is_changed()
    {
        using var sides = new SqliteSides();
        using var disk = SmallDisk.Over(sides.Home, Enough);
        disk.MakeReadOnly();
        using (var host = sides.Transfer("mode=Rows"))
            host.WaitForEnd().MustFail("AccessDenied", "TempFolderUnusable");
        sides.MustBeAsBefore("read-only home");
        disk.MakeWritable();
        sides.SecondRunMustWork();
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        var block = new byte[4096];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // The disk is full now, which is what was wanted.
        }
    }
}
