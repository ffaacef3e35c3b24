using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Makes objects of the current row of a statement that selects <see cref="SystemTables.ObjectColumns"/>. One thread's.</summary>
internal sealed unsafe class SqliteObjectReader
{
    private readonly List<(byte[] Utf8, string Kind)> _kinds = [];
    private int _lastKind;

    public CmsObject Read(nint row) => new()
    {
        Id = Native.ColumnInt64(row, 0),
        Cuid = Text(row, 1),
        Kind = Kind(row, 2),
        ParentId = Native.ColumnInt64(row, 3),
        Name = Text(row, 4),
        OwnerId = Native.ColumnInt64(row, 5),
        Version = (int)Native.ColumnInt64(row, 6),
        UpdateKey = Native.ColumnInt64(row, 7),
        CreatedUs = Native.ColumnInt64(row, 8),
        ModifiedUs = Native.ColumnInt64(row, 9),
        AccessList = Bytes(row, 10),
        Properties = Bytes(row, 11),
    };

    // A text's bytes are UTF-8 as they stand in the row, so the blob's getter has them without a conversion.
    private static ReadOnlySpan<byte> Raw(nint row, int index)
    {
        var bytes = Native.ColumnBlob(row, index);
        return bytes is null ? [] : new ReadOnlySpan<byte>(bytes, Native.ColumnBytes(row, index));
    }

    private static string Text(nint row, int index) => Encoding.UTF8.GetString(Raw(row, index));

    private static byte[] Bytes(nint row, int index)
    {
        var raw = Raw(row, index);
        return raw.IsEmpty ? [] : raw.ToArray();
    }

    /// <summary>The one instance of a kind's name that all readers, and the constants of <see cref="ObjectKinds"/>, share.</summary>
    private string Kind(nint row, int index)
    {
        var raw = Raw(row, index);
        if (_lastKind < _kinds.Count && raw.SequenceEqual(_kinds[_lastKind].Utf8))
            return _kinds[_lastKind].Kind;
        for (var i = 0; i < _kinds.Count; i++)
        {
            if (!raw.SequenceEqual(_kinds[i].Utf8))
                continue;
            _lastKind = i;
            return _kinds[i].Kind;
        }

        var kind = ObjectKinds.Intern(Encoding.UTF8.GetString(raw));
        _lastKind = _kinds.Count;
        _kinds.Add((raw.ToArray(), kind));
        return kind;
    }
}
