using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Rows fetched by key, found again by their key's bytes.</summary>
internal sealed class KeyedRows
{
    private readonly Dictionary<byte[], byte[]> _rows;
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    /// <summary>Bytes of the rows that were read.</summary>
    public long Bytes { get; private set; }

    private KeyedRows()
    {
        _rows = new Dictionary<byte[], byte[]>(KeyBytes.Comparer);
        _lookup = _rows.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Reads the rows with these keys; a database may give more (its collation takes other keys for the same), which are found by no key of ours.</summary>
    public static async Task<KeyedRows> ReadAsync(IRowReader reader, TableSchema table, RowBatch keys, CancellationToken cancellationToken)
    {
        var result = new KeyedRows();
        var keyReader = new KeyReader(table);
        await foreach (var batch in reader.ReadByKeyAsync(table, keys, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                result.Bytes += batch.Bytes.Length;
                for (var i = 0; i < batch.Count; i++)
                    result._rows[keyReader.Read(batch[i]).ToArray()] = batch[i].ToArray();
            }
        }

        return result;
    }

    /// <summary>The row with this key, or empty.</summary>
    public ReadOnlySpan<byte> Find(ReadOnlySpan<byte> key) => _lookup.TryGetValue(key, out var row) ? row : default;
}

/// <summary>Byte strings as dictionary keys.</summary>
internal sealed class KeyBytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static KeyBytes Comparer { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
