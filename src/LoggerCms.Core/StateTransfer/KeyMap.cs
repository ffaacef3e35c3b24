using System.Diagnostics.CodeAnalysis;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Rows found under their canonical keys. Owns the rows.</summary>
internal sealed class KeyMap : IDisposable
{
    private readonly RowBatch _rows = new();
    private readonly Dictionary<byte[], int> _byKey = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    private KeyMap() => _lookup = _byKey.GetAlternateLookup<ReadOnlySpan<byte>>();

    public static async Task<KeyMap> ReadAsync(IRowReader reader, TableSchema table, RowBatch keys, CancellationToken cancellationToken)
    {
        var map = new KeyMap();
        using var key = new RowBatch(1024);
        await foreach (var batch in reader.ReadByKeyAsync(table, keys, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    key.Clear();
                    RowKeys.AppendKey(table, batch[i], key);
                    map._byKey[key[0].ToArray()] = map._rows.Count;
                    map._rows.Add(batch[i]);
                }
            }
        }

        return map;
    }

    /// <summary>The keys of rows, in the rows' order.</summary>
    public static RowBatch KeysOf(TableSchema table, RowBatch rows)
    {
        var keys = new RowBatch();
        for (var i = 0; i < rows.Count; i++)
            RowKeys.AppendKey(table, rows[i], keys);
        return keys;
    }

    public bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> row)
    {
        if (_lookup.TryGetValue(key, out var index))
        {
            row = _rows[index];
            return true;
        }

        row = default;
        return false;
    }

    public void Dispose() => _rows.Dispose();

    private sealed class KeyComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static KeyComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
