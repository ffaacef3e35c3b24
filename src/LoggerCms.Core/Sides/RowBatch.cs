using System.Buffers;

namespace LoggerCms.Core.Sides;

/// <summary>
/// Canonical rows back to back in one pooled buffer. A driver fills it, one consumer reads it and disposes it.
/// Not thread-safe; ownership passes with the reference.
/// </summary>
public sealed class RowBatch : IDisposable
{
    private byte[] _buffer;
    private int[] _ends;

    /// <param name="capacity">Bytes to begin with; it grows as needed.</param>
    public RowBatch(int capacity = 64 * 1024)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(capacity);
        _ends = ArrayPool<int>.Shared.Rent(256);
    }

    /// <summary>Complete rows.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of complete rows and of the row being written.</summary>
    public int Length { get; private set; }

    /// <summary>The canonical bytes of row <paramref name="index"/>; valid until the batch is disposed or grows.</summary>
    public ReadOnlySpan<byte> this[int index]
        => _buffer.AsSpan(index == 0 ? 0 : _ends[index - 1], _ends[index] - (index == 0 ? 0 : _ends[index - 1]));

    /// <summary>All complete rows.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Count == 0 ? 0 : _ends[Count - 1]);

    /// <summary>The canonical bytes of row <paramref name="index"/> and of all complete rows after it.</summary>
    public ReadOnlySpan<byte> From(int index) => index >= Count ? default : Bytes[(index == 0 ? 0 : _ends[index - 1])..];

    public ReadOnlyMemory<byte> Memory(int index)
    {
        var start = index == 0 ? 0 : _ends[index - 1];
        return _buffer.AsMemory(start, _ends[index] - start);
    }

    /// <summary>Room for at least <paramref name="size"/> further bytes; <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - Length < size)
            Grow(size);
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Ends the row that was written since the last end.</summary>
    public void EndRow()
    {
        if (Count == _ends.Length)
        {
            var ends = ArrayPool<int>.Shared.Rent(_ends.Length * 2);
            _ends.CopyTo(ends, 0);
            ArrayPool<int>.Shared.Return(_ends);
            _ends = ends;
        }

        _ends[Count++] = Length;
    }

    /// <summary>Takes back what was written since the last <see cref="EndRow"/>.</summary>
    public void AbandonRow() => Length = Count == 0 ? 0 : _ends[Count - 1];

    /// <summary>Appends a complete row.</summary>
    public void Add(ReadOnlySpan<byte> row)
    {
        row.CopyTo(GetSpan(row.Length));
        Length += row.Length;
        EndRow();
    }

    /// <summary>The complete rows in a batch of their own.</summary>
    public RowBatch Copy()
    {
        var copy = new RowBatch(Math.Max(1, Length));
        for (var i = 0; i < Count; i++)
            copy.Add(this[i]);
        return copy;
    }

    public void Clear()
    {
        Count = 0;
        Length = 0;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            ArrayPool<int>.Shared.Return(_ends);
        }

        _buffer = [];
        _ends = [];
        Count = 0;
        Length = 0;
    }

    private void Grow(int size)
    {
        var wanted = (long)Length + size;
        if (wanted > Array.MaxLength)
        {
            throw new LoggerCmsException(
                ErrorCodes.ValueNotRepresentable,
                $"A row of {wanted} bytes is larger than a batch can hold ({Array.MaxLength} bytes).",
                "Leave the column out with a side profile.");
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(wanted, 2L * _buffer.Length), Array.MaxLength));
        _buffer.AsSpan(0, Length).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
    }
}
