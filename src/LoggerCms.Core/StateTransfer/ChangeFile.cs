using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using LoggerCms.Core.Files;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// Spool and undo file: a frame file (see <see cref="FrameFile"/>) whose frames are, by type: 1 a header (JSON, first);
/// 2 a batch of changes: uint16 table, uint8 <see cref="ChangeKind"/>, int32 count, then for each row its uint32 length,
/// then for each a 32-byte hash where the kind has one, then the rows; 3 a footer (JSON, last); 4 a table (uint16) whose batches so far are void.
/// </summary>
internal static class ChangeFile
{
    public const byte HeaderType = 1;
    public const byte BatchType = 2;
    public const byte FooterType = 3;
    public const byte VoidType = 4;
    public const int BatchHead = 1 + 2 + 1 + 4;

    public static ReadOnlySpan<byte> SpoolMagic => "LCMSPOOL"u8;

    public static ReadOnlySpan<byte> UndoMagic => "LCMSUNDO"u8;

    public static JsonSerializerOptions Json { get; } = new()
    {
        WriteIndented = false,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };
}

/// <summary>Writes changes to a spool or undo file. Safe for several callers at once.</summary>
internal sealed class ChangeFileWriter : IDisposable
{
    private readonly FrameWriter _frames;
    private readonly Lock _lock = new();
    private readonly byte[] _head = new byte[ChangeFile.BatchHead];

    public ChangeFileWriter(IFileLayer files, string path, ReadOnlySpan<byte> magic, ChangeFileHeader header, string? remedy = null)
    {
        _frames = new FrameWriter(files, path, magic, remedy);
        WriteJson(ChangeFile.HeaderType, header);
    }

    public string Path => _frames.Path;

    public long Length => _frames.Length;

