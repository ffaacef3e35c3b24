using System.Buffers.Binary;

namespace LoggerCms.Core.Deltas;

/// <summary>Records that are written and synced together, as the frame that they become, with those who wait for them.</summary>
internal sealed class PendingGroup
{
    private const int FirstBytes = 64 * 1024;

    /// <summary>A buffer that one large group made is not kept.</summary>
    private const int KeptBytes = 4 * 1024 * 1024;

    private readonly List<AppendWaiter> _waiters = [];
    private byte[] _frame = new byte[FirstBytes];
    private int _used = DeltaFormat.FrameHeaderSize;

    public int Count { get; private set; }

    /// <summary>The length of the frame.</summary>
    public int FrameLength => DeltaFormat.Pad(_used);

    public long LastKey { get; private set; }

    /// <summary>Bytes of it may be in a file: that it is nowhere can no longer be claimed.</summary>
    public bool Attempted { get; set; }

    public void Add(long key, ReadOnlySpan<byte> payload, AppendWaiter? waiter)
    {
        var end = checked(_used + DeltaFormat.RecordHeaderSize + payload.Length);
        if (end + 8 > _frame.Length)
            Array.Resize(ref _frame, (int)Math.Min(Math.Max(end + 8L, _frame.Length * 2L), Array.MaxLength));
        var record = _frame.AsSpan(_used, end - _used);
        BinaryPrimitives.WriteInt64LittleEndian(record, key);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], payload.Length);
        payload.CopyTo(record[DeltaFormat.RecordHeaderSize..]);
        _used = end;
        LastKey = key;
        Count++;
        if (waiter is not null)
            _waiters.Add(waiter);
    }

    /// <summary>The frame, for its place in a file.</summary>
    public ReadOnlySpan<byte> Seal(long durable, ulong salt, long offset)
    {
        var frame = _frame.AsSpan(0, FrameLength);
        frame[_used..].Clear();
        DeltaFormat.SealFrame(frame, DeltaFormat.GroupMark, Count, durable, salt, offset);
        return frame;
    }

    public void Complete()
    {
        foreach (var waiter in _waiters)
            waiter.Complete();
        Clear();
    }

    public void Fail(Exception exception)
    {
        foreach (var waiter in _waiters)
            waiter.Fail(exception);
        Clear();
    }

    private void Clear()
    {
        _waiters.Clear();
        Count = 0;
        _used = DeltaFormat.FrameHeaderSize;
        Attempted = false;
        if (_frame.Length > KeptBytes)
            _frame = new byte[FirstBytes];
    }
}
