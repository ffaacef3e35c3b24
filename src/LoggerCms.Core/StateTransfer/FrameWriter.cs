using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Writes a frame file under a partial name; <see cref="Complete"/> makes it whole, syncs it and gives it its own name.</summary>
internal sealed class FrameWriter : IDisposable
{
    private readonly IFileLayer _files;
    private readonly IDurableFile _file;
    private readonly string? _remedy;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512 * 1024);
    private int _used;
    private long _written;
    private long _frames;
    private bool _completed;

    /// <param name="files">Where the file comes; it is new, and readable by its owner only.</param>
    /// <param name="path">The name that it gets once it is complete.</param>
    /// <param name="magic">The 8 bytes that it begins with.</param>
    /// <param name="remedy">What to do when it cannot be written; null for what helps with a file in the temp folder.</param>
    /// <exception cref="LoggerCmsException">DiskFull or TempFolderUnusable, here and from every write.</exception>
    public FrameWriter(IFileLayer files, string path, ReadOnlySpan<byte> magic, string? remedy = null)
    {
        Path = path;
        _files = files;
        _remedy = remedy;
        try
        {
            _file = files.Create(Partial);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception);
        }

        Span<byte> head = stackalloc byte[FrameFile.HeaderSize];
        head.Clear();
        magic.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], FrameFile.Version);
        Append(head);
    }

    /// <summary>The name that the file has once it is complete.</summary>
    public string Path { get; }

    public long Length { get; private set; }

    private string Partial => Path + FileLayerExtensions.PartialSuffix;

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
        try
        {
            _file.Sync();
            _file.Dispose();
            _files.Rename(Partial, Path);
            _completed = true;
            _files.SyncFolder(System.IO.Path.GetDirectoryName(Path)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception);
        }
    }

    /// <summary>Makes what was written so far readable by its offsets.</summary>
    public void FlushBuffer()
    {
        if (_used == 0)
            return;
        WriteThrough(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    /// <summary>Removes what was not completed.</summary>
    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        _file.Dispose();
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (!_completed)
            _files.Delete(Partial);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (bytes.Length > _buffer.Length - _used)
            FlushBuffer();
        if (bytes.Length >= _buffer.Length)
        {
            WriteThrough(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void WriteThrough(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        try
        {
            _file.Write(bytes, _written);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception);
        }

        _written += bytes.Length;
    }

    private LoggerCmsException Failure(Exception exception) => FileFailure.Of(exception, System.IO.Path.GetDirectoryName(Path)!, _remedy);
}
