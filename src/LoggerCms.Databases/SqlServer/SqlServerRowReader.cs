using System.Data;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Reads rows over one session: what a snapshot and a transaction have in common.</summary>
internal sealed class SqlServerRowReader(SqlServerSession session, SqlServerDialect dialect, SqlServerCatalog catalog)
{
    public async IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = catalog.Bind(query.Table, session.Side);
        SqlServerRows.Require(table, session.Side);
        var text = $"SELECT {table.SelectList("t")} FROM {table.QuotedName} t{table.Where("t", query.Range)}"
            + (query.Ordered ? $" ORDER BY {table.OrderBy("t")}" : string.Empty);
        using var command = session.CreateCommand(text);
        await foreach (var batch in StreamAsync(command, table, cancellationToken).ConfigureAwait(false))
            yield return batch;
    }

    public async IAsyncEnumerable<RowBatch> ReadByKeyAsync(
        TableSchema schema, RowBatch keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = catalog.Bind(schema, session.Side);
        SqlServerRows.Require(table, session.Side);
        foreach (var chunk in SqlServerKeyChunk.Split(keys.Count, table.Schema.Key.Count))
        {
            using var command = session.CreateCommand(string.Empty);
            var values = SqlServerKeyChunk.AddKeys(command, table, keys, chunk, dialect);
            command.CommandText = $"SELECT {table.SelectList("t")} FROM {table.QuotedName} t JOIN {values} ON {table.KeyEquals("t", SqlServerKeyChunk.KeyColumn, dialect)}"
                + table.Where("t", null);
            await foreach (var batch in StreamAsync(command, table, cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
    }

    public async Task<long> CountAsync(TableSchema schema, CancellationToken cancellationToken)
    {
        var table = catalog.Bind(schema, session.Side);
        var count = await session.ScalarAsync(
            $"SELECT COUNT_BIG(*) FROM {table.QuotedName} t{table.Where("t", null)}", $"counting '{schema.Name}'", cancellationToken).ConfigureAwait(false);
        return (long)count!;
    }

    private async IAsyncEnumerable<RowBatch> StreamAsync(
        SqlCommand command, SqlServerTable table, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var what = $"reading '{table.Schema.Name}'";
        using var rows = new SqlServerRows(table);
        var reader = await session.RunAsync(command, () => command.ExecuteReader(CommandBehavior.SequentialAccess), what, cancellationToken)
            .ConfigureAwait(false);
        var whole = false;
        var failed = false;
        try
        {
            while (!whole)
            {
                var batch = new RowBatch(SqlServerRows.BatchBytes + 16 * 1024);
                try
                {
                    whole = !await session.RunAsync(command, () => rows.Fill(reader, batch), what, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    failed = true;

                    // While the client still fills the batch, its buffer must not go back to the pool.
                    if (!session.IsBroken)
                        batch.Dispose();
                    throw;
                }

                if (batch.Count > 0)
                    yield return batch;
                else
                    batch.Dispose();
            }
        }
        finally
        {
            // A reader that failed half-way cannot even be closed without failing again, and the first failure is the one to tell; its session
            // is doomed, and closing that ends the reader.
            if (!failed)
                await CloseAsync(command, reader, whole).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Closes a reader. One that was left early is cancelled first, or closing it would read the rest of the rows; on Babelfish it does that,
    /// because there a cancelled query takes its transaction along.
    /// </summary>
    private async Task CloseAsync(SqlCommand command, SqlDataReader reader, bool whole)
    {
        if (session.IsBroken)
            return;
        await session.RunAsync(
            command,
            () =>
            {
                if (!whole && !dialect.IsBabelfish)
                    command.Cancel();
                try
                {
                    reader.Dispose();
                }
                catch (SqlException error) when (!whole && !SqlServerErrors.EndsConnection(error))
                {
                    // The server's answer to the cancellation: the statement ended, as was asked for.
                    return false;
                }

                return true;
            },
            "closing a query",
            CancellationToken.None).ConfigureAwait(false);
    }
}
