using LoggerCms.Core.Files;

namespace LoggerCms.CrashableFiles;

/// <summary>The bytes of one file: as a reader sees them, as the disk has them, and the writes between the two.</summary>
internal sealed class FileContent
{
    private readonly List<(int Offset, byte[] Bytes)> _unsynced = [];
    private byte[] _durable = [];

    public FileContent()
    {
    }

    public FileContent(byte[] bytes)
    {
        Now = bytes;
        _durable = [.. bytes];
    }

    public byte[] Now { get; private set; } = [];

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Now = Put(Now, bytes, (int)offset);
        _unsynced.Add(((int)offset, bytes.ToArray()));
    }

    public void Sync()
    {
        foreach (var (offset, bytes) in _unsynced)
            _durable = Put(_durable, bytes, offset);
        _unsynced.Clear();
    }

    /// <summary>A sync that failed: some of it is on the disk, and the rest will never be written.</summary>
    public void FailSync(Random random)
    {
        _durable = Draw(random, random.NextDouble());
        _unsynced.Clear();
    }

    /// <summary>What the disk has after the power went: any sectors of any unsynced writes, in any order, and any length.</summary>
    /// <param name="random">Draws.</param>
    /// <param name="kept">How likely a sector is to have been written.</param>
    public byte[] Draw(Random random, double kept)
    {
        if (kept >= 1)
            return [.. Now];
        var sector = random.Next(2) == 0 ? 512 : 4096;
        byte[] bytes = [.. _durable];
        foreach (var (offset, written) in _unsynced)
        {
            for (var at = offset; at < offset + written.Length;)
            {
                var end = Math.Min(offset + written.Length, ((at / sector) + 1) * sector);
                if (random.NextDouble() < kept)
                    bytes = Put(bytes, written.AsSpan(at - offset, end - at), at);
                at = end;
            }
        }

        // The length is kept apart from the bytes: it may be behind them, or ahead of them over zeros or what the blocks held before.
        var length = random.Next(4) switch
        {
            0 => Math.Min(_durable.Length, Now.Length),
            1 => bytes.Length,
            2 => Now.Length,
            _ => random.Next(Math.Min(_durable.Length, Now.Length), Now.Length + 1),
        };
        var known = Math.Min(length, bytes.Length);
        Array.Resize(ref bytes, length);
        if (random.Next(2) == 0)
            random.NextBytes(bytes.AsSpan(known));
        return bytes;
    }

    private static byte[] Put(byte[] into, ReadOnlySpan<byte> bytes, int offset)
    {
        if (into.Length < offset + bytes.Length)
            Array.Resize(ref into, offset + bytes.Length);
        bytes.CopyTo(into.AsSpan(offset));
        return into;
    }
}

/// <summary>An open file on a <see cref="CrashableDisk"/>.</summary>
internal sealed class CrashableFile(CrashableDisk disk, string path, FileContent content, bool writable) : IDurableFile
{
    private bool _closed;

    public long Length => disk.Look(() => content.Now.Length);

    public bool HasName => disk.HasName(content);

    public bool IsAt(string place) => disk.IsAt(place, content);

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        CheckOpen(forWriting: true);
        disk.Write(path, content, bytes.ToArray(), offset);
    }

    public int Read(Span<byte> bytes, long offset)
    {
        CheckOpen(forWriting: false);
        var read = disk.Read(content, bytes.Length, offset);
        read.CopyTo(bytes);
        return read.Length;
    }

    public void Sync()
    {
        CheckOpen(forWriting: true);
        disk.SyncFile(path, content);
    }

    public void SyncData() => Sync();

    public void Dispose() => _closed = true;

    private void CheckOpen(bool forWriting)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (forWriting && !writable)
            throw new UnauthorizedAccessException($"'{path}' is open for reading.");
    }
}
