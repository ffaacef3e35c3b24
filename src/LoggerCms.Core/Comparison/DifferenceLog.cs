using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>One kept difference: its kind, the row's canonical key (or, without a key, the row's hash) and the columns that differ.</summary>
internal readonly ref struct KeptDifference(RowDifferenceKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<ushort> columns)
{
    public RowDifferenceKind Kind { get; } = kind;

    public ReadOnlySpan<byte> Key { get; } = key;

    public ReadOnlySpan<ushort> Columns { get; } = columns;

    /// <summary>Form: kind (1 byte), number of columns (2), columns (2 each), key.</summary>
    public static KeptDifference Parse(ReadOnlySpan<byte> record)
    {
        var columns = BinaryPrimitives.ReadUInt16LittleEndian(record[1..]);
        return new KeptDifference(
            (RowDifferenceKind)record[0], record[(3 + 2 * columns)..], MemoryMarshal.Cast<byte, ushort>(record.Slice(3, 2 * columns)));
    }

    public RowDifference ToRowDifference(TableSchema table)
    {
        var names = new string[Columns.Length];
        for (var i = 0; i < names.Length; i++)
            names[i] = table.Columns[Columns[i]].Name;
        return new RowDifference
        {
            Table = table.Name.ToString(),
            Key = table.HasKey ? KeyText.Of(table, Key) : KeyText.OfHash(Key),
            Kind = Kind,
            Columns = names,
        };
    }
}

/// <summary>
/// Keeps the differences of one table or range until it is certain that they hold: the streams came in order, and nothing settled when looked at again.
/// </summary>
internal sealed class DifferenceLog(TablePair pair) : IDifferenceSink, IDisposable
{
    private readonly RecordSpool _spool = new();
    private readonly KeyReader _keys = new(pair.Source);
    private readonly List<ushort> _columns = [];
    private byte[] _record = new byte[256];

    public long Count => _spool.Count;

    public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
    {
        var row = sourceRow.IsEmpty ? destinationRow : sourceRow;
        _columns.Clear();
        if (kind == RowDifferenceKind.Different)
            AddDifferingColumns(sourceRow, destinationRow);
        if (pair.Source.HasKey)
        {
            AddRecord(kind, _keys.Read(row));
            return;
        }

        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(row, hash);
        AddRecord(kind, hash);
    }

    /// <summary>Adds a difference of which only the key is known.</summary>
    public void AddKey(RowDifferenceKind kind, ReadOnlySpan<byte> key)
    {
        _columns.Clear();
        AddRecord(kind, key);
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _spool.Flush();
        return ValueTask.CompletedTask;
    }

    public void Reset() => _spool.Clear();

    /// <summary>The records, for <see cref="KeptDifference.Parse"/>; a batch is valid until the next one.</summary>
    public IEnumerable<RowBatch> Read() => _spool.Read();

    public void Dispose() => _spool.Dispose();

    private void AddDifferingColumns(ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
    {
        var ours = new CanonicalReader(sourceRow);
        var theirs = new CanonicalReader(destinationRow);
        for (ushort column = 0; ours.Read() && theirs.Read(); column++)
        {
            if (!ours.Field.SequenceEqual(theirs.Field))
                _columns.Add(column);
        }
    }

    private void AddRecord(RowDifferenceKind kind, ReadOnlySpan<byte> key)
    {
        var columns = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_columns));
        var length = 3 + columns.Length + key.Length;
        if (_record.Length < length)
            _record = new byte[length * 2];
        _record[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(_record.AsSpan(1), (ushort)_columns.Count);
        columns.CopyTo(_record.AsSpan(3));
        key.CopyTo(_record.AsSpan(3 + columns.Length));
        _spool.Add(_record.AsSpan(0, length));
    }
}
