using System.Buffers.Binary;

namespace LoggerCms.Core.Security;

/// <summary>Reads a small encoded form without allocating. After the first read that does not fit it has failed, and every further one fails.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Failed { get; private set; }

    /// <summary>Whether all bytes were read and all of them fitted.</summary>
    public readonly bool IsAtEnd => !Failed && _rest.IsEmpty;

    public byte Byte() => Take(1, out var bytes) ? bytes[0] : (byte)0;

    public int Int32() => Take(4, out var bytes) ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

    public long Int64() => Take(8, out var bytes) ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

    /// <summary>A number that is not negative, seven bits a byte, lowest first, in as few bytes as it needs.</summary>
    public long Number()
    {
        long value = 0;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            if (Failed)
                return 0;
            value |= (long)(next & 0x7f) << shift;
            if ((next & 0x80) != 0)
                continue;
            if (next == 0 && shift > 0)
                break;
            return value;
        }

        Failed = true;
        return 0;
    }

    public ReadOnlySpan<byte> Bytes(int length) => Take(length, out var bytes) ? bytes : default;

    private bool Take(int length, out ReadOnlySpan<byte> bytes)
    {
        if (Failed || (uint)length > (uint)_rest.Length)
        {
            Failed = true;
            bytes = default;
            return false;
        }

        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }
}
