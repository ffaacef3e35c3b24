using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.StateTransfer;
using LoggerCms.CrashableFiles;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>The reader over files whose bytes are anything. A failure names the seed that FsCheck replays, and the changes shrunk.</summary>
public sealed class ReaderPropertyTests(ITestOutputHelper output)
{
    private const int Count = 400;

    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_was_done_to_the_bytes_only_records_that_were_written_are_read_and_in_their_order()
    {
        var (path, disk, whole, other) = await WriteAsync();
        Run(Edits, edits =>
        {
            var bytes = Edit(whole, other, edits);
            disk.Put(path, bytes);
            using var reader = DeltaFileReader.Open(disk, path);
            var last = 0L;
            while (reader.Read())
            {
                // A file that was overwritten from its first byte on is that other one.
                Assert.True((last == 0 || reader.LastKey == last + 1) && reader.LastKey <= 60, $"Key {reader.LastKey} after {last}.");
                Assert.Equal(Payload(reader.LastKey!.Value), reader.Payload.ToArray());
                last = reader.LastKey.Value;
            }

            Assert.NotNull(reader.End);
            Assert.Equal(last == 0 ? 0 : last - reader.FirstKey!.Value + 1, reader.Records);
            Inspect(disk);
        });
    }

    [Fact]
    public async Task Headers_and_frames_that_say_anything_under_a_right_CRC_do_not_break_the_reader()
    {
        var (path, disk, whole, _) = await WriteAsync();
        var changes = (from at in Gen.Choose(0, (whole.Length / 8) - 1)
                       from value in Gen.Elements(
                           0L, 1, 7, 8, 511, 512, 513, 4096, -1, -8, long.MinValue, long.MaxValue, int.MaxValue, uint.MaxValue, (long)uint.MaxValue << 32, 0x7FFFFFF8, DeltaFormat.GroupMark, DeltaFormat.MarkerMark)
                       select (At: at * 8, Value: value)).ListOf();
        var ends = Gen.Elements<long?>(null, null, 0, 512, 1000, -1, long.MinValue, long.MaxValue, whole.Length);
        Run(from c in changes from e in ends select (Changes: c, End: e), drawn =>
        {
            var bytes = (byte[])whole.Clone();
            foreach (var (at, value) in drawn.Changes)
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
            Seal(bytes);
            disk.Put(path, bytes);
            using var reader = DeltaFileReader.Open(disk, path, drawn.End);
            var records = 0;
            while (reader.Read())
                Assert.True(++records <= whole.Length / DeltaFormat.RecordHeaderSize, "It has no end.");
            Assert.NotNull(reader.End);
            Inspect(disk);
        });
    }

    private static Gen<List<(int What, int At, int Length)>> Edits
        => (from what in Gen.Choose(0, 6) from at in Gen.Choose(0, 9000) from length in Gen.Choose(1, 900) select (what, at, length)).ListOf().Select(e => e.ToList());

    private static byte[] Edit(byte[] whole, byte[] other, List<(int What, int At, int Length)> edits)
    {
        var bytes = (byte[])whole.Clone();
        foreach (var (what, place, wanted) in edits)
        {
            if (bytes.Length == 0)
                break;
            var at = place % bytes.Length;
            var length = Math.Min(wanted, bytes.Length - at);
            switch (what)
            {
                case 0:
                    bytes[at] ^= (byte)(1 << (wanted % 8));
                    break;
                case 1:
                    bytes.AsSpan(at, length).Clear();
                    break;
                case 2:
                    bytes.AsSpan(at, length).Fill(0xFF);
                    break;
                case 3:
                    bytes = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
                    break;
                case 4:
                    bytes = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at, length), .. bytes.AsSpan(at)];
                    break;
                case 5:
                    // Frames of another file, at the place that they have there.
                    other.AsSpan(Math.Min(at, other.Length), Math.Min(length, Math.Max(0, other.Length - at))).CopyTo(bytes.AsSpan(at));
                    break;
                default:
                    bytes = bytes[..at];
                    break;
            }
        }

        return bytes;
    }

    // The header, and every frame that still looks like one and fits.
    private static void Seal(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(DeltaFormat.HeaderSize - 4), FrameFile.Crc(bytes.AsSpan(0, DeltaFormat.HeaderSize - 4)));
        var salt = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(104));
        for (var at = DeltaFormat.HeaderSize; at + DeltaFormat.FrameHeaderSize <= bytes.Length;)
        {
            var head = FrameHead.Read(bytes.AsSpan(at));
            if (!head.IsMarked || head.BodyLength > bytes.Length - at - DeltaFormat.FrameHeaderSize)
            {
                at += 8;
                continue;
            }

            var frame = bytes.AsSpan(at, DeltaFormat.FrameHeaderSize + (int)head.BodyLength);
            BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], DeltaFormat.FrameCrc(frame, salt, at));
            at += DeltaFormat.Pad(frame.Length);
        }
    }

    private void Inspect(CrashableDisk disk)
    {
        foreach (var report in DeltaFolder.Inspect(disk, Folder, _token))
        {
            try
            {
                report.Check();
            }
            catch (LoggerCmsException exception)
            {
                Assert.Contains(exception.Code, new[] { ErrorCodes.DeltaDamaged, ErrorCodes.FormatNotSupported });
            }
        }
    }

    private void Run<T>(Gen<T> gen, Action<T> holds)
    {
        var seed = (ulong)System.Random.Shared.NextInt64();
        output.WriteLine(FormattableString.Invariant($"FsCheck seed {seed}, gamma 1"));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Count).WithReplay(seed, 1), Prop.ForAll(gen.ToArbitrary(), holds));
    }

    /// <summary>Two segments of one journal; the first is the one that is looked at.</summary>
    private static async Task<(string Path, CrashableDisk Disk, byte[] Whole, byte[] Other)> WriteAsync()
    {
        var disk = NewDisk(3);
        await using (var journal = DeltaJournal.Create(disk, Folder, Header(), Small))
            await journal.AppendManyAsync(1, 60);
        var paths = Segments(disk);
        Assert.True(paths.Count > 1, "One segment was enough.");
        return (paths[0], disk, disk.ReadAll(paths[0]), disk.ReadAll(paths[1]));
    }
}
