using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Transfer.Tests;

/// <summary>The form of spool and undo files: what is written is read back, and what is not whole is never taken for whole.</summary>
public sealed class FrameFileTests : IDisposable
{
    private const string Damaged = ErrorCodes.SpoolDamaged;
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-frames-").FullName;
    private int _files;

    private static byte[] Magic => "LCMSTEST"u8.ToArray();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_checksum_of_a_frame_is_CRC_32C()
        => Assert.Equal(0xE3069283u, FrameFile.Crc("123456789"u8));

    [Fact]
    public void The_checksum_of_parts_is_that_of_the_whole()
        => Check((byte[] a, byte[] b, byte[] c) => FrameFile.Crc(c, FrameFile.Crc(b, FrameFile.Crc(a))) == FrameFile.Crc((byte[])[.. a, .. b, .. c]));

    [Fact]
    public void Frames_are_read_back_as_they_were_written()
        => Check((byte[][] payloads) =>
        {
            var frames = payloads.Select(p => (byte[])[1, .. p]).ToArray();
            var path = Write(frames);
            using var reader = new FrameReader(SystemFiles.Instance, path, Magic, Damaged);
            reader.CheckWhole(CancellationToken.None);
            long at = FrameFile.HeaderSize;
            foreach (var frame in frames)
            {
                var (buffer, length, next) = reader.Read(at);
                if (!buffer.AsSpan(0, length).SequenceEqual(frame))
                    return false;
                at = next;
            }

            return at == reader.Length - FrameFile.EndFrameSize;
        });

    [Fact]
    public void A_frame_larger_than_the_buffer_is_read_back()
    {
        var large = new byte[3_000_001];
        new Random(1).NextBytes(large);
        using var reader = new FrameReader(SystemFiles.Instance, Write([large]), Magic, Damaged);
        reader.CheckWhole(CancellationToken.None);
        var (buffer, length, _) = reader.Read(FrameFile.HeaderSize);
        Assert.True(buffer.AsSpan(0, length).SequenceEqual(large));
    }

    [Fact]
    public void One_bit_that_flipped_anywhere_is_found()
        => Check((byte[][] payloads, int where) =>
        {
            var path = Write([.. payloads.Select(p => (byte[])[1, .. p])]);
            var bytes = File.ReadAllBytes(path);
            var bit = (int)((uint)where % (uint)(bytes.Length * 8));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, bytes);
            return Refuses(path, bit / 8 is 8 or 9 ? ErrorCodes.FormatNotSupported : Damaged);
        });

    [Fact]
    public void A_file_that_was_cut_anywhere_is_not_whole()
        => Check((byte[][] payloads, int where) =>
        {
            var path = Write([.. payloads.Select(p => (byte[])[1, .. p])]);
            var bytes = File.ReadAllBytes(path);
            File.WriteAllBytes(path, bytes[..(int)((uint)where % (uint)bytes.Length)]);
            return Refuses(path, Damaged);
        });

    [Fact]
    public void Frames_that_were_appended_behind_the_end_are_not_taken()
    {
        var path = Write([[1, 2, 3]]);
        using (var stream = new FileStream(path, FileMode.Append))
            stream.Write(File.ReadAllBytes(Write([[9]])).AsSpan(FrameFile.HeaderSize));

        Assert.True(Refuses(path, Damaged));
    }

    [Fact]
    public void Another_version_is_refused_and_its_file_left_untouched()
    {
        var path = Write([[1]]);
        var bytes = File.ReadAllBytes(path);
        bytes[8] = 2;
        File.WriteAllBytes(path, bytes);

        var failure = Assert.Throws<LoggerCmsException>(() => new FrameReader(SystemFiles.Instance, path, Magic, Damaged));

        Assert.Equal(ErrorCodes.FormatNotSupported, failure.Code);
        Assert.Contains("version 2", failure.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void Another_kind_of_file_is_refused()
    {
        var path = Path.Combine(_folder, "text");
        File.WriteAllText(path, new string('x', 500));
        Assert.Equal(Damaged, Assert.Throws<LoggerCmsException>(() => new FrameReader(SystemFiles.Instance, path, Magic, Damaged)).Code);
        Assert.True(Refuses(Write([[1]], Encoding.ASCII.GetBytes("OTHERONE")), Damaged));
    }

    [Fact]
    public void A_file_that_was_not_completed_is_gone_and_never_had_its_name()
    {
        var path = Path.Combine(_folder, "given-up");
        using (var writer = new FrameWriter(SystemFiles.Instance, path, Magic))
        {
            writer.Write([1, 2, 3], default, default);
            Assert.False(File.Exists(path));
            Assert.True(File.Exists(path + FileLayerExtensions.PartialSuffix));
        }

        Assert.Empty(Directory.GetFiles(_folder, "given-up*"));
    }

    [Fact]
    public void Files_are_readable_by_their_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, FileModes.Of(Write([[1]])));
    }

    private static void Check<T>(Func<T, bool> property) => Prop.ForAll(ArbMap.Default.ArbFor<T>(), property).Check(Settings());

    private static void Check<T1, T2>(Func<T1, T2, bool> property)
        => Prop.ForAll(ArbMap.Default.ArbFor<T1>(), ArbMap.Default.ArbFor<T2>(), property).Check(Settings());

    private static void Check<T1, T2, T3>(Func<T1, T2, T3, bool> property)
        => Prop.ForAll(ArbMap.Default.ArbFor<T1>(), ArbMap.Default.ArbFor<T2>(), ArbMap.Default.ArbFor<T3>(), property).Check(Settings());

    /// <summary>A failure throws with the seed to replay.</summary>
    private static Config Settings() => Config.QuickThrowOnFailure.WithMaxTest(60);

    private string Write(byte[][] frames, byte[]? magic = null)
    {
        var path = Path.Combine(_folder, $"{Interlocked.Increment(ref _files)}.frames");
        using var writer = new FrameWriter(SystemFiles.Instance, path, magic ?? Magic);
        foreach (var frame in frames)
        {
            // In three parts, as batches are written.
            var cut = frame.Length / 2;
            writer.Write(frame.AsSpan(0, Math.Min(1, frame.Length)), frame.AsSpan(1, Math.Max(0, cut - 1)), frame.AsSpan(Math.Max(1, cut)));
        }

        writer.Complete();
        return path;
    }

    private static bool Refuses(string path, string code)
    {
        try
        {
            using var reader = new FrameReader(SystemFiles.Instance, path, Magic, Damaged);
            reader.CheckWhole(CancellationToken.None);
            return false;
        }
        catch (LoggerCmsException failure)
        {
            return failure.Code == code;
        }
    }
}
