using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Reads a complete frame file.</summary>
internal sealed class FrameReader : IDisposable
{
    private readonly IDurableFile _file;
    private readonly string _damagedCode;

    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="magic">The 8 bytes that it must begin with.</param>
    /// <param name="damagedCode">The error code for a file that is not whole.</param>
    public FrameReader(IFileLayer files, string path, ReadOnlySpan<byte> magic, string damagedCode)
    {
        Path = path;
        _damagedCode = damagedCode;
        _file = files.Open(path);
        try
        {
            Length = _file.Length;
            CheckHead(magic);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Reads the frame at <paramref name="offset"/> into a rented array, which the caller returns to the shared pool.</summary>
    /// <returns>The array, the payload's length, and the next frame's offset.</returns>
    public (byte[] Buffer, int Length, long Next) Read(long offset)
    {
        Span<byte> envelope = stackalloc byte[8];
        if (_file.ReadFully(envelope, offset) != envelope.Length)
            throw Damaged($"it ends at byte {offset}, where a frame should begin");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(envelope);
        if (length == 0 || length > FrameFile.MaxFrame || offset + 8 + length > Length)
            throw Damaged($"the frame at byte {offset} has no credible length");
        var buffer = ArrayPool<byte>.Shared.Rent((int)length);
        var payload = buffer.AsSpan(0, (int)length);
        if (_file.ReadFully(payload, offset + 8) != payload.Length)
            throw Damaged($"it ends inside the frame at byte {offset}");
        if (FrameFile.Crc(payload) != BinaryPrimitives.ReadUInt32LittleEndian(envelope[4..]))
            throw Damaged($"the frame at byte {offset} does not match its CRC");
        return (buffer, (int)length, offset + 8 + length);
    }

    /// <summary>The length of the frame at <paramref name="offset"/>, the first bytes of its payload, and the next frame's offset.</summary>
    public (int Length, long Next) Peek(long offset, Span<byte> head)
    {
        Span<byte> envelope = stackalloc byte[4];
        if (_file.ReadFully(envelope, offset) != envelope.Length)
            throw Damaged($"it ends at byte {offset}, where a frame should begin");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(envelope);
        if (length == 0 || length > FrameFile.MaxFrame || offset + 8 + length > Length)
            throw Damaged($"the frame at byte {offset} has no credible length");
        var got = _file.ReadFully(head[..(int)Math.Min(head.Length, length)], offset + 8);
        return got == 0 ? throw Damaged($"it ends inside the frame at byte {offset}") : ((int)length, offset + 8 + length);
    }

    /// <summary>Checks every byte against the end record, before anything of it is used.</summary>
    public void CheckWhole(CancellationToken cancellationToken)
    {
        if (Length < FrameFile.HeaderSize + FrameFile.EndFrameSize)
            throw Damaged("it has no end record");
        var bodyLength = Length - FrameFile.EndFrameSize;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            for (long at = 0; at < bodyLength;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var got = _file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, bodyLength - at)), at);
                if (got == 0)
                    throw Damaged($"it ends at byte {at}");
                hash.AppendData(buffer, 0, got);
                at += got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var (end, length, _) = Read(bodyLength);
        var isEnd = length == FrameFile.EndFrameSize - 8 && end[0] == FrameFile.EndType
            && BinaryPrimitives.ReadInt64LittleEndian(end.AsSpan(9)) == bodyLength
            && hash.GetHashAndReset().AsSpan().SequenceEqual(end.AsSpan(17, SHA256.HashSizeInBytes));
        ArrayPool<byte>.Shared.Return(end);
        if (!isEnd)
            throw Damaged("its bytes do not match its end record");
    }

    public void Dispose() => _file.Dispose();

    public LoggerCmsException Damaged(string why) => new(
        _damagedCode,
        $"'{Path}' is not whole: {why}. Nothing of it was applied.",
        _damagedCode == ErrorCodes.UndoDamaged
            ? "Bring the side back by a transfer from one that is as it was, or from a backup; Clear-StateTransferTemp removes the file."
            : "Start the transfer again; Clear-StateTransferTemp removes the file.");

    private void CheckHead(ReadOnlySpan<byte> magic)
    {
        Span<byte> head = stackalloc byte[FrameFile.HeaderSize];
        if (_file.ReadFully(head, 0) != head.Length || !head[..8].SequenceEqual(magic))
            throw Damaged("it does not begin as such a file does");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
        if (version != FrameFile.Version)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported,
                $"'{Path}' has version {version} of its format; this release reads version {FrameFile.Version}. The file was left untouched.",
                "Use the release that wrote it.");
        }
    }
}
