using System.Buffers.Binary;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>How the reading of a file ended.</summary>
/// <param name="State">What it is found to be.</param>
/// <param name="Offset">Where its valid part ends.</param>
/// <param name="Bytes">For a torn tail, the bytes from there to the last one that is not zero.</param>
/// <param name="Reason">Why it is not clean, or what was left out; null for nothing to say.</param>
internal sealed record DeltaEnd(DeltaFileState State, long Offset, long Bytes = 0, string? Reason = null);

/// <summary>
/// Reads the records of one delta file in order, whatever its bytes are: it never gives a record that was not written there, and never fails
/// but by an <see cref="IOException"/> of the disk. Memory is that of the longest group.
/// </summary>
internal sealed class DeltaFileReader : IDisposable
{
    private const int WindowBytes = 1024 * 1024;

    private readonly IDurableFile _file;
    private readonly long? _validEnd;
    private byte[] _window = new byte[WindowBytes];
    private long _windowAt;
    private int _windowLength;

    // The frame being read, and the record in it: places in the window.
    private long _frameAt;
    private int _recordAt;
    private int _frameEnd;
    private long _left;
    private int _payloadLength;

    private DeltaFileReader(string path, IDurableFile file, long? validEnd)
    {
        Path = path;
        _file = file;
        _validEnd = validEnd;
        Length = file.Length;
    }

    public string Path { get; }

    /// <summary>The length of the file.</summary>
    public long Length { get; }

    /// <summary>Null where the file has none that can be read.</summary>
    public DeltaSegmentHeader? Header { get; private set; }

    /// <summary>Of the format; null where the file is no delta file.</summary>
    public int? Version { get; private set; }

    /// <summary>The records read so far.</summary>
    public long Records { get; private set; }

    public long? FirstKey { get; private set; }

    /// <summary>The key of the record that was read last.</summary>
    public long? LastKey { get; private set; }

    /// <summary>Up to where the file itself proves that it was durable.</summary>
    public long DurableEnd { get; private set; }

    /// <summary>How it ended; null while there is more to read.</summary>
    public DeltaEnd? End { get; private set; }

    /// <summary>Where the record begins in the file.</summary>
    public long RecordOffset { get; private set; }

