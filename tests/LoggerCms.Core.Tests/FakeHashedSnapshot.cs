using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

/// <summary>A side in memory whose database hashes rows by itself. Rows stand at places far apart, and are hashed in parts of a few.</summary>
internal sealed class FakeHashedSnapshot(int rowsPerPart = 3, int rowsPerBatch = 3, string form = "form") : ISideSnapshot, IRowHasher
{
    private const int Apart = 7;

    private readonly FakeSnapshot _rows = new() { RowsPerBatch = rowsPerBatch };
    private readonly Dictionary<TableName, byte[][]> _places = [];

    public SideCatalog Catalog => _rows.Catalog;

    public int Readers { get; init; } = 2;

    public string Isolation => "in memory";

    /// <summary>Called before a part is hashed.</summary>
    public Func<TableSchema, CancellationToken, Task>? BeforeHash { get; init; }

    /// <summary>How many rows were fetched by their places.</summary>
    public int Fetched { get; private set; }

    public FakeHashedSnapshot With(TableSchema table, params IEnumerable<byte[]> rows)
    {
        _places[table.Name] = [.. rows];
        _rows.With(table, _places[table.Name]);
        return this;
    }

    public string? GetHashForm(TableSchema table) => form;

    public Task<IReadOnlyList<PlaceRange>> CutPlacesAsync(TableSchema table, CancellationToken cancellationToken)
    {
        var ranges = new List<PlaceRange>();
        for (var from = 0; from == 0 || from < _places[table.Name].Length; from += rowsPerPart)
            ranges.Add(new PlaceRange(from * Apart, from + rowsPerPart < _places[table.Name].Length ? (from + rowsPerPart) * Apart : null, 0));
        return Task.FromResult<IReadOnlyList<PlaceRange>>(ranges);
    }

    public async Task<RowHashes> HashAsync(TableSchema table, PlaceRange range, CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (BeforeHash is not null)
            await BeforeHash(table, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var rows = _places[table.Name];
        var (from, to) = (range.From / Apart, Math.Min(rows.Length, (range.To ?? long.MaxValue) / Apart));
        var hashes = new RowHashes((int)(to - from), 0);
        for (var i = 0; i < hashes.Rows; i++)
        {
            var at = from + hashes.Rows - 1 - i;
            SHA256.HashData([0x2A, .. rows[at]], hashes[i]);
            BinaryPrimitives.WriteInt64LittleEndian(hashes[i][RowKeys.HashSize..], at * Apart);
        }

        return hashes;
    }

    public async IAsyncEnumerable<RowBatch> ReadAtAsync(
        TableSchema table, IReadOnlyList<long> places, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        Assert.Distinct(places);
        foreach (var some in places.Chunk(rowsPerBatch))
        {
            var batch = new RowBatch(16);
            foreach (var place in some)
                batch.Add(_places[table.Name][place / Apart]);
            Fetched += batch.Count;
            yield return batch;
        }
    }

    public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken) => _rows.ReadAsync(query, cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken) => _rows.ReadByKeyAsync(table, keys, cancellationToken);

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken) => _rows.CountAsync(table, cancellationToken);

    public Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken) => _rows.SplitAsync(table, parts, cancellationToken);

    public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken) => Task.FromResult(SidePosition.None);

    public ValueTask DisposeAsync() => _rows.DisposeAsync();
}
