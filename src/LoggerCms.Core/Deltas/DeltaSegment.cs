using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// One segment that is written. Its room is made ahead under a name that means nothing (<see cref="Make"/>); <see cref="Begin"/> gives it its
/// header and then its name, so that a file under that name always has a whole header. Not safe for several callers at once.
/// </summary>
internal sealed class DeltaSegment : IDisposable
{
    private const int ZeroBytes = 1024 * 1024;

    private static readonly byte[] Zeros = new byte[ZeroBytes];

    private readonly IFileLayer _files;
    private readonly string _folder;
    private readonly DeltaJournalHeader _journal;
    private readonly byte[] _marker = new byte[DeltaFormat.FrameHeaderSize];
    private IDurableFile _file;
    private bool _isPuttingBack;
    private bool _isPlaceTold;
    private ulong _salt;

    private DeltaSegment(IFileLayer files, string folder, DeltaJournalHeader journal, long sequence, long length)
    {
        _files = files;
        _folder = folder;
        _journal = journal;
        Sequence = sequence;
        Length = length;
        Path = DeltaNames.Spare(folder, journal.Epoch, sequence);
        _file = files.Create(Path);
    }

    public string Path { get; private set; }

    public long Sequence { get; }

    public long Length { get; }

    /// <summary>The last record that is durable here, or before this segment.</summary>
    public long LastKey { get; private set; }

    /// <summary>Everything before this offset is on the disk.</summary>
    public long DurableEnd { get; private set; }

    /// <summary>A write or a sync failed, or the file had lost its name: nothing is written or synced here any more.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Nobody needs what it holds: it has no handle any more, and is about to lose its name or has.</summary>
    public bool IsLetGo { get; private set; }

    /// <summary>Whether somebody removed or replaced the file or a folder above it, or gave it another name.</summary>
    public bool IsRemoved => !IsLetGo && (_isPuttingBack || !IsInPlace || _files.Find(Path) is null);

    // Not every file system's numbers tell a path and a handle of one file; where they did not when the file got its name, only a lost name is noticed.
    private bool IsInPlace => _isPlaceTold ? _file.IsAt(Path) : _file.HasName;

    /// <summary>A marker for all that is durable is durable itself.</summary>
    public bool IsMarked { get; private set; } = true;

    public long Syncs { get; private set; }

    /// <summary>Makes a file of zeros that are on the disk, so that a later sync there has nothing but bytes to write.</summary>
    public static DeltaSegment Make(IFileLayer files, string folder, DeltaJournalHeader journal, long sequence, long length)
    {
        var segment = new DeltaSegment(files, folder, journal, sequence, length);
        try
        {
            Clear(segment._file, 0, length);
            segment._file.Sync();
            segment.Syncs++;
            return segment;
        }
        catch
        {
            segment.Discard();
            throw;
        }
    }

    /// <summary>Makes it a segment of the journal; after a failure it is of no use and has to be discarded.</summary>
    public void Begin(DeltaSegmentHeader header)
    {
        var bytes = new byte[DeltaFormat.HeaderSize];
        DeltaFormat.WriteHeader(bytes, header);
        _file.Write(bytes, 0);
        _file.Sync();
        Syncs++;
        var path = DeltaNames.Segment(_folder, _journal.Epoch, Sequence);
        _files.Rename(Path, path);
        Path = path;
        _files.SyncFolder(_folder);
        (_salt, LastKey, DurableEnd) = (header.Salt, header.KeyBefore, DeltaFormat.HeaderSize);
        _isPlaceTold = _file.IsAt(Path);
    }

    public bool HasRoom(long bytes) => DurableEnd + bytes + DeltaFormat.FrameHeaderSize <= Length;

    /// <summary>Writes the group behind what is durable, and makes it durable.</summary>
    public void Append(PendingGroup group)
    {
        var frame = group.Seal(DurableEnd, _salt, DurableEnd);
        group.Attempted = true;
        WriteThrough(frame);
        LastKey = group.LastKey;
        IsMarked = false;
    }

    /// <summary>Writes that all before is durable, and makes that durable.</summary>
    public void Mark()
    {
        DeltaFormat.SealFrame(_marker, DeltaFormat.MarkerMark, 0, DurableEnd, _salt, DurableEnd);
        WriteThrough(_marker);
        IsMarked = true;
    }

    /// <summary>
    /// Has the file under its name again where it was removed: made anew, to the byte, from what the handle still leads to, up to what is durable.
    /// So whoever reads the folder later finds the journal as it was. After a failure it may be asked again.
    /// </summary>
    public void PutBack()
    {
        _isPuttingBack = true;
        var spare = DeltaNames.Spare(_folder, _journal.Epoch, Sequence);
        _files.Delete(spare);
        var anew = _files.Create(spare);
        try
        {
            CopyTo(anew);
            Clear(anew, DurableEnd, Length);
            anew.Sync();
            Syncs++;
            _files.Rename(spare, Path);
            _files.SyncFolder(_folder);
        }
        catch
        {
            // Where it has its name by now, that may not be durable: the next try takes its place.
            anew.Dispose();
            throw;
        }

        _file.Dispose();
        (_file, _isPuttingBack, _isPlaceTold) = (anew, false, anew.IsAt(Path));
    }

    private void CopyTo(IDurableFile anew)
    {
        var bytes = new byte[ZeroBytes];
        for (long at = 0; at < DurableEnd; at += ZeroBytes)
        {
            var part = bytes.AsSpan(0, (int)Math.Min(ZeroBytes, DurableEnd - at));
            if (_file.ReadFully(part, at) != part.Length)
                throw new IOException($"'{Path}' was removed, and has become shorter than it was.");
            anew.Write(part, at);
        }
    }

    private static void Clear(IDurableFile file, long from, long to)
    {
        for (var at = from; at < to; at += ZeroBytes)
            file.Write(Zeros.AsSpan(0, (int)Math.Min(ZeroBytes, to - at)), at);
    }

    /// <summary>Nothing of it is needed any more; its file may go.</summary>
    public void LetGo()
    {
        IsLetGo = true;
        _file.Dispose();
    }

    /// <summary>Removes a file that has no record and is no part of the journal; false where it is still there.</summary>
    public bool Discard()
    {
        LetGo();
        try
        {
            _files.Delete(Path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to tell. No later segment goes on from this one, so that it stands for nothing.
            return false;
        }
    }

    public void Dispose() => _file.Dispose();

    private void WriteThrough(ReadOnlySpan<byte> frame)
    {
        try
        {
            _file.Write(frame, DurableEnd);
            _file.SyncData();
            if (!IsInPlace)
                throw new FileNotFoundException($"The delta file '{Path}' was removed or replaced while it is written, or its folder is not in its place any more.", Path);
        }
        catch
        {
            IsGivenUp = true;
            throw;
        }

        Syncs++;
        DurableEnd += frame.Length;
    }
}
