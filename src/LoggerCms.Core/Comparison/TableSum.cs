using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// What a table holds in one number: the sum of its row hashes modulo 2^256 (a hash is read as a little-endian number), with rows and bytes.
/// Independent of the rows' order, and additive, so that parts of a table are summed side by side and merged.
/// </summary>
public struct TableSum : IEquatable<TableSum>
{
    private UInt256 _sum;

    /// <summary>How many rows were added.</summary>
    public long Rows { get; set; }

    /// <summary>Bytes of these rows in their canonical form.</summary>
    public long Bytes { get; set; }

    /// <summary>Values whose storage class is not that of their column; not part of equality.</summary>
    public long Misfits { get; set; }

    /// <summary>Adds a canonical row.</summary>
    public void Add(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(row, hash);
        Add(hash, row.Length);
    }

    /// <summary>Adds a row by its hash.</summary>
    public void Add(ReadOnlySpan<byte> hash, int rowLength)
    {
        _sum.Add(UInt256.Read(hash));
        Rows++;
        Bytes += rowLength;
    }

    /// <summary>Takes a canonical row back.</summary>
    public void Remove(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(row, hash);
        Remove(hash, row.Length);
    }

    /// <summary>Takes a row back by its hash.</summary>
    public void Remove(ReadOnlySpan<byte> hash, int rowLength)
    {
        _sum.Subtract(UInt256.Read(hash));
        Rows--;
        Bytes -= rowLength;
    }

    /// <summary>Adds another part of the same table.</summary>
    public void Merge(TableSum other)
    {
        _sum.Add(other._sum);
        Rows += other.Rows;
        Bytes += other.Bytes;
        Misfits += other.Misfits;
    }

    /// <summary>The sum as 32 little-endian bytes.</summary>
    public readonly void WriteTo(Span<byte> bytes) => _sum.Write(bytes);

    /// <summary>The sum as 64 hexadecimal digits, in the order of <see cref="WriteTo"/>.</summary>
    public readonly string ToHex()
    {
        Span<byte> bytes = stackalloc byte[RowKeys.HashSize];
        WriteTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Equal sums over equally many rows.</summary>
    public readonly bool Equals(TableSum other) => Rows == other.Rows && Bytes == other.Bytes && _sum == other._sum;

    public override readonly bool Equals(object? obj) => obj is TableSum other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Rows, _sum);

    public static bool operator ==(TableSum left, TableSum right) => left.Equals(right);

    public static bool operator !=(TableSum left, TableSum right) => !left.Equals(right);
}

/// <summary>A 256-bit number that wraps around.</summary>
internal record struct UInt256(ulong Word0, ulong Word1, ulong Word2, ulong Word3)
{
    public static UInt256 Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));

    public readonly void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Word0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Word1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Word2);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], Word3);
    }

    public void Add(UInt256 other)
    {
        ulong carry = 0;
        Word0 = AddWord(Word0, other.Word0, ref carry);
        Word1 = AddWord(Word1, other.Word1, ref carry);
        Word2 = AddWord(Word2, other.Word2, ref carry);
        Word3 = AddWord(Word3, other.Word3, ref carry);
    }

    public void Subtract(UInt256 other)
    {
        // a - b is a + ~b + 1 modulo 2^256.
        ulong carry = 1;
        Word0 = AddWord(Word0, ~other.Word0, ref carry);
        Word1 = AddWord(Word1, ~other.Word1, ref carry);
        Word2 = AddWord(Word2, ~other.Word2, ref carry);
        Word3 = AddWord(Word3, ~other.Word3, ref carry);
    }

    private static ulong AddWord(ulong a, ulong b, ref ulong carry)
    {
        var sum = a + b;
        var first = sum < a ? 1UL : 0UL;
        var result = sum + carry;
        carry = first | (result < sum ? 1UL : 0UL);
        return result;
    }
}
