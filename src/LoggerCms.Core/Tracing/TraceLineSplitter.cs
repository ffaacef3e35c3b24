using System.Text;
using System.Text.Unicode;

namespace LoggerCms.Core.Tracing;

/// <summary>
/// Splits bytes into lines at LF, CR LF and CR, and decodes each: UTF-8, otherwise Latin-1, which loses nothing. Of a line longer than
/// <see cref="MaxLine"/> bytes only the beginning is kept, so its memory does not depend on what it reads.
/// </summary>
internal sealed class TraceLineSplitter
{
    public const int MaxLine = 256 * 1024;

    private readonly byte[] _buffer = new byte[MaxLine * 2];
    private readonly char[] _chars = new char[MaxLine];
    private int _start;
    private int _end;

    /// <summary>Bytes after <see cref="_start"/> in which no line end was found yet.</summary>
    private int _scanned;
    private bool _skipLineFeed;
    private bool _cutting;

    /// <summary>The number of the line that was given last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the next bytes are to be put. Call <see cref="TryNext"/> to its end first.</summary>
    public Memory<byte> Room
    {
        get
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }

            return _buffer.AsMemory(_end);
        }
    }

    /// <summary>So many bytes were put into <see cref="Room"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Passes over a byte order mark; at the beginning only.</summary>
    public void SkipMark()
    {
        if (_buffer.AsSpan(_start, _end - _start).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            _start += 3;
    }

    /// <summary>What follows is another file.</summary>
    public void BeginFile() => Number = 0;

    /// <summary>The next line that is complete.</summary>
    /// <param name="isLast">The bytes end here, so that a line without an end is one too.</param>
    /// <param name="line">Valid until the next call.</param>
    /// <param name="cut">It was longer than what is given.</param>
    public bool TryNext(bool isLast, out ReadOnlySpan<char> line, out bool cut)
    {
        line = default;
        cut = false;
        if (_skipLineFeed && _end > _start)
        {
            _skipLineFeed = false;
            if (_buffer[_start] == (byte)'\n')
                _start++;
        }

        var at = _buffer.AsSpan(_start + _scanned, _end - _start - _scanned).IndexOfAny((byte)'\r', (byte)'\n');
        if (at < 0)
        {
            _scanned = _end - _start;
            if (_scanned > MaxLine)
            {
                // Keep the beginning; what comes until the line's end is read over it.
                _end = _start + MaxLine;
                _scanned = MaxLine;
                _cutting = true;
            }

            if (!isLast || _scanned == 0)
                return false;
            at = 0;
        }
        else
        {
            _skipLineFeed = _buffer[_start + _scanned + at] == (byte)'\r';
        }

        var length = _scanned + at;
        cut = _cutting || length > MaxLine;
        line = Decode(_buffer.AsSpan(_start, Math.Min(length, MaxLine)), cut);
        _start = Math.Min(_start + length + 1, _end);
        _scanned = 0;
        _cutting = false;
        Number++;
        return true;
    }

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> bytes, bool cut)
    {
        // A cut may have split a character.
        if (cut)
        {
            var whole = bytes.Length;
            while (whole > bytes.Length - 4 && whole > 0 && (bytes[whole - 1] & 0xC0) == 0x80)
                whole--;
            if (whole > 0 && bytes[whole - 1] >= 0xC0)
                bytes = bytes[..(whole - 1)];
        }

        var encoding = Utf8.IsValid(bytes) ? Encoding.UTF8 : Encoding.Latin1;
        return _chars.AsSpan(0, encoding.GetChars(bytes, _chars));
    }
}
