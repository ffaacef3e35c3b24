using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>The checksum of a side and the fingerprint of its logical schema.</summary>
public static class SideChecksum
{
    private const int SchemaVersionBytes = 8;

    /// <summary>
    /// SHA-256 over the canonical form's name and version and, in ordinal order of the names, each table's logical schema, rows and sum.
    /// Protects against accident, not against forgery.
    /// </summary>
    /// <param name="tables">In any order.</param>
    /// <param name="sums">One a table, in the order of <paramref name="tables"/>.</param>
    public static string Compute(IReadOnlyList<TableSchema> tables, IReadOnlyList<TableSum> sums)
    {
        using var hash = Begin();
        Span<byte> bytes = stackalloc byte[RowKeys.HashSize];
        foreach (var entry in tables.Select((table, index) => new Entry(table, index)).OrderBy(entry => entry.Table.Name))
        {
            AppendSchema(hash, entry.Table);
            var sum = sums[entry.Index];
            Append(hash, sum.Rows);
            sum.WriteTo(bytes);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Sixteen hexadecimal digits, equal for two sides whose logical schemas correspond.</summary>
    public static string SchemaVersion(IEnumerable<TableSchema> tables)
    {
        using var hash = Begin();
        foreach (var table in tables.OrderBy(table => table.Name))
            AppendSchema(hash, table);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, SchemaVersionBytes));
    }

    private static IncrementalHash Begin()
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Canonical.FormName);
        Append(hash, Canonical.FormVersion);
        return hash;
    }

    private static void AppendSchema(IncrementalHash hash, TableSchema asCompared)
    {
        // Whether NULL stands in a key is no part of the schema.
        var table = asCompared.WithDeclaredKey();
        Append(hash, table.Name.ToString());
        Append(hash, table.Columns.Count);
        foreach (var column in table.Columns)
        {
            Append(hash, column.Name);
            Append(hash, column.Type.ToString());
            Append(hash, SchemaCheck.IsNullable(table, column) ? 1 : 0);
        }

        Append(hash, table.Key.Count);
        foreach (var key in table.Key)
            Append(hash, key);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    // Not a tuple: see RowMisfits.
    private sealed record Entry(TableSchema Table, int Index);
}
