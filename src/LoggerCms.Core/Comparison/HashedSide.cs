using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>The hashes that one side's database made of a table: their sum, and each with its row's place, parted so that a part fits in memory.</summary>
internal sealed class HashedSide : IDisposable
{
    private const int RecordSize = RowHashes.RecordSize;
    private readonly HashPartitions _records = new(RecordSize);
    private TableSum _sum;

    /// <summary>The sum of the rows' hashes modulo 2^256, and how many rows there are. Its bytes are those of the database's own form, and so not counted.</summary>
    public TableSum Sum => _sum;

    /// <summary>Adds a part of the table; parts may come side by side.</summary>
    public void Add(RowHashes hashes)
    {
        lock (_records)
        {
            for (var i = 0; i < hashes.Rows; i++)
            {
                _sum.Add(hashes[i][..RowKeys.HashSize], 0);
                _records.Add(hashes[i]);
            }
        }
    }

    /// <summary>The places of rows that the other side lacks, each row as often as it is surplus; null where they are more than <paramref name="most"/>.</summary>
    /// <param name="ours">One side.</param>
    /// <param name="theirs">The other side.</param>
    /// <param name="recordsAtOnce">About how many hashes may be held in memory at once.</param>
    /// <param name="most">How many places are worth having.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static (List<long> Ours, List<long> Theirs)? Unmatched(
        HashedSide ours, HashedSide theirs, int recordsAtOnce, long most, CancellationToken cancellationToken)
    {
        var (left, right) = (new List<long>(), new List<long>());
        var places = new Dictionary<UInt256, long>();
        var copies = new Dictionary<UInt256, Stack<long>>();
        for (var part = 0; part < HashPartitions.Count; part++)
        {
            var slices = 1;
            while (ours._records.Records(part) / slices > recordsAtOnce && slices < HashPartitions.Count)
                slices *= 2;
            for (var slice = 0; slice < slices; slice++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                MatchSlice(part, slice, slices - 1);
                if (left.Count + right.Count > most)
                    return null;
            }
        }

        // In the order in which they stand, so that fetching them goes through the table once.
        left.Sort();
        right.Sort();
        return (left, right);

        void MatchSlice(int part, int slice, int mask)
        {
            places.Clear();
            copies.Clear();
            foreach (var (hash, place) in ours.Read(part, slice, mask))
            {
                if (places.TryAdd(hash, place))
                    continue;
                if (!copies.TryGetValue(hash, out var more))
                    copies.Add(hash, more = new Stack<long>());
                more.Push(place);
            }

            foreach (var (hash, place) in theirs.Read(part, slice, mask))
            {
                if (copies.TryGetValue(hash, out var more) && more.TryPop(out _))
                    continue;
                if (!places.Remove(hash))
                    right.Add(place);
            }

            left.AddRange(places.Values);
            foreach (var more in copies.Values)
                left.AddRange(more);
        }
    }

    public void Dispose() => _records.Dispose();

    private IEnumerable<(UInt256 Hash, long Place)> Read(int part, int slice, int mask)
    {
        foreach (var block in _records.Read(part))
        {
            for (var at = 0; at < block.Length; at += RecordSize)
            {
                var record = block.Span.Slice(at, RecordSize);
                if ((record[1] & mask) == slice)
                    yield return (UInt256.Read(record), BinaryPrimitives.ReadInt64LittleEndian(record[RowKeys.HashSize..]));
            }
        }
    }
}