    public void Write(int table, ChangeKind kind, RowBatch rows, ReadOnlySpan<byte> hashes)
    {
        var lengths = ArrayPool<byte>.Shared.Rent(rows.Count * 4);
        for (var i = 0; i < rows.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(lengths.AsSpan(i * 4), (uint)rows[i].Length);
        lock (_lock)
        {
            _head[0] = ChangeFile.BatchType;
            BinaryPrimitives.WriteUInt16LittleEndian(_head.AsSpan(1), (ushort)table);
            _head[3] = (byte)kind;
            BinaryPrimitives.WriteInt32LittleEndian(_head.AsSpan(4), rows.Count);
            if (hashes.IsEmpty)
            {
                _frames.Write(_head, lengths.AsSpan(0, rows.Count * 4), rows.Bytes);
            }
            else
            {
                var middle = ArrayPool<byte>.Shared.Rent((rows.Count * 4) + hashes.Length);
                lengths.AsSpan(0, rows.Count * 4).CopyTo(middle);
                hashes.CopyTo(middle.AsSpan(rows.Count * 4));
                _frames.Write(_head, middle.AsSpan(0, (rows.Count * 4) + hashes.Length), rows.Bytes);
                ArrayPool<byte>.Shared.Return(middle);
            }
        }

        ArrayPool<byte>.Shared.Return(lengths);
    }

    /// <summary>Makes every batch of the table so far void.</summary>
    public void WriteVoid(int table)
    {
        Span<byte> payload = [ChangeFile.VoidType, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(payload[1..], (ushort)table);
        lock (_lock)
            _frames.Write(payload, default, default);
    }

    /// <summary>Completes the file: footer, end record, sync, name.</summary>
    public void Complete(ChangeFileFooter footer)
    {
        lock (_lock)
        {
            WriteJson(ChangeFile.FooterType, footer);
            _frames.Complete();
        }
    }

    public void Dispose() => _frames.Dispose();

    private void WriteJson<T>(byte type, T value)
        => _frames.Write([type], JsonSerializer.SerializeToUtf8Bytes(value, ChangeFile.Json), default);
}

/// <summary>Reads the changes of a complete spool or undo file.</summary>
internal sealed class ChangeFileReader : IChangeSource, IDisposable
{
    private readonly FrameReader _frames;
    private readonly List<(int Table, ChangeKind Kind, long Offset)> _index = [];
    private readonly TableChanges[] _tables;

    private ChangeFileReader(FrameReader frames, CancellationToken cancellationToken)
    {
        _frames = frames;
        ChangeFileHeader? header = null;
        ChangeFileFooter? footer = null;
        TableChanges[] tables = [];
        Span<byte> head = stackalloc byte[ChangeFile.BatchHead];
        for (long at = FrameFile.HeaderSize; at < frames.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            head.Clear();
            var (length, next) = frames.Peek(at, head);
            var table = BinaryPrimitives.ReadUInt16LittleEndian(head[1..]);
            switch (head[0])
            {
                case ChangeFile.HeaderType:
                    header = ReadJson<ChangeFileHeader>(at);
                    tables = [.. header.Tables.Select(_ => new TableChanges())];
                    break;
                case ChangeFile.BatchType when table < tables.Length:
                    _index.Add((table, (ChangeKind)head[3], at));
                    tables[table].Count((ChangeKind)head[3], BinaryPrimitives.ReadInt32LittleEndian(head[4..]), length - ChangeFile.BatchHead);
                    break;
                case ChangeFile.VoidType when table < tables.Length:
                    _index.RemoveAll(entry => entry.Table == table);
                    tables[table] = new TableChanges();
                    break;
                case ChangeFile.FooterType:
                    footer = ReadJson<ChangeFileFooter>(at);
                    break;
                case FrameFile.EndType:
                    break;
                default:
                    throw frames.Damaged($"the frame at byte {at} is of an unknown kind");
            }

            at = next;
        }

        Header = header ?? throw frames.Damaged("it has no header");
        Footer = footer ?? throw frames.Damaged("it has no footer");
        _tables = tables;
        for (var i = 0; i < tables.Length; i++)
            tables[i].Whole = footer.Tables[i].Whole;
    }

    public ChangeFileHeader Header { get; }

    public ChangeFileFooter Footer { get; }

    public IReadOnlyList<TableChanges> Tables => _tables;

    /// <summary>Opens a file and checks all of it against its end record.</summary>
    public static ChangeFileReader Open(IFileLayer files, string path, bool undo, CancellationToken cancellationToken)
        => Open(files, path, undo, checkWhole: true, cancellationToken);

    /// <summary>Opens a spool that this transfer has just completed; each frame is still checked when it is read.</summary>
    public static ChangeFileReader OpenOwn(IFileLayer files, string path, CancellationToken cancellationToken)
        => Open(files, path, undo: false, checkWhole: false, cancellationToken);

    private static ChangeFileReader Open(IFileLayer files, string path, bool undo, bool checkWhole, CancellationToken cancellationToken)
    {
        var frames = new FrameReader(
            files, path, undo ? ChangeFile.UndoMagic : ChangeFile.SpoolMagic, undo ? ErrorCodes.UndoDamaged : ErrorCodes.SpoolDamaged);
        try
        {
            if (checkWhole)
                frames.CheckWhole(cancellationToken);
            return new ChangeFileReader(frames, cancellationToken);
        }
        catch
        {
            frames.Dispose();
            throw;
        }
    }

    public async IAsyncEnumerable<ChangeBatch> ReadAsync(
        int table, ChangeKind kind, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var entry in _index)
        {
            if (entry.Table != table || entry.Kind != kind)
                continue;
            cancellationToken.ThrowIfCancellationRequested();
            var offset = entry.Offset;
            yield return await Task.Run(() => ReadBatch(offset), cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _frames.Dispose();

    private ChangeBatch ReadBatch(long offset)
    {
        var (buffer, length, _) = _frames.Read(offset);
        try
        {
            return Decode(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ChangeBatch Decode(ReadOnlySpan<byte> payload)
    {
        var table = BinaryPrimitives.ReadUInt16LittleEndian(payload[1..]);
        var kind = (ChangeKind)payload[3];
        var count = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        var lengths = MemoryMarshal.Cast<byte, uint>(payload.Slice(ChangeFile.BatchHead, count * 4));
        var at = ChangeFile.BatchHead + (count * 4);
        byte[] hashes = [];
        if (ChangeBatch.HasHashes(kind))
        {
            hashes = payload.Slice(at, count * RowKeys.HashSize).ToArray();
            at += hashes.Length;
        }

        var rows = new RowBatch(Math.Max(1, payload.Length - at));
        for (var i = 0; i < count; i++)
        {
            rows.Add(payload.Slice(at, (int)lengths[i]));
            at += (int)lengths[i];
        }

        return new ChangeBatch(table, kind, rows, hashes);
    }

    private T ReadJson<T>(long offset)
    {
        var (buffer, length, _) = _frames.Read(offset);
        var value = JsonSerializer.Deserialize<T>(buffer.AsSpan(1, length - 1), ChangeFile.Json);
        ArrayPool<byte>.Shared.Return(buffer);
        return value ?? throw _frames.Damaged($"the frame at byte {offset} is empty");
    }
}
