namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Ids in ascending order, in chunks. One writer; readers take no lock.
/// <para>A reader is right because: an id is appended into a free place (0) behind the last one of a chunk, by one write; any other change makes
/// a new chunk and replaces the reference to the old one; a chunk is split, emptied or added only together with a new directory. Who walks an
/// older directory or chunk sees the set as it was at some moment since they began. Ids never go from one chunk to another in place.</para>
/// </summary>
internal sealed class IdSet
{
    private const int FirstChunk = 4;
    private const int MaxChunk = 256;

    private long[][] _chunks = [];

    public int Count { get; private set; }

    /// <summary>Adds an id greater than 0 where it is not there yet.</summary>
    public void Add(long id)
    {
        var chunks = _chunks;
        if (chunks.Length == 0)
        {
            Publish([NewChunk(FirstChunk, [id])]);
            Count = 1;
            return;
        }

        var index = ChunkOf(chunks, id);
        var chunk = chunks[index];
        var used = Used(chunk);
        var at = chunk.AsSpan(0, used).BinarySearch(id);
        if (at >= 0)
            return;
        Count++;
        at = ~at;
        if (at == used && used < chunk.Length)
            Volatile.Write(ref chunk[used], id);
        else if (used < MaxChunk)
            Volatile.Write(ref chunks[index], NewChunk(Math.Min(MaxChunk, used == chunk.Length ? 2 * used : chunk.Length), [.. chunk.AsSpan(0, at), id, .. chunk.AsSpan(at, used - at)]));
        else if (at == used)
            Publish([.. chunks.AsSpan(0, index + 1), NewChunk(index == 0 ? MaxChunk / 4 : MaxChunk, [id]), .. chunks.AsSpan(index + 1)]);
        else
            Split(chunks, index, at, id);
    }

    public void Remove(long id)
    {
        var chunks = _chunks;
        if (chunks.Length == 0)
            return;
        var index = ChunkOf(chunks, id);
        var chunk = chunks[index];
        var used = Used(chunk);
        var at = chunk.AsSpan(0, used).BinarySearch(id);
        if (at < 0)
            return;
        Count--;
        if (used == 1)
            Publish([.. chunks.AsSpan(0, index), .. chunks.AsSpan(index + 1)]);
        else
            Volatile.Write(ref chunks[index], NewChunk(chunk.Length, [.. chunk.AsSpan(0, at), .. chunk.AsSpan(at + 1, used - at - 1)]));
    }

    /// <summary>Ascending; from the first one above <paramref name="after"/>.</summary>
    public IEnumerable<long> Above(long after = 0)
    {
        var chunks = Volatile.Read(ref _chunks);
        for (var index = chunks.Length == 0 ? 0 : ChunkOf(chunks, after); index < chunks.Length; index++)
        {
            var chunk = Volatile.Read(ref chunks[index]);
            for (var at = 0; at < chunk.Length; at++)
            {
                var id = Volatile.Read(ref chunk[at]);
                if (id == 0)
                    break;
                if (id > after)
                    yield return id;
            }
        }
    }

    /// <summary>The last chunk that begins at or below the id, else the first.</summary>
    private static int ChunkOf(long[][] chunks, long id)
    {
        int low = 0, high = chunks.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (Volatile.Read(ref chunks[middle])[0] <= id)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    private static int Used(long[] chunk)
    {
        int low = 0, high = chunk.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (chunk[middle] != 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private static long[] NewChunk(int capacity, ReadOnlySpan<long> ids)
    {
        var chunk = new long[capacity];
        ids.CopyTo(chunk);
        return chunk;
    }

    private void Split(long[][] chunks, int index, int at, long id)
    {
        var chunk = chunks[index];
        const int half = MaxChunk / 2;
        var left = chunk.AsSpan(0, half);
        var right = chunk.AsSpan(half);
        long[] first = at <= half ? NewChunk(MaxChunk, [.. left[..at], id, .. left[at..]]) : NewChunk(MaxChunk, left);
        long[] second = at <= half ? NewChunk(MaxChunk, right) : NewChunk(MaxChunk, [.. right[..(at - half)], id, .. right[(at - half)..]]);
        Publish([.. chunks.AsSpan(0, index), first, second, .. chunks.AsSpan(index + 1)]);
    }

    private void Publish(long[][] chunks) => Volatile.Write(ref _chunks, chunks);
}
