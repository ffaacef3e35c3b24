namespace LoggerCms.Core.Tracing;

/// <summary>
/// A file that has no end: a read waits until it grows. Where another file took its name (rotation) or it was cut and written anew,
/// reading goes on at that one's beginning; a line break is put between the two.
/// </summary>
/// <remarks><c>wide</c>: null for bytes, false for UTF-16, true for UTF-16 with the high byte first.</remarks>
internal sealed class FollowedFile(string path, FileStream file, TimeProvider time, bool? wide) : Stream
{
    private const int FingerprintSize = 256;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private readonly byte[] _fingerprint = new byte[FingerprintSize];
    private readonly byte[] _seen = new byte[FingerprintSize];
    private FileStream _file = file;
    private int _known;
    private long _position;

    private enum Found
    {
        Same,
        Gone,
        Another,
        Rewritten,
    }

    /// <summary>How often reading has begun anew.</summary>
    public int Generation { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var count = await _file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                Remember(buffer.Span[..count]);
                _position += count;
                return count;
            }

            switch (Look())
            {
                case Found.Another when await _file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var late:
                    // Written to the old file between its end and the look at the new one.
                    _position += late;
                    return late;
                case Found.Another when TryOpen() is { } next:
                    await _file.DisposeAsync().ConfigureAwait(false);
                    _file = next;
                    return BeginAnew(buffer.Span);
                case Found.Rewritten:
                    _file.Position = 0;
                    return BeginAnew(buffer.Span);
                default:
                    await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (_position != _known || _known == FingerprintSize)
            return;
        var take = Math.Min(bytes.Length, FingerprintSize - _known);
        bytes[..take].CopyTo(_fingerprint.AsSpan(_known));
        _known += take;
    }

    private int BeginAnew(Span<byte> buffer)
    {
        Generation++;
        _position = 0;
        _known = 0;

        buffer[0] = (byte)'\n';
        if (wide is null)
            return 1;
        (buffer[0], buffer[1]) = wide.Value ? ((byte)0, (byte)'\n') : ((byte)'\n', (byte)0);
        return 2;
    }

    /// <summary>What bears the name now. Names, not handles, tell of a rotation; the first bytes tell one file from another.</summary>
    private Found Look()
    {
        try
        {
            using var named = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            if (named.Length >= _position && Matches(named))
                return Found.Same;
            _file.Position = 0;
            var rewritten = _file.Length < _position || !Matches(_file);
            _file.Position = _position;
            return rewritten ? Found.Rewritten : Found.Another;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Between two names, or not ready to be read: it is looked for again.
            return Found.Gone;
        }
    }

    private bool Matches(FileStream stream)
        => stream.ReadAtLeast(_seen.AsSpan(0, _known), _known, throwOnEndOfStream: false) == _known
            && _seen.AsSpan(0, _known).SequenceEqual(_fingerprint.AsSpan(0, _known));

    private FileStream? TryOpen()
    {
        try
        {
            return TraceFile.OpenFile(path);
        }
        catch (LoggerCmsException)
        {
            return null;
        }
    }
}
