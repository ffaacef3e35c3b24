using System.Buffers;

namespace LoggerCms.Core.Sides;

/// <summary>
/// Implemented by a reader whose database hashes rows by itself, so that only hashes cross the network and only rows that differ are fetched.
/// </summary>
public interface IRowHasher : IRowReader
{
    /// <summary>
    /// How rows of the table are hashed. Two readers that name the same form give the same SHA-256 for rows that are the same in the canonical form
    /// to the byte, and another one for any other. Null where the database cannot hash the table.
    /// </summary>
    string? GetHashForm(TableSchema table);

    /// <summary>Parts of the table that may be hashed side by side, each small enough to be held in memory as hashes.</summary>
    Task<IReadOnlyList<PlaceRange>> CutPlacesAsync(TableSchema table, CancellationToken cancellationToken);

    /// <summary>The hashes of the rows that stand in a part, in no order.</summary>
    Task<RowHashes> HashAsync(TableSchema table, PlaceRange range, CancellationToken cancellationToken);

    /// <summary>The canonical rows that stand at these places of <see cref="RowHashes"/>, in no order.</summary>
    IAsyncEnumerable<RowBatch> ReadAtAsync(TableSchema table, IReadOnlyList<long> places, CancellationToken cancellationToken);
}

/// <summary>A part of a table by where its rows stand. Means something to the reader that cut it only.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive; null for the end of the table.</param>
/// <param name="Bytes">How many bytes the database reads for it.</param>
public readonly record struct PlaceRange(long From, long? To, long Bytes);

/// <summary>Hashes of rows, and where each row stands for as long as the reader's view lasts. Disposed by whoever asked for them.</summary>
public sealed class RowHashes : IDisposable
{
    /// <summary>Bytes of one record: the row's SHA-256, then its place as a little-endian <see cref="long"/>.</summary>
    public const int RecordSize = RowKeys.HashSize + sizeof(long);

    private byte[] _records;

    /// <param name="rows">How many rows.</param>
    /// <param name="bytesRead">How many bytes the database read for them.</param>
    public RowHashes(int rows, long bytesRead)
    {
        _records = ArrayPool<byte>.Shared.Rent(rows * RecordSize);
        (Rows, BytesRead) = (rows, bytesRead);
    }

    public int Rows { get; }

    public long BytesRead { get; }

    /// <summary>The record of one row.</summary>
    public Span<byte> this[int row] => _records.AsSpan(row * RecordSize, RecordSize);

    public void Dispose()
    {
        if (_records.Length > 0)
            ArrayPool<byte>.Shared.Return(_records);
        _records = [];
    }
}