    /// <summary>The record that was read last; valid until the next is read.</summary>
    public ReadOnlySpan<byte> Payload => _window.AsSpan(_recordAt - _payloadLength, _payloadLength);

    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file, of this machine or another.</param>
    /// <param name="validEnd">Where its valid part ends by the word of the segment after it; null for the last one.</param>
    public static DeltaFileReader Open(IFileLayer files, string path, long? validEnd = null)
    {
        var reader = new DeltaFileReader(path, files.Open(path), validEnd);
        try
        {
            reader.ReadHeader();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Goes to the next record; false at the end, which <see cref="End"/> then tells.</summary>
    public bool Read()
    {
        while (End is null)
        {
            if (_left == 0)
            {
                if (!NextFrame())
                    return false;
                continue;
            }

            // The frame's CRC was right and its records were walked once: they are as they were written.
            var record = _window.AsSpan(_recordAt);
            var key = BinaryPrimitives.ReadInt64LittleEndian(record);
            _payloadLength = BinaryPrimitives.ReadInt32LittleEndian(record[8..]);
            RecordOffset = _windowAt + _recordAt;
            _recordAt += DeltaFormat.RecordHeaderSize + _payloadLength;
            _left--;
            Records++;
            FirstKey ??= key;
            LastKey = key;
            return true;
        }

        return false;
    }

    public void Dispose() => _file.Dispose();

    private void ReadHeader()
    {
        Fill(0, DeltaFormat.HeaderSize);
        var head = _window.AsSpan(0, _windowLength);
        if (head.Length < 12 || !head[..8].SequenceEqual(DeltaFormat.Magic))
        {
            End = new DeltaEnd(DeltaFileState.NotADeltaFile, 0, Reason: "it does not begin as a delta file does");
            return;
        }

        Version = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
        if (Version != DeltaFormat.Version)
        {
            End = new DeltaEnd(DeltaFileState.UnknownVersion, 0, Reason: $"version {Version}; this release reads version {DeltaFormat.Version}");
            return;
        }

        Header = DeltaFormat.ReadHeader(head);
        if (Header is null)
        {
            // A file has its name no sooner than its header is on the disk.
            End = new DeltaEnd(DeltaFileState.Damaged, 0, Reason: "its header does not match its CRC");
            return;
        }

        _frameAt = DurableEnd = DeltaFormat.HeaderSize;
        _recordAt = DeltaFormat.HeaderSize;
    }

    private bool NextFrame()
    {
        if (_validEnd is { } valid && _frameAt >= valid)
        {
            DurableEnd = valid;
            End = _frameAt > valid ? Damage($"a group begins before byte {valid}, where the next segment says that this one ends, and ends behind it") : ValidEnd(valid);
            return false;
        }

        if (FrameProblem(_frameAt, out var head) is { } problem)
        {
            End = EndAt(problem);
            return false;
        }

        var end = _frameAt + DeltaFormat.FrameHeaderSize + head.BodyLength;
        var at = (int)(_frameAt - _windowAt);
        DurableEnd = Math.Max(DurableEnd, head.Durable);
        _recordAt = at + DeltaFormat.FrameHeaderSize;
        _frameEnd = (int)(end - _windowAt);
        if (!Walk(head.Records))
        {
            End = Damage("the group's CRC is right, but its records do not fill it in ascending order");
            return false;
        }

        _left = head.Records;
        _frameAt = end;
        return true;
    }

    /// <summary>Whether the records fill the frame and their keys ascend.</summary>
    private bool Walk(long records)
    {
        var at = _recordAt;
        var key = LastKey ?? Header!.KeyBefore;
        for (long i = 0; i < records; i++)
        {
            if (_frameEnd - at < DeltaFormat.RecordHeaderSize)
                return false;
            var record = _window.AsSpan(at);
            var next = BinaryPrimitives.ReadInt64LittleEndian(record);
            var length = BinaryPrimitives.ReadInt32LittleEndian(record[8..]);
            at += DeltaFormat.RecordHeaderSize;
            if (next <= key || length < 0 || length > _frameEnd - at)
                return false;
            at += length;
            key = next;
        }

        return _frameEnd - at < 8;
    }

    /// <summary>Null for a whole frame, which then is in the window from its first byte to its last.</summary>
    private string? FrameProblem(long at, out FrameHead head)
    {
        Fill(at, DeltaFormat.FrameHeaderSize);
        var start = (int)(at - _windowAt);
        head = default;
        if (_windowLength - start < DeltaFormat.FrameHeaderSize)
            return "it ends before another group";
        head = FrameHead.Read(_window.AsSpan(start));
        if (!head.IsMarked)
            return "no group begins there";
        if (head.BodyLength % 8 != 0 || head.BodyLength > Length - at - DeltaFormat.FrameHeaderSize || head.BodyLength > Array.MaxLength - WindowBytes)
            return "the group there has no credible length";
        var length = DeltaFormat.FrameHeaderSize + (int)head.BodyLength;
        Fill(at, length);
        start = (int)(at - _windowAt);
        if (_windowLength - start < length)
            return "it ends inside the group there";
        if (DeltaFormat.FrameCrc(_window.AsSpan(start, length), Header!.Salt, at) != head.Crc)
            return "the group there does not match its CRC";
        return head.Durable > at ? "the group there claims that bytes behind it are durable" : null;
    }

    /// <summary>What an unreadable frame means: the end, a torn tail, or damage.</summary>
    private DeltaEnd EndAt(string problem)
    {
        if (_validEnd is { } valid)
        {
            DurableEnd = Math.Max(DurableEnd, valid);
            return Damage($"{problem}, while the next segment says that this one is whole up to byte {valid}");
        }

        // Its room was on the disk, to the last byte, before it had its name: no crash makes it shorter, and what was cut off may have been acknowledged.
        if (Length < Header!.Room)
            return Damage($"{problem}, and the file has {Length} bytes of the {Header.Room} that it was made with");

        var at = _frameAt;
        var last = at;
        for (var from = at; from < Length;)
        {
            Fill(from, WindowBytes);
            var start = (int)(from - _windowAt);
            var have = _window.AsSpan(start, _windowLength - start);
            if (have.IsEmpty)
                break;
            var lastSet = have.LastIndexOfAnyExcept((byte)0);
            if (lastSet >= 0)
                last = from + lastSet + 1;
            if (LaterFrame(from, have, at) is { } later)
            {
                DurableEnd = Math.Max(DurableEnd, later.Durable);
                return Damage($"{problem}, while the group at byte {later.At} was written when all up to byte {later.Durable} was durable");
            }

            from += have.Length < DeltaFormat.FrameHeaderSize * 2 ? have.Length : (have.Length - DeltaFormat.FrameHeaderSize) & ~7;
        }

        return last == at ? new DeltaEnd(DeltaFileState.Clean, at) : new DeltaEnd(DeltaFileState.TornTail, at, last - at, problem);
    }

    /// <summary>A whole frame in the window, behind <paramref name="damage"/>, that proves that what is unreadable there was durable.</summary>
    private (long At, long Durable)? LaterFrame(long from, ReadOnlySpan<byte> have, long damage)
    {
        // Only the last byte of a mark tells the two kinds of frame apart.
        ReadOnlySpan<byte> mark = [0x4C, 0x43, 0x47];
        for (var searched = 0; ;)
        {
            var found = have[searched..].IndexOf(mark);
            if (found < 0)
                return null;
            var at = from + searched + found;
            searched += found + 1;
            if (at <= damage || at % 8 != 0 || have.Length - (searched - 1) < DeltaFormat.FrameHeaderSize)
                continue;
            var head = FrameHead.Read(have[(searched - 1)..]);
            if (!head.IsMarked || head.Durable <= damage || head.Durable > at || head.BodyLength > Length - at - DeltaFormat.FrameHeaderSize)
                continue;
            if (IsWhole(at, head))
                return (at, head.Durable);
        }
    }

    /// <summary>Reads a frame beside the window, which the search goes on in.</summary>
    private bool IsWhole(long at, FrameHead head)
    {
        if (head.BodyLength > Array.MaxLength - DeltaFormat.FrameHeaderSize)
            return false;
        var frame = new byte[DeltaFormat.FrameHeaderSize + (int)head.BodyLength];
        return _file.ReadFully(frame, at) == frame.Length && DeltaFormat.FrameCrc(frame, Header!.Salt, at) == head.Crc;
    }

    private DeltaEnd Damage(string reason) => new(DeltaFileState.Damaged, _frameAt, Reason: reason);

    private DeltaEnd ValidEnd(long valid)
    {
        Fill(valid, DeltaFormat.FrameHeaderSize);
        var isVoid = _window.AsSpan((int)(valid - _windowAt), _windowLength - (int)(valid - _windowAt)).ContainsAnyExcept((byte)0);
        return new DeltaEnd(
            DeltaFileState.Clean, valid, Reason: isVoid ? $"what stands behind byte {valid} is void: writing it failed, and the next segment goes on from there" : null);
    }

    /// <summary>Has the bytes of the file from <paramref name="at"/> in the window, <paramref name="count"/> of them where the file has so many.</summary>
    private void Fill(long at, int count)
    {
        if (at >= _windowAt && at + count <= _windowAt + _windowLength)
            return;
        var kept = at >= _windowAt && at < _windowAt + _windowLength ? (int)(_windowAt + _windowLength - at) : 0;
        var old = _window;
        if (count > _window.Length)
            _window = new byte[Math.Max(count, (int)Math.Min(_window.Length * 2L, Array.MaxLength))];
        if (kept > 0)
            old.AsSpan((int)(at - _windowAt), kept).CopyTo(_window);
        _windowAt = at;
        _windowLength = kept + _file.ReadFully(_window.AsSpan(kept), at + kept);
    }
}
