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
    private const int BlockSize = 8192;

    /// <summary>8 MB of the table: at most about 300,000 hashes in one answer.</summary>
    private const int BlocksAtOnce = 1024;

    private const int PlacesAStatement = 2000;

    /// <summary>Null for a table whose rows no ctid tells apart (partitions), and for one without columns.</summary>
    public static string? GetForm(PgTable table, TableSchema schema)
        => table.IsPartitioned || schema.Columns.Count == 0
            ? null
            : "PostgreSQL record_send: " + string.Join(", ", table.Select(schema.Columns).Select(c => Field(c).Form));

    public static async Task<IReadOnlyList<PlaceRange>> CutAsync(PgSession session, PgTable table, CancellationToken cancellationToken)
    {
        // Rows that this transaction sees stand in blocks that were there when it began; the last range is open all the same.
        var blocks = await session.ScalarAsync<long>(
            string.Create(CultureInfo.InvariantCulture, $"SELECT pg_relation_size({table.Oid}::regclass) / current_setting('block_size')::bigint"),
            cancellationToken).ConfigureAwait(false);
        var ranges = new List<PlaceRange>();
        for (long from = 0; from == 0 || from < blocks; from += BlocksAtOnce)
            ranges.Add(new PlaceRange(from, from + BlocksAtOnce < blocks ? from + BlocksAtOnce : null));
        return ranges;
    }

    public static async Task<RowHashes> HashAsync(
        PgSession session, PgTable table, TableSchema schema, PlaceRange range, CancellationToken cancellationToken)
    {
        var fields = string.Join(", ", table.Select(schema.Columns).Select(c => Field(c).Expression));
        var read = await session.QueryAsync(
            $"SELECT string_agg(sha256(record_send(ROW({fields}))) || tidsend(t.ctid), ''::bytea) FROM {table.From} AS t"
                + PgRows.Where(PgRows.Conditions(table, schema, null).Concat(Stands(range))),
            row => Records(row, ((range.To ?? range.From + BlocksAtOnce) - range.From) * BlockSize),
            cancellationToken).ConfigureAwait(false);
        return read[0];
    }

    public static async IAsyncEnumerable<RowBatch> ReadAtAsync(
        PgSession session, PgTable table, TableSchema schema, IReadOnlyList<long> places, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var columns = table.Select(schema.Columns);
        var sql = $"SELECT {string.Join(", ", columns.Select(c => c.SendExpression("t." + c.Quoted)))} FROM {table.From} AS t WHERE t.ctid = ANY($1::tid[])";
        foreach (var some in places.Chunk(PlacesAStatement))
        {
            var batch = new RowBatch();
            try
            {
                await session.QueryAsync(
                    sql, r => PgKeyLookup.Append(batch, r, columns), cancellationToken, (object)some.Select(Text).ToArray()).ConfigureAwait(false);
            }
            catch
            {
                batch.Dispose();
                throw;
            }

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
