using System.Buffers;

namespace LoggerCms.Core.Security;

/// <summary>
/// Walks the entries of an encoded access list without allocating. Only what <see cref="AccessList.Encode"/> writes is accepted; whoever uses the
/// entries must look at <see cref="IsDamaged"/> once <see cref="Next"/> is false.
/// </summary>
internal ref struct AccessListReader
{
    public static readonly SearchValues<char> NameChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    private ByteCursor _cursor;
    private long _principals;
    private long _entries;
    private int _total;

    /// <param name="bytes">Not empty: no bytes are a list without entries.</param>
    public AccessListReader(ReadOnlySpan<byte> bytes)
    {
        _cursor = new ByteCursor(bytes);
        IsOfLaterRelease = _cursor.Byte() > AccessList.FormatVersion;
        var flags = _cursor.Byte();
        InheritFromFolder = (flags & 1) == 0;
        InheritFromGroups = (flags & 2) == 0;
        _principals = _cursor.Number();
        IsDamaged = IsOfLaterRelease || bytes[0] == 0 || flags > 3 || (flags == 0 && _principals == 0) || _cursor.Failed;
    }

    public bool InheritFromFolder { get; }

    public bool InheritFromGroups { get; }

    /// <summary>The bytes may be right, but this release cannot tell.</summary>
    public bool IsOfLaterRelease { get; }

    /// <summary>Some of the bytes cannot be read; entries that were seen before must not be used.</summary>
    public bool IsDamaged { get; private set; }

    public long PrincipalId { get; private set; }

    /// <summary>The ASCII name.</summary>
    public ReadOnlySpan<byte> Right { get; private set; }

    public RightValue Value { get; private set; }

    public bool Next()
    {
        if (IsDamaged)
            return false;
        if (_entries == 0)
        {
            if (_principals == 0)
            {
                IsDamaged = !_cursor.IsAtEnd;
                return false;
            }

            _principals--;
            var id = _cursor.Number();
            _entries = _cursor.Number();
            if (_cursor.Failed || id <= PrincipalId || _entries == 0)
                return Damaged();
            PrincipalId = id;
            Right = default;
        }

        _entries--;
        Value = (RightValue)_cursor.Byte();
        var right = _cursor.Bytes(_cursor.Byte());
        if (_cursor.Failed
            || ++_total > AccessList.MaxEntries
            || Value is not (RightValue.Granted or RightValue.Denied)
            || right.Length is 0 or > AccessList.MaxRightLength
            || right.SequenceCompareTo(Right) <= 0
            || right.ContainsAnyExcept(NameBytes))
        {
            return Damaged();
        }

        Right = right;
        return true;
    }

    private bool Damaged()
    {
        IsDamaged = true;
        return false;
    }
}
