using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Finds the key of a canonical row. Not thread-safe: holds a buffer for keys that are not one piece of the row.</summary>
internal sealed class KeyReader
{
    private readonly int[] _key;
    private readonly int _last;
    private readonly (int Start, int End)[] _fields;
    private byte[] _buffer = new byte[64];

    public KeyReader(TableSchema table)
    {
        _key = [.. table.Key];
        _last = _key.Length == 0 ? -1 : _key.Max();
        _fields = new (int, int)[_last + 1];
    }

    /// <summary>The key fields in key order; valid until the next call or the end of the row's buffer.</summary>
    public ReadOnlySpan<byte> Read(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        if (_key.Length == 1)
        {
            for (var i = 0; i <= _last; i++)
                reader.Read();
            return reader.Field;
        }

        var at = 0;
        for (var i = 0; i <= _last; i++)
        {
            reader.Read();
            _fields[i] = (at, at += reader.Field.Length);
        }

        var length = 0;
        foreach (var column in _key)
        {
            var (start, end) = _fields[column];
            if (length + end - start > _buffer.Length)
                Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, length + end - start));
            row[start..end].CopyTo(_buffer.AsSpan(length));
            length += end - start;
        }

        return _buffer.AsSpan(0, length);
    }
}

/// <summary>A key kept beyond its row.</summary>
internal struct KeptKey
{
    private byte[]? _bytes;
    private int _length;

    public readonly bool IsSet => _bytes is not null;

    public readonly ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    public void Set(ReadOnlySpan<byte> key)
    {
        if (_bytes is null || _bytes.Length < key.Length)
            _bytes = new byte[Math.Max(64, key.Length * 2)];
        key.CopyTo(_bytes);
        _length = key.Length;
    }
}
