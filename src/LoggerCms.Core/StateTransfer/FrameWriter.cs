using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Writes a frame file under a partial name; <see cref="Complete"/> makes it whole, syncs it and gives it its own name.</summary>
internal sealed class FrameWriter : IDisposable
{
    public const string PartialSuffix = ".partial";

    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512 * 1024);
    private int _used;
    private long _frames;
    private bool _completed;

    /// <exception cref="IOException">The file cannot be made. It is new, and readable by its owner only.</exception>
    public FrameWriter(string path, ReadOnlySpan<byte> magic)
    {
        Path = path;
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _stream = new FileStream(path + PartialSuffix, options);
        Span<byte> head = stackalloc byte[FrameFile.HeaderSize];
        head.Clear();
        magic.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], FrameFile.Version);
        Append(head);
    }

    /// <summary>The name that the file has once it is complete.</summary>
    public string Path { get; }

    public long Length { get; private set; }

    /// <summary>Appends a frame whose payload comes in three parts; returns its offset.</summary>
    public long Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> middle, ReadOnlySpan<byte> body)
    {
        var offset = Length;
        Span<byte> envelope = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(envelope, (uint)(head.Length + middle.Length + body.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(envelope[4..], FrameFile.Crc(body, FrameFile.Crc(middle, FrameFile.Crc(head))));
        Append(envelope);
        Append(head);
        Append(middle);
        Append(body);
        _frames++;
        return offset;
    }

    /// <summary>Writes the end record, syncs the file, renames it and syncs its folder.</summary>
    public void Complete()
    {
        Span<byte> end = stackalloc byte[FrameFile.EndFrameSize - 8];
        end[0] = FrameFile.EndType;
        BinaryPrimitives.WriteInt64LittleEndian(end[1..], _frames);
        BinaryPrimitives.WriteInt64LittleEndian(end[9..], Length);
        FlushBuffer();
        _hash.GetCurrentHash(end[17..]);
        Write(end, default, default);
        FlushBuffer();
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(Path + PartialSuffix, Path);
        _completed = true;
        DurableFolder.Sync(System.IO.Path.GetDirectoryName(Path)!);
    }

    /// <summary>Makes what was written so far readable by its offsets.</summary>
    public void FlushBuffer()
    {
        if (_used == 0)
            return;
        _hash.AppendData(_buffer, 0, _used);
        _stream.Write(_buffer, 0, _used);
        _used = 0;
    }

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        _stream.Dispose();
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (!_completed)
            File.Delete(Path + PartialSuffix);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (bytes.Length > _buffer.Length - _used)
            FlushBuffer();
        if (bytes.Length >= _buffer.Length)
        {
            _hash.AppendData(bytes);
            _stream.Write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }
}
