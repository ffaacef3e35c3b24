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

/// <summary>A part of a table by where its rows stand: from (inclusive) and to (exclusive), null for the end. Means something to the reader that cut it only.</summary>
public readonly record struct PlaceRange(long From, long? To);

/// <summary>Hashes of rows, and where each of them stands for as long as the reader's view lasts.</summary>
/// <param name="Hashes">32 bytes a row.</param>
/// <param name="Places">One a row, in the same order.</param>
/// <param name="Bytes">How many bytes the database read for them.</param>
public sealed record RowHashes(ReadOnlyMemory<byte> Hashes, IReadOnlyList<long> Places, long Bytes);
