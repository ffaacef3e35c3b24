using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Byte records of any length in the order they came: in memory up to a bound, beyond it in a temporary file.</summary>
internal sealed class RecordSpool : IDisposable
{
    private const int MemoryBytes = 4 * 1024 * 1024;
    private const int HeadBytes = 8;

    private readonly RowBatch _recent = new();
    private FileStream? _file;

    public long Count { get; private set; }

    public void Add(ReadOnlySpan<byte> record)
    {
        _recent.Add(record);
        Count++;
    }

    /// <summary>Writes to the file what has outgrown the memory.</summary>
    public void Flush()
    {
        if (_recent.Length < MemoryBytes)
            return;
        var lengths = new int[_recent.Count];
        for (var i = 0; i < lengths.Length; i++)
            lengths[i] = _recent[i].Length;
        Span<byte> head = stackalloc byte[HeadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, _recent.Count);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], _recent.Length);
        try
        {
            _file ??= ScratchFile.Create();
            _file.Write(head);
            _file.Write(MemoryMarshal.AsBytes(lengths.AsSpan()));
            _file.Write(_recent.Bytes);
        }
        catch (IOException e)
        {
            throw ScratchFile.Failure(e);
        }

        _recent.Clear();
    }

    /// <summary>Every record in its order. What is added meanwhile is not seen.</summary>
    public IEnumerable<RowBatch> Read()
    {
        if (_file is not null)
        {
            _file.Position = 0;
            while (ReadBlock(_file) is { } block)
            {
                using (block)
                    yield return block;
            }
        }

        yield return _recent;
    }

    public void Clear()
    {
        _file?.Dispose();
        _file = null;
        _recent.Clear();
        Count = 0;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _recent.Dispose();
    }

    private static RowBatch? ReadBlock(FileStream file)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        try
        {
            if (file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false) < HeadBytes)
                return null;
            var lengths = new int[BinaryPrimitives.ReadInt32LittleEndian(head)];
            var records = new byte[BinaryPrimitives.ReadInt32LittleEndian(head[4..])];
            file.ReadExactly(MemoryMarshal.AsBytes(lengths.AsSpan()));
            file.ReadExactly(records);
            var block = new RowBatch(records.Length);
            var at = 0;
            foreach (var length in lengths)
            {
                block.Add(records.AsSpan(at, length));
                at += length;
            }

            return block;
        }
        catch (IOException e)
        {
            throw ScratchFile.Failure(e);
        }
    }
}
