using System.Globalization;
using System.Text;
using LoggerCms.Core.Sides;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Writes canonical rows over one session, inside its transaction.</summary>
internal sealed class SqlServerWriter(SqlServerSession session, SqlServerDialect dialect)
{
    public async Task<long> ClearAsync(SqlServerTable table, CancellationToken cancellationToken)
        => await session.ExecuteAsync(
            $"DELETE t FROM {table.QuotedName} t{table.Where("t", null)}", $"clearing '{table.Schema.Name}'", cancellationToken).ConfigureAwait(false);

    public async Task InsertAsync(SqlServerTable table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        SqlServerRows.Require(table, session.Side);
        if (!CanBulkCopy(table))
        {
            await InsertByStatementAsync(table, rows, cancellationToken).ConfigureAwait(false);
        }
        else if (dialect.IsBabelfish && table.HasIdentity)
        {
            using var identity = new BabelfishIdentity(table);
            await BulkCopyAsync(table, identity.WithoutEndsAsync(rows, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var held in identity.Held)
                await InsertByStatementAsync(table, held, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await BulkCopyAsync(table, rows, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sets every column in scope that is not of the key.</summary>
    public async Task<long> UpdateAsync(SqlServerTable table, RowBatch rows, CancellationToken cancellationToken)
    {
        SqlServerRows.Require(table, session.Side);
        var others = Enumerable.Range(0, table.Columns.Count).Where(i => !table.Schema.Key.Contains(i)).ToList();
        if (others.Exists(i => table.Columns[i].Schema.IsIdentity))
            return await ReplaceAsync(table, rows, cancellationToken).ConfigureAwait(false);

        var sets = string.Join(
            ", ", others.Select(i => $"{SqlServerDialect.Quote(table.Columns[i].Schema.Name)} = {SqlServerKeyChunk.RowColumn(i)}"));
        long total = 0;
        foreach (var chunk in SqlServerKeyChunk.Split(rows.Count, table.Columns.Count))
        {
            using var command = session.CreateCommand(string.Empty);
            var values = SqlServerKeyChunk.AddRows(command, table, rows, chunk, dialect);
            var match = table.KeyEquals("t", k => SqlServerKeyChunk.RowColumn(table.Schema.Key[k]), dialect) + table.AndFilter;
            command.CommandText = others.Count > 0
                ? $"UPDATE t SET {sets} FROM {table.QuotedName} t JOIN {values} ON {match}"
                : $"SELECT COUNT_BIG(*) FROM {table.QuotedName} t JOIN {values} ON {match}";
            total += await session.RunAsync(
                command,
                () => others.Count > 0 ? command.ExecuteNonQuery() : (long)command.ExecuteScalar(),
                $"updating '{table.Schema.Name}'",
                cancellationToken).ConfigureAwait(false);
        }

        return total;
    }

    public async Task<long> DeleteAsync(SqlServerTable table, RowBatch keys, CancellationToken cancellationToken)
    {
        long total = 0;
        foreach (var chunk in SqlServerKeyChunk.Split(keys.Count, table.Schema.Key.Count))
        {
            using var command = session.CreateCommand(string.Empty);
            var values = SqlServerKeyChunk.AddKeys(command, table, keys, chunk, dialect);
            command.CommandText =
                $"DELETE t FROM {table.QuotedName} t JOIN {values} ON {table.KeyEquals("t", SqlServerKeyChunk.KeyColumn, dialect)}{table.AndFilter}";
            total += await session.RunAsync(command, command.ExecuteNonQuery, $"deleting from '{table.Schema.Name}'", cancellationToken)
                .ConfigureAwait(false);
        }

        return total;
    }

    /// <summary>Deletes one row for each given one; rows that are equal in every column are not to be told apart, so any of them will do.</summary>
    public async Task<long> DeleteRowsAsync(SqlServerTable table, RowBatch rows, CancellationToken cancellationToken)
    {
        SqlServerRows.Require(table, session.Side);
        long total = 0;
        foreach (var chunk in SqlServerKeyChunk.Split(rows.Count, table.Columns.Count))
        {
            using var command = session.CreateCommand(string.Empty);
            var text = new StringBuilder();
            var number = 0;
            for (var r = chunk.Start.Value; r < chunk.End.Value; r++)
            {
                var reader = new CanonicalReader(rows[r]);
                text.Append(CultureInfo.InvariantCulture, $"DELETE TOP (1) FROM {table.QuotedName} WHERE ");
                for (var i = 0; i < table.Columns.Count; i++)
                {
                    reader.Read();
                    var column = table.Columns[i];
                    var name = SqlServerDialect.Quote(column.Schema.Name);
                    text.Append(i == 0 ? string.Empty : " AND ");
                    if (reader.Tag == FieldTag.Null)
                    {
                        text.Append(name).Append(" IS NULL");
                        continue;
                    }

                    var parameter = $"@p{number++}";
                    command.Parameters.Add(SqlServerValues.Parameter(parameter, table, column, reader, dialect));
                    text.Append(column.EqualExactly(name, parameter, dialect));
                }

                text.Append(table.AndFilter).AppendLine(";");
            }

            command.CommandText = text.ToString();
            total += await session.RunAsync(command, command.ExecuteNonQuery, $"deleting from '{table.Schema.Name}'", cancellationToken)
                .ConfigureAwait(false);
        }

        return total;
    }

    /// <summary>
    /// A bulk copy gives no default to a column that it does not write when NULLs are kept, and it parses xml without its white space.
    /// </summary>
    private static bool CanBulkCopy(SqlServerTable table)
        => !table.HasLeftOutDefaults && table.Columns.All(c => c.Form is not (ColumnForm.Xml or ColumnForm.Serialized));

    /// <summary>An identity column cannot be updated, so rows of a table with one beside its key are replaced.</summary>
    private async Task<long> ReplaceAsync(SqlServerTable table, RowBatch rows, CancellationToken cancellationToken)
    {
        if (table.Schema.SideLocalColumns.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"Rows of '{table.Schema.Name}' cannot be updated: its identity column is not its key, and its side-local columns would be lost with the row.",
                "Make the identity column side-local too.",
                session.Side);
        }

        using var keys = new RowBatch();
        for (var r = 0; r < rows.Count; r++)
            RowKeys.AppendKey(table.Schema, rows[r], keys);
        var deleted = await DeleteAsync(table, keys, cancellationToken).ConfigureAwait(false);
        if (deleted == rows.Count)
            await InsertByStatementAsync(table, rows, cancellationToken).ConfigureAwait(false);
        return deleted;
    }

    private async Task BulkCopyAsync(SqlServerTable table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        // Triggers stay silent; CHECK constraints are checked, or the server would not trust them any more.
        using var copy = new SqlBulkCopy(
            session.Connection,
            SqlBulkCopyOptions.KeepIdentity | SqlBulkCopyOptions.KeepNulls | SqlBulkCopyOptions.CheckConstraints,
            session.Transaction)
        {
            DestinationTableName = table.QuotedName,
            BulkCopyTimeout = 0,
            EnableStreaming = true,
        };
        foreach (var column in table.Schema.Columns)
            copy.ColumnMappings.Add(column.Name, SqlServerDialect.Quote(column.Name));

        var batches = rows.GetAsyncEnumerator(cancellationToken);
        await using (batches.ConfigureAwait(false))
        {
            using var reader = new CanonicalDataReader(table, dialect, batches);
            using var stop = new CancellationTokenSource();
            try
            {
                await session.SettleAsync(CopyAsync(), stop.Cancel, $"inserting into '{table.Schema.Name}'", cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException) when (reader.Failure is not null)
            {
                reader.Failure.Throw();
            }
            catch (LoggerCmsException error) when (error.InnerException is InvalidOperationException && reader.ColumnWithoutValue is not null)
            {
                // The client looks at this one constraint itself, before the server does.
                throw new LoggerCmsException(
                    ErrorCodes.ConstraintViolated,
                    $"'{session.Side}' refused a row while inserting into '{table.Schema.Name}': column {reader.ColumnWithoutValue} may not be NULL.",
                    "Compare the constraints of both sides; the destination is as it was.",
                    session.Side,
                    innerException: error.InnerException);
            }

            async Task<bool> CopyAsync()
            {
                await copy.WriteToServerAsync(reader, stop.Token).ConfigureAwait(false);
                return true;
            }
        }
    }

    private async Task InsertByStatementAsync(SqlServerTable table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            using (batch)
                await InsertByStatementAsync(table, batch, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task InsertByStatementAsync(SqlServerTable table, RowBatch rows, CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", table.Schema.Columns.Select(c => SqlServerDialect.Quote(c.Name)));
        var values = string.Join(", ", table.Columns.Select((_, i) => SqlServerKeyChunk.RowColumn(i)));
        var what = $"inserting into '{table.Schema.Name}'";
        if (table.HasIdentity)
            await session.ExecuteAsync($"SET IDENTITY_INSERT {table.QuotedName} ON", what, cancellationToken).ConfigureAwait(false);
        foreach (var chunk in SqlServerKeyChunk.Split(rows.Count, table.Columns.Count))
        {
            using var command = session.CreateCommand(string.Empty);
            var source = SqlServerKeyChunk.AddRows(command, table, rows, chunk, dialect);
            command.CommandText = $"INSERT INTO {table.QuotedName} ({columns}) SELECT {values} FROM {source}";
            await session.RunAsync(command, command.ExecuteNonQuery, what, cancellationToken).ConfigureAwait(false);
        }

        if (table.HasIdentity)
            await session.ExecuteAsync($"SET IDENTITY_INSERT {table.QuotedName} OFF", what, cancellationToken).ConfigureAwait(false);
    }
}
