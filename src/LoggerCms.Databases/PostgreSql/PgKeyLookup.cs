using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;
using Npgsql;
using NpgsqlTypes;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// Fetches rows by key. Keys go as arrays of text and are cast on the server, so that this works in a read-only transaction,
/// where no table could be made for them; rows come back as the binary forms of their columns.
/// </summary>
internal static class PgKeyLookup
{
    /// <summary>Few enough that the server still goes by the index.</summary>
    private const int KeysAStatement = 2000;

    public static async IAsyncEnumerable<RowBatch> ReadAsync(
        PgSession session, PgTable table, TableSchema schema, RowBatch keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var columns = table.Select(schema.Columns);
        var keyColumns = table.Key(schema);
        var sql = Sql(table, schema, columns, keyColumns);
        for (var from = 0; from < keys.Count; from += KeysAStatement)
        {
            var parameters = Parameters(keys, from, Math.Min(from + KeysAStatement, keys.Count), keyColumns);
            if (parameters is null)
                continue;
            var batch = new RowBatch();
            try
            {
                await session.QueryAsync(sql, r => Append(batch, r, columns), cancellationToken, parameters).ConfigureAwait(false);
            }
            catch
            {
                batch.Dispose();
                throw;
            }

            if (batch.Count > 0)
                yield return batch;
            else
                batch.Dispose();
        }
    }

    private static string Sql(PgTable table, TableSchema schema, PgColumn[] columns, PgColumn[] keyColumns)
    {
        var casts = string.Join(", ", keyColumns.Select((c, i) => $"{c.FromText($"u.k{i}")} AS k{i}"));
        var arrays = string.Join(", ", keyColumns.Select((_, i) => $"${i + 1}"));
        var names = string.Join(", ", keyColumns.Select((_, i) => $"k{i}"));
        var conditions = keyColumns.Select((c, i) => c.SameKey("t." + c.Quoted, "k.k" + i)).Concat(PgRows.Conditions(table, schema, null));
        return $"""
            SELECT {(columns.Length == 0 ? "NULL" : string.Join(", ", columns.Select(c => c.SendExpression("t." + c.Quoted))))}
            FROM (SELECT {casts} FROM unnest({arrays}) AS u({names})) AS k JOIN {table.From} AS t ON {string.Join(" AND ", conditions)}
            """;
    }

    private static object[]? Parameters(RowBatch keys, int from, int to, PgColumn[] columns)
    {
        var texts = columns.Select(_ => new List<string>(to - from)).ToArray();
        var one = new string[columns.Length];
        for (var i = from; i < to; i++)
        {
            if (TryFormat(keys[i], columns, one))
            {
                for (var c = 0; c < one.Length; c++)
                    texts[c].Add(one[c]);
            }
        }

        return texts[0].Count == 0
            ? null
            : [.. texts.Select(t => new NpgsqlParameter { Value = t.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text })];
    }

    private static bool TryFormat(ReadOnlySpan<byte> key, PgColumn[] columns, string[] texts)
    {
        var reader = new CanonicalReader(key);
        for (var c = 0; c < columns.Length; c++)
        {
            // A key that this table cannot hold is not in it.
            if (!reader.Read() || PgText.Format(reader, columns[c]) is not { } text)
                return false;
            texts[c] = text;
        }

        return true;
    }

    private static bool Append(RowBatch batch, NpgsqlDataReader row, PgColumn[] columns)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            if (row.IsDBNull(i))
                Canonical.WriteNull(batch);
            else
                PgFields.Append(batch, columns[i].Codec, row.GetFieldValue<byte[]>(i));
        }

        batch.EndRow();
        return true;
    }
}
