using System.IO.Compression;
using System.Text;

namespace LoggerCms.Core.Tracing;

/// <summary>Opens a trace as UTF-8 bytes, whatever it is stored as.</summary>
internal static class TraceFile
{
    private const int SampleSize = 4096;

    /// <exception cref="LoggerCmsException">TraceNotFound, AccessDenied or TraceUnreadable.</exception>
    public static Stream Open(string path)
    {
        var file = OpenFile(path);
        try
        {
            var sample = new byte[SampleSize];
            var zipped = IsZipped(file, sample);
            var length = zipped ? ReadSample(Unzip(file, leaveOpen: true), sample) : file.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false);
            file.Position = 0;
            return Decoded(zipped ? Unzip(file, leaveOpen: false) : file, sample.AsSpan(0, length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            file.Dispose();
            throw Failure(path, exception);
        }
    }

    /// <summary>Opens a trace that is read as it grows.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="Open"/>; InvalidOption for a compressed file, which does not grow.</exception>
    public static (Stream Bytes, FollowedFile File) Follow(string path, TimeProvider time)
    {
        var file = OpenFile(path);
        try
        {
            var sample = new byte[SampleSize];
            if (IsZipped(file, sample))
            {
                throw new LoggerCmsException(
                    ErrorCodes.InvalidOption, $"'{path}' is compressed, and so does not grow.", $"Get-LoggerTrace -LiteralPath {Quote(path)}");
            }

            var length = file.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false);
            file.Position = 0;
            bool? wide = IsWide(sample.AsSpan(0, length)) ? IsBigEndian(sample.AsSpan(0, length)) : null;
            var followed = new FollowedFile(path, file, time, wide);
            return (Decoded(followed, sample.AsSpan(0, length)), followed);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw Failure(path, exception);
        }
        catch (LoggerCmsException)
        {
            file.Dispose();
            throw;
        }
    }

    public static LoggerCmsException Failure(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => new LoggerCmsException(
            ErrorCodes.TraceNotFound,
            $"There is no trace '{path}'.",
            $"Get-ChildItem {Quote(Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".")}",
            innerException: exception),
        UnauthorizedAccessException => new LoggerCmsException(
            ErrorCodes.AccessDenied,
            $"The trace '{path}' may not be read: {exception.Message}",
            "Read it as the account that wrote it, or let this one read it.",
            innerException: exception),
        _ => new LoggerCmsException(
            ErrorCodes.TraceUnreadable, $"The trace '{path}' cannot be read: {exception.Message}", "Copy the file to another disk and read that.", innerException: exception),
    };

    /// <summary>A text as PowerShell takes it literally.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    internal static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan | FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(path, Directory.Exists(path) ? new IOException("it is a folder.") : exception);
        }
    }

    private static bool IsZipped(FileStream file, byte[] sample)
    {
        var length = file.ReadAtLeast(sample, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return length >= 2 && sample[0] == 0x1F && sample[1] == 0x8B;
    }

    private static GZipStream Unzip(Stream file, bool leaveOpen) => new(file, CompressionMode.Decompress, leaveOpen);

    // What is damaged already at its beginning is told when it is read.
    private static int ReadSample(GZipStream zipped, byte[] sample)
    {
        using (zipped)
        {
            try
            {
                return zipped.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException)
            {
                return 0;
            }
        }
    }

    private static Stream Decoded(Stream bytes, ReadOnlySpan<byte> sample)
    {
        if (!IsWide(sample))
            return bytes;
        var encoding = new UnicodeEncoding(IsBigEndian(sample), byteOrderMark: true, throwOnInvalidBytes: false);
        return Encoding.CreateTranscodingStream(bytes, encoding, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    private static bool IsWide(ReadOnlySpan<byte> sample)
        => sample.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || sample.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])
            || ZerosAt(sample, 1) > sample.Length / 5 && ZerosAt(sample, 0) < sample.Length / 50
            || ZerosAt(sample, 0) > sample.Length / 5 && ZerosAt(sample, 1) < sample.Length / 50;

    private static bool IsBigEndian(ReadOnlySpan<byte> sample)
        => !sample.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])
            && (sample.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) || ZerosAt(sample, 0) > ZerosAt(sample, 1));

    // Latin text in UTF-16 has a zero in every other byte.
    private static int ZerosAt(ReadOnlySpan<byte> sample, int first)
    {
        var count = 0;
        for (var i = first; i < sample.Length; i += 2)
            count += sample[i] == 0 ? 1 : 0;
        return count;
    }
}
