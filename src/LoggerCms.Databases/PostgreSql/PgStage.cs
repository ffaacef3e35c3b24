using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// A temporary table that takes rows or keys by COPY, so that one statement can apply them. Its columns are called c0, c1, …:
/// a row filter names the table's own columns and must not find them twice.
/// </summary>
internal sealed class PgStage
{
    private readonly PgSession _session;
    private readonly TableName _table;
    private readonly string _name;

    private PgStage(PgSession session, TableName table, PgColumn[] columns, string name)
    {
        (_session, _table, Columns, _name) = (session, table, columns, name);
    }

    public PgColumn[] Columns { get; }

    /// <summary>The stage in a FROM clause, as <c>s</c>.</summary>
    public string From => _name + " AS s";

    public string Name => _name;

    public static async Task<PgStage> CreateAsync(PgSession session, PgTable table, PgColumn[] columns, int number, CancellationToken cancellationToken)
    {
        // Made from the table itself, so that types and collations are the same; native values wait as text for their cast.
        var name = string.Create(CultureInfo.InvariantCulture, $"pg_temp.loggercms_stage_{number}");
        var list = string.Join(", ", columns.Select((c, i) => $"{c.ReadExpression("t")} AS c{i}"));
        await session.ExecuteAsync(
            $"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {list} FROM {table.From} AS t WITH NO DATA", cancellationToken).ConfigureAwait(false);
        return new PgStage(session, table.Name, columns, name);
    }

    /// <summary>Takes these rows in place of those before.</summary>
    public async Task FillAsync(RowBatch rows, CancellationToken cancellationToken)
    {
        await _session.ExecuteAsync($"TRUNCATE {_name}", cancellationToken).ConfigureAwait(false);
        var writer = await PgCopyWriter.BeginAsync(
            _session, $"COPY {_name} FROM STDIN (FORMAT binary)", _table, Columns, staged: true, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(rows, cancellationToken).ConfigureAwait(false);
            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        await _session.ExecuteAsync($"ANALYZE {_name}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The staged value of a column in the column's own type.</summary>
    public string Value(int column)
    {
        var staged = string.Create(CultureInfo.InvariantCulture, $"s.c{column}");
        return Columns[column].Codec == PgCodec.Native ? Columns[column].FromText(staged) : staged;
    }
}
