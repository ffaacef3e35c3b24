using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.CrashableFiles;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>What the reader makes of files that are not as they were written.</summary>
public sealed class ReaderTests
{
    private const int Marker = DeltaFormat.FrameHeaderSize;

    private readonly CrashableDisk _disk = NewDisk(5);
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_flipped_bit_before_the_durable_marker_is_damage()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var at = random.Next(12, end - Marker);
            Flip(path, bytes, at, random.Next(8));
            var report = DeltaFolder.InspectFile(_disk, path, _token);
            Assert.True(report.End.State == DeltaFileState.Damaged, $"bit of byte {at}: {report.End}");
            Assert.Equal(ErrorCodes.DeltaDamaged, Assert.Throws<LoggerCmsException>(report.Check).Code);
            Assert.True(report.Records < 40);
        }
    }

    [Fact]
    public async Task Any_flipped_bit_behind_the_last_record_is_a_torn_tail_and_no_record_is_lost()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        var random = new Random(2);
        for (var i = 0; i < 100; i++)
        {
            Flip(path, bytes, random.Next(end - Marker, bytes.Length), random.Next(8));
            var report = DeltaFolder.InspectFile(_disk, path, _token);
            Assert.Equal((DeltaFileState.TornTail, 40L), (report.End.State, report.Records));
        }
    }

    [Fact]
    public async Task A_tail_that_was_torn_off_at_any_byte_leaves_the_groups_before_it()
    {
        var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { SegmentBytes = 65536, MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 5);
        var path = Assert.Single(Segments(_disk));
        var before = (int)DeltaFolder.InspectFile(_disk, path, _token).End.Offset;
        await journal.AppendAsync(6);
        await journal.CloseAsync(removeAll: false);
        var bytes = _disk.ReadAll(path);
        for (var cut = before + 1; cut < before + DeltaFormat.FrameHeaderSize + Payload(6).Length; cut++)
        {
            var torn = (byte[])bytes.Clone();
            torn.AsSpan(cut).Clear();
            _disk.Put(path, torn);
            var report = DeltaFolder.InspectFile(_disk, path, _token);
            Assert.Equal((DeltaFileState.TornTail, (long)before, 5L), (report.End.State, report.End.Offset, report.Records));
        }
    }

    [Fact]
    public async Task A_file_that_is_shorter_than_it_was_made_is_damage_wherever_it_was_cut()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        foreach (var cut in new[] { DeltaFormat.HeaderSize, DeltaFormat.HeaderSize + 88, end / 2, end - Marker, end, bytes.Length - 1 })
        {
            _disk.Put(path, bytes[..cut]);
            var report = DeltaFolder.InspectFile(_disk, path, _token);
            Assert.True(report.End.State == DeltaFileState.Damaged, $"cut to {cut}: {report.End}");
            Assert.Equal(ErrorCodes.DeltaDamaged, Assert.Throws<LoggerCmsException>(() => Keys(_disk)).Code);
        }
    }

    [Fact]
    public async Task A_file_of_a_release_that_did_not_say_its_room_is_read_as_it_was_then()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        DeltaFormat.WriteHeader(bytes, DeltaFormat.ReadHeader(bytes)! with { Room = 0 });
        _disk.Put(path, bytes);
        Assert.Equal((DeltaFileState.Clean, 40L), (DeltaFolder.InspectFile(_disk, path, _token).End.State, Keys(_disk).Count));
        _disk.Put(path, bytes[..(end - Marker)]);
        Assert.Equal((DeltaFileState.Clean, 40L), (DeltaFolder.InspectFile(_disk, path, _token).End.State, Keys(_disk).Count));
    }

    [Fact]
    public async Task A_torn_tail_is_kept_aside_and_the_file_stays_as_it_is()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        "half a record"u8.CopyTo(bytes.AsSpan(end));
        _disk.Put(path, bytes);
        var report = Assert.Single(DeltaFolder.Inspect(_disk, Folder, _token));
        var kept = DeltaFolder.KeepTornTail(_disk, report);

        Assert.Equal("half a record"u8.ToArray(), _disk.ReadAll(kept!));
        Assert.Equal(kept, DeltaFolder.KeepTornTail(_disk, report));
        var survivor = _disk.PullThePlug();
        Assert.Equal(bytes, survivor.ReadAll(path));
        Assert.Equal("half a record"u8.ToArray(), survivor.ReadAll(kept!));
        Assert.Single(DeltaFolder.Inspect(survivor, Folder, _token));
    }

    [Fact]
    public async Task A_damaged_file_is_set_aside_whole_under_a_name_that_was_free()
    {
        var (path, bytes, _) = await OneSegmentAsync();
        _disk.Put(path + ".damaged", [1]);
        var aside = DeltaFolder.SetAside(_disk, path);

        Assert.NotEqual(path + ".damaged", aside);
        var survivor = _disk.PullThePlug();
        Assert.Equal(bytes, survivor.ReadAll(aside));
        Assert.Empty(DeltaFolder.Inspect(survivor, Folder, _token));
    }

    [Fact]
    public async Task Only_the_last_segment_may_have_a_torn_tail()
    {
        await WriteSegmentsAsync();
        var segments = Segments(_disk);
        var report = DeltaFolder.Inspect(_disk, Folder, _token)[0];
        var bytes = _disk.ReadAll(segments[0]);
        bytes[(int)report.End.Offset - 30] ^= 1;
        _disk.Put(segments[0], bytes);

        Assert.Equal(DeltaFileState.TornTail, DeltaFolder.InspectFile(_disk, segments[0], _token).End.State);
        Assert.Equal(DeltaFileState.Damaged, DeltaFolder.Inspect(_disk, Folder, _token)[0].End.State);
        Assert.Equal(ErrorCodes.DeltaDamaged, Assert.Throws<LoggerCmsException>(() => Keys(_disk)).Code);
    }

    [Fact]
    public async Task A_segment_that_is_missing_in_the_middle_is_damage_and_the_oldest_missing_is_a_trim()
    {
        await WriteSegmentsAsync();
        var segments = Segments(_disk);
        _disk.Delete(segments[0]);
        Assert.Equal(300, Keys(_disk)[^1]);

        _disk.Delete(segments[2]);
        Assert.Contains("missing", Assert.Throws<LoggerCmsException>(() => Keys(_disk)).Message, StringComparison.Ordinal);
        Assert.Single(DeltaFolder.Inspect(_disk, Folder, _token), r => !r.IsUsable);
    }

    [Fact]
    public async Task An_unknown_version_is_refused_and_left_untouched()
    {
        var (path, bytes, _) = await OneSegmentAsync();
        bytes[8] = 2;
        _disk.Put(path, bytes);

        var report = DeltaFolder.InspectFile(_disk, path, _token);
        Assert.Equal((DeltaFileState.UnknownVersion, 2), (report.End.State, report.Version));
        Assert.Equal(ErrorCodes.FormatNotSupported, Assert.Throws<LoggerCmsException>(() => Keys(_disk)).Code);
        Assert.Equal(bytes, _disk.ReadAll(path));
    }

    [Fact]
    public void A_file_of_another_kind_is_not_a_delta_file()
    {
        var path = Path.Combine(Folder, "x");
        foreach (var bytes in new byte[][] { [], [1, 2, 3], new byte[600], "LCMSSPOOL and so on"u8.ToArray() })
        {
            _disk.HasFolder(Folder);
            _disk.Put(path, bytes);
            Assert.Equal(DeltaFileState.NotADeltaFile, DeltaFolder.InspectFile(_disk, path, _token).End.State);
        }
    }

    [Fact]
    public async Task A_group_of_another_file_or_at_another_place_is_none()
    {
        var (path, bytes, end) = await OneSegmentAsync();
        var other = NewDisk(6);
        await using (var journal = DeltaJournal.Create(other, Folder, Header(), Small with { SegmentBytes = 65536 }))
            await journal.AppendManyAsync(41, 3);
        var foreign = other.ReadAll(Segments(other)[0])[DeltaFormat.HeaderSize..2048];
        foreach (var tail in new[] { foreign, bytes[DeltaFormat.HeaderSize..2048] })
        {
            var mixed = (byte[])bytes.Clone();
            tail.CopyTo(mixed.AsSpan(end));
            _disk.Put(path, mixed);
            Assert.Equal((DeltaFileState.TornTail, 40L), (DeltaFolder.InspectFile(_disk, path, _token).End.State, DeltaFolder.InspectFile(_disk, path, _token).Records));
        }
    }

    [Fact]
    public async Task A_file_of_any_bytes_is_read_to_an_end_and_gives_only_records_that_were_written()
    {
        var seed = Environment.TickCount & 0xFFFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (path, bytes, end) = await OneSegmentAsync();
        for (var i = 0; i < 3000; i++)
        {
            var fuzzed = (byte[])bytes.Clone();
            for (var n = random.Next(1, 6); n > 0; n--)
                Mangle(random, ref fuzzed, end);
            _disk.Put(path, fuzzed);
            using var reader = DeltaFileReader.Open(_disk, path, random.Next(4) == 0 ? random.Next(fuzzed.Length + 100) : null);
            var last = 0L;
            while (reader.Read())
            {
                Assert.True(reader.LastKey == last + 1, $"Seed {seed}, file {i}: {reader.LastKey} comes after {last}.");
                Assert.Equal(Payload(++last), reader.Payload.ToArray());
            }

            Assert.NotNull(reader.End);
        }
    }

    [Fact]
    public async Task The_shell_sees_each_file_with_its_state_and_each_record_with_its_place()
    {
        await WriteSegmentsAsync();
        var files = DeltaFiles.Find(_disk, Folder, _token).ToList();
        Assert.Equal(300, files.Sum(f => f.Records));
        Assert.All(files, f => Assert.Equal((DeltaFileState.Clean, 7L, "A", 1), (f.State, f.Epoch, f.Side, f.Version)));
        Assert.Equal(files.Select(f => f.Sequence).Order(), files.Select(f => f.Sequence));
        Assert.All(files, f => Assert.True(f.DurableBytes <= f.Bytes));

        var records = DeltaRecords.Read(_disk, files[0]).ToList();
        Assert.Equal(files[0].Records, records.Count);
        Assert.All(records, r => Assert.Equal(Payload(r.UpdateKey).Length, r.Bytes));
        Assert.All(records, r => Assert.Equal((0, true), (r.Changes.Count, r.Detail is not null)));
        var bytes = _disk.ReadAll(files[0].Path);
        Assert.All(records, r => Assert.Equal(r.UpdateKey, BitConverter.ToInt64(bytes, (int)r.Offset)));

        Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => DeltaFiles.Find(_disk, Path.Combine(Folder, "nowhere"), _token)).Code);
    }

    private static void Mangle(Random random, ref byte[] bytes, int end)
    {
        var from = random.Next(4) == 0 ? 0 : DeltaFormat.HeaderSize;
        var at = random.Next(from, random.Next(3) == 0 ? bytes.Length : end);
        var count = Math.Min(random.Next(1, 64), bytes.Length - at);
        switch (random.Next(5))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                random.NextBytes(bytes.AsSpan(at, count));
                break;
            case 2:
                bytes.AsSpan(at, count).Clear();
                break;
            case 3:
                bytes.AsSpan(at & ~7, count).ToArray().CopyTo(bytes.AsSpan(Math.Min(random.Next(bytes.Length) & ~7, bytes.Length - count)));
                break;
            default:
                bytes = [.. bytes.AsSpan(0, Math.Max(end, at)), .. new byte[random.Next(64)]];
                break;
        }
    }

    /// <summary>A segment of 40 records in as many groups, with its durable marker, and where that ends.</summary>
    private async Task<(string Path, byte[] Bytes, int End)> OneSegmentAsync()
    {
        await using (var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { SegmentBytes = 65536, MarkAfter = TimeSpan.FromHours(1) }))
            await journal.AppendManyAsync(1, 40);
        var path = Assert.Single(Segments(_disk));
        return (path, _disk.ReadAll(path), (int)DeltaFolder.InspectFile(_disk, path, _token).End.Offset);
    }

    private async Task WriteSegmentsAsync()
    {
        await using var journal = DeltaJournal.Create(_disk, Folder, Header(), Small with { MarkAfter = TimeSpan.FromHours(1) });
        await journal.AppendManyAsync(1, 300);
    }

    private void Flip(string path, byte[] bytes, int at, int bit)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[at] ^= (byte)(1 << bit);
        _disk.Put(path, flipped);
    }
}
