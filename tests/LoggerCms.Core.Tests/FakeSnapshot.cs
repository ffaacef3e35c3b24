using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

/// <summary>A side in memory. Delivers in small batches, so that batch borders fall everywhere.</summary>
internal sealed class FakeSnapshot : ISideSnapshot
{
    private readonly Dictionary<TableName, List<byte[]>> _rows = [];
    private readonly List<TableSchema> _tables = [];
    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;

    public SideCatalog Catalog => new([.. _tables.OrderBy(table => table.Name)], SortOrder);

    public string SortOrder { get; init; } = "BINARY";

    public int Readers { get; init; } = 1;

    public string Isolation { get; init; } = "in memory";

    public bool IsConsistent { get; init; } = true;

    public int RowsPerBatch { get; init; } = 3;

    /// <summary>Delivers rows as they stand although order was asked for.</summary>
    public bool IgnoresOrder { get; init; }

    public SidePosition Position { get; init; } = SidePosition.None;

    /// <summary>Called before each read, to change rows under a reader that has no snapshot.</summary>
    public Action<FakeSnapshot>? BeforeReadByKey { get; set; }

    /// <summary>The first reads wait, for a while, until so many are at work at once: a reader that is quick would be done before the next begins.</summary>
    public int MeetingReaders { get; init; } = 1;

    /// <summary>Most readers that were at work at once.</summary>
    public int MostReaders { get; private set; }

    public int Reads { get; private set; }

    public FakeSnapshot With(TableSchema table, params IEnumerable<byte[]> rows)
    {
        _tables.RemoveAll(other => other.Name == table.Name);
        _tables.Add(table);
        _rows[table.Name] = [.. rows];
        return this;
    }

    public async IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            await Task.Yield();
            await Task.WhenAny(_met.Task, Task.Delay(TimeSpan.FromSeconds(10), cancellationToken));
            var rows = _rows[query.Table.Name].Where(row => InRange(query.Table, row, query.Range)).ToList();
            if (query.Ordered && !IgnoresOrder)
                rows.Sort((a, b) => CompareKeys(query.Table, a, b));
            foreach (var chunk in rows.Chunk(RowsPerBatch))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Batch(chunk);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    public async IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BeforeReadByKey?.Invoke(this);
        Enter();
        try
        {
            await Task.Yield();
            var wanted = Enumerable.Range(0, keys.Count).Select(i => Convert.ToHexString(keys[i])).ToHashSet();
            var found = _rows[table.Name].Where(row => wanted.Contains(Convert.ToHexString(Key(table, row)))).ToList();
            found.Reverse();
            foreach (var chunk in found.Chunk(RowsPerBatch))
                yield return Batch(chunk);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken) => Task.FromResult((long)_rows[table.Name].Count);

    public Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken)
    {
        var keys = _rows[table.Name].Select(row => FirstKey(table, row)).Order().ToList();
        var borders = Enumerable.Range(1, Math.Max(0, parts - 1)).Select(i => keys.Count == 0 ? 0 : keys[i * keys.Count / parts]).Distinct().ToList();
        IReadOnlyList<KeyRange> ranges =
            borders.Count == 0
                ? [new KeyRange(null, null)]
                : [new KeyRange(null, borders[0]), .. borders.Zip(borders.Skip(1), (from, to) => new KeyRange(from, to)), new KeyRange(borders[^1], null)];
        return Task.FromResult(ranges);
    }

    public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken) => Task.FromResult(Position);

    public ValueTask DisposeAsync()
    {
        Assert.Equal(0, _open);
        return ValueTask.CompletedTask;
    }

    public static byte[] Key(TableSchema table, byte[] row)
    {
        using var keys = new RowBatch();
        RowKeys.AppendKey(table, row, keys);
        return keys[0].ToArray();
    }

    private static int CompareKeys(TableSchema table, byte[] a, byte[] b)
    {
        var orders = table.Key.Select(key => table.Columns[key].KeyOrder).ToArray();
        return CanonicalOrder.Compare(Key(table, a), Key(table, b), orders);
    }

    private static bool InRange(TableSchema table, byte[] row, KeyRange? range)
    {
        if (range is null)
            return true;
        var key = FirstKey(table, row);
        return (range.From is null || key >= range.From) && (range.To is null || key < range.To);
    }

    private static long FirstKey(TableSchema table, byte[] row) => BinaryPrimitives.ReadInt64LittleEndian(Key(table, row).AsSpan(2));

    private static RowBatch Batch(IEnumerable<byte[]> rows)
    {
        var batch = new RowBatch(16);
        foreach (var row in rows)
            batch.Add(row);
        return batch;
    }

    private void Enter()
    {
        var open = Interlocked.Increment(ref _open);
        lock (_rows)
        {
            MostReaders = Math.Max(MostReaders, open);
            Reads++;
        }

        if (open >= MeetingReaders)
            _met.TrySetResult();
    }
}
