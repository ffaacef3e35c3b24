using System.Security.Cryptography;

namespace LoggerCms.Core.Sides;

/// <summary>Keys and hashes of canonical rows.</summary>
public static class RowKeys
{
    /// <summary>Bytes of a row hash.</summary>
    public const int HashSize = SHA256.HashSizeInBytes;

    /// <summary>Appends the key fields of a row, in key order, as one row of <paramref name="keys"/>.</summary>
    public static void AppendKey(TableSchema table, ReadOnlySpan<byte> row, RowBatch keys)
    {
        // Most keys stand in ascending column order, and then one walk is enough.
        foreach (var column in table.Key)
        {
            var reader = new CanonicalReader(row);
            for (var i = 0; i <= column; i++)
                reader.Read();
            reader.Field.CopyTo(keys.GetSpan(reader.Field.Length));
            keys.Advance(reader.Field.Length);
        }

        keys.EndRow();
    }

    /// <summary>SHA-256 of a canonical row or key.</summary>
    public static void Hash(ReadOnlySpan<byte> row, Span<byte> hash)
    {
        if (!NativeSha256.IsAvailable || !NativeSha256.TryHash(row, hash))
            SHA256.HashData(row, hash);
    }
}
