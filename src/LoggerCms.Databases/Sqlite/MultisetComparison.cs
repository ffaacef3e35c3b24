using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Counts equal rows of tables without a key on both sides; SQLite sorts in temporary files where memory does not do.</summary>
internal sealed class MultisetComparison(PairedTable table, SqliteCatalog catalog, SqliteDb db, DifferenceSink sink)
{
    private const int RowsPerTurn = 4096;

    /// <summary>SQLite takes 2,000 terms to group by, and a column without affinity needs three.</summary>
    private const int MostColumns = 600;

    public static bool CanCount(SqliteCatalog catalog) => catalog.Side.Tables.All(t => t.HasKey || t.Columns.Count <= MostColumns);

    /// <returns>Rows that only the source has, repetitions counted.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var reader = new SqliteRowReader(table.SourceColumns, catalog.IsUtf8);
        using var onlyInSource = new RowBatch();
        using var onlyInDestination = new RowBatch();
        using var row = new RowBatch();
        SqliteStatement? statement = null;
        var total = 0L;
        try
        {
            var more = true;
            while (more && !sink.IsSettled)
            {
                more = await SqliteReads.RunAsync(db, Read, cancellationToken).ConfigureAwait(false);
                await sink.SendAsync(RowDifferenceKind.OnlyInSource, onlyInSource).ConfigureAwait(false);
                await sink.SendAsync(RowDifferenceKind.OnlyInDestination, onlyInDestination).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (db.Gate)
                statement?.Dispose();
        }

        return total;

        bool Read()
        {
            statement ??= db.Prepare(Sql());
            for (var turn = 0; turn < RowsPerTurn; turn++)
            {
                if (!statement.Step())
                    return false;
                var surplus = statement.Int64(0);
                row.Clear();
                reader.Read(statement.Handle, row, first: 1);
                for (var i = 0; i < Math.Abs(surplus); i++)
                    (surplus > 0 ? onlyInSource : onlyInDestination).Add(row[0]);
                total += Math.Max(0, surplus);
            }

            return true;
        }
    }

    private string Sql()
    {
        var names = table.SourceColumns.Select((_, i) => "c" + i).ToArray();
        var groups = SqliteSql.GroupTerms([.. names.Select((n, i) => (n, table.SourceColumns[i].Affinity, table.DestinationColumns[i].Affinity))]);
        return $"SELECT sum(n), {string.Join(", ", names)} FROM ("
            + $"SELECT 1 AS n, {Columns(table.SourceColumns, "s.")} FROM {table.FromSource}"
            + $" UNION ALL SELECT -1, {Columns(table.DestinationColumns, "d.")} FROM {table.FromDestination})"
            + $" GROUP BY {string.Join(", ", groups)} HAVING sum(n) <> 0";
    }

    private static string Columns(SqliteColumn[] columns, string prefix)
        => string.Join(", ", columns.Select((c, i) => $"+{prefix}{c.Quoted} AS c{i}"));
}
