using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// Lets the server hash rows: SHA-256 of what <c>record_send</c> gives, the binary form that COPY gives too. A row is found again by its ctid, which
/// stays what it is while the transaction that read it keeps its lock on the table and its snapshot.
/// </summary>
internal static class PgHasher
{
    private const int HashSize = RowKeys.HashSize;
    private const int TidSize = 6;

    /// <summary>2 MB of the table: at most about 75,000 hashes in one answer, so that several answers at once take little memory.</summary>
    private const int BlocksAtOnce = 256;

    private const int PlacesAStatement = 2000;

    /// <summary>Null for a table whose rows no ctid tells apart (partitions) or whose ctids may not be read, and for one without columns.</summary>
    public static string? GetForm(PgTable table, TableSchema schema)
        => table.IsPartitioned || !table.MayReadWhole || schema.Columns.Count == 0
            ? null
            : "PostgreSQL record_send: " + string.Join(", ", table.Select(schema.Columns).Select(c => Field(c).Form));

    public static async Task<IReadOnlyList<PlaceRange>> CutAsync(PgSession session, PgTable table, CancellationToken cancellationToken)
    {
        // Rows that this transaction sees stand in blocks that were there when it began; the last range is open all the same.
        var (bytes, blockSize) = (await session.QueryAsync(
            string.Create(CultureInfo.InvariantCulture, $"SELECT pg_relation_size({table.Oid}::regclass), current_setting('block_size')::bigint"),
            r => (r.GetInt64(0), r.GetInt64(1)),
            cancellationToken).ConfigureAwait(false))[0];
        var blocks = bytes / blockSize;
        var ranges = new List<PlaceRange>();
        for (long from = 0; from == 0 || from < blocks; from += BlocksAtOnce)
        {
            var to = Math.Min(from + BlocksAtOnce, blocks);
            ranges.Add(new PlaceRange(from, to < blocks ? to : null, (to - from) * blockSize));
        }

        return ranges;
    }

    public static async Task<RowHashes> HashAsync(
        PgSession session, PgTable table, TableSchema schema, PlaceRange range, CancellationToken cancellationToken)
    {
        var fields = string.Join(", ", table.Select(schema.Columns).Select(c => Field(c).Expression));
        var read = await session.QueryAsync(
            $"SELECT string_agg(sha256(record_send(ROW({fields}))) || tidsend(t.ctid), ''::bytea) FROM {table.From} AS t"
                + PgRows.Where(PgRows.Conditions(table, schema, null).Concat(Stands(range))),
            row => Records(row, range.Bytes),
            cancellationToken).ConfigureAwait(false);
        return read[0];
    }

    public static async IAsyncEnumerable<RowBatch> ReadAtAsync(
        PgSession session, PgTable table, TableSchema schema, IReadOnlyList<long> places, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var some in places.Chunk(PlacesAStatement))
        {
            // COPY takes no parameters; places are numbers.
            var here = $"t.ctid = ANY('{{{string.Join(", ", some.Select(place => $"\"{Text(place)}\""))}}}'::tid[])";
            await foreach (var batch in PgRows.ReadAsync(session, table, new RowQuery(schema), here, cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
    }

    /// <summary>
    /// A column in a form that is the same for all declared types of its logical type, and of a type that has the same number in every database.
    /// </summary>
    private static (string Expression, string Form) Field(PgColumn column)
    {
        var value = "t." + column.Quoted;
        return column.Codec switch
        {
            PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8 => (value + "::int8", "int8"),

            // A cast to text would take its trailing blanks away.
            PgCodec.Text when column.IsBlankPadded => ($"bpcharsend({value})", "bpchar"),
            PgCodec.Text => (value + "::text", "text"),
            PgCodec.Native => (value + "::text", "native"),
            _ => ($"{value}::{column.CastType}", column.Codec.ToString()),
        };
    }

    private static IEnumerable<string> Stands(PlaceRange range)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"t.ctid >= '({range.From},0)'::tid");
        if (range.To is { } to)
            yield return string.Create(CultureInfo.InvariantCulture, $"t.ctid < '({to},0)'::tid");
    }

    private static RowHashes Records(NpgsqlDataReader answer, long bytesRead)
    {
        const int size = HashSize + TidSize;
        if (answer.IsDBNull(0))
            return new RowHashes(0, bytesRead);
        var length = (int)answer.GetBytes(0, 0, null, 0, 0);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        answer.GetBytes(0, 0, bytes, 0, length);
        var hashes = new RowHashes(length / size, bytesRead);
        for (var i = 0; i < hashes.Rows; i++)
        {
            var from = bytes.AsSpan(i * size, size);
            var place = ((long)BinaryPrimitives.ReadUInt32BigEndian(from[HashSize..]) << 16) | BinaryPrimitives.ReadUInt16BigEndian(from[(HashSize + 4)..]);
            from[..HashSize].CopyTo(hashes[i]);
            BinaryPrimitives.WriteInt64LittleEndian(hashes[i][HashSize..], place);
        }

        ArrayPool<byte>.Shared.Return(bytes);
        return hashes;
    }

    private static string Text(long place) => string.Create(CultureInfo.InvariantCulture, $"({place >> 16},{place & 0xFFFF})");
}
