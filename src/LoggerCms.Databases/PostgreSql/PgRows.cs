using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Reads rows through one session: the part that snapshots and transactions share.</summary>
internal static class PgRows
{
    public static IAsyncEnumerable<RowBatch> ReadAsync(PgSession session, PgTable table, RowQuery query, CancellationToken cancellationToken)
        => ReadAsync(session, table, query, condition: null, cancellationToken);

    /// <param name="session">The session.</param>
    /// <param name="table">The table.</param>
    /// <param name="query">What of it, and in which order.</param>
    /// <param name="condition">A further condition on the table's alias <c>t</c>; null for none.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async IAsyncEnumerable<RowBatch> ReadAsync(
        PgSession session, PgTable table, RowQuery query, string? condition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var columns = table.Select(query.Table.Columns);
        var reader = await PgCopyReader.BeginAsync(
            session, $"COPY ({Select(table, columns, query, condition)}) TO STDOUT (FORMAT binary)", columns, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadBatchAsync(cancellationToken).ConfigureAwait(false) is { } batch)
                yield return batch;
        }
    }

    /// <summary>
    /// The same behind a savepoint: a consumer that stops early cancels the statement, and the transaction outlives that.
    /// </summary>
    public static async IAsyncEnumerable<RowBatch> ReadSafelyAsync(
        PgSession session, Func<PgSession, IAsyncEnumerable<RowBatch>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("SAVEPOINT loggercms_read", cancellationToken).ConfigureAwait(false);
        var complete = false;
        try
        {
            await foreach (var batch in read(session).WithCancellation(cancellationToken).ConfigureAwait(false))
                yield return batch;
            complete = true;
        }
        finally
        {
            if (session.IsUsable)
            {
                var end = complete ? "RELEASE SAVEPOINT loggercms_read" : "ROLLBACK TO SAVEPOINT loggercms_read; RELEASE SAVEPOINT loggercms_read";
                await session.ExecuteAsync(end, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A hash of a whole row: equal for rows that are the same to the byte.</summary>
    public static string Image(IEnumerable<string> fields)
        => "sha256(" + string.Join(" || ", fields.Select(f => $"coalesce('\\x01'::bytea || int4send(length({f})) || {f}, '\\x00'::bytea)").DefaultIfEmpty("''::bytea")) + ")";

    public static Task<long> CountAsync(PgSession session, PgTable table, TableSchema schema, CancellationToken cancellationToken)
        => session.ScalarAsync<long>($"SELECT count(*) FROM {table.From} AS t{Where(Conditions(table, schema, null))}", cancellationToken);

    public static IEnumerable<string> Conditions(PgTable table, TableSchema schema, KeyRange? range)
    {
        if (schema.RowFilter is { } filter)
            yield return $"({filter})";
        if (range is null or { From: null, To: null })
            yield break;
        var column = table.Key(schema)[0].Quoted;
        if (range.From is { } from)
            yield return string.Create(CultureInfo.InvariantCulture, $"t.{column} >= {from}");
        if (range.To is { } to)
            yield return string.Create(CultureInfo.InvariantCulture, $"t.{column} < {to}");
    }

    public static string Where(IEnumerable<string> conditions)
    {
        var all = string.Join(" AND ", conditions);
        return all.Length == 0 ? string.Empty : " WHERE " + all;
    }

    private static string Select(PgTable table, PgColumn[] columns, RowQuery query, string? condition)
    {
        var conditions = Conditions(table, query.Table, query.Range).Concat(condition is null ? [] : [condition]);
        var sql = new StringBuilder("SELECT ").AppendJoin(", ", columns.Select(c => c.ReadExpression("t")))
            .Append(" FROM ").Append(table.From).Append(" AS t").Append(Where(conditions));
        if (query.Ordered)
            sql.Append(" ORDER BY ").AppendJoin(", ", table.Key(query.Table).Select(c => c.OrderExpression("t")));
        return sql.ToString();
    }
}
