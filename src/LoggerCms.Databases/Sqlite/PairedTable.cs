using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>A table on both sides of a connection whose main database is the destination and to which the source is attached as <c>src</c>.</summary>
internal sealed class PairedTable
{
    private readonly SqliteColumn[] _source;
    private readonly SqliteColumn[] _destination;
    private readonly SqliteColumn[] _sourceKey;
    private readonly SqliteColumn[] _destinationKey;

    public PairedTable(TableSchema source, SqliteTable sourceTable, TableSchema destination, SqliteTable destinationTable)
    {
        Source = source;
        Destination = destination;
        SourceTable = sourceTable;
        DestinationTable = destinationTable;
        _source = sourceTable.Select(source);
        _sourceKey = sourceTable.SelectKey(source);
        _destination = [.. _source.Select(c => Corresponding(c.Name))];
        _destinationKey = [.. _sourceKey.Select(c => Corresponding(c.Name))];
    }

    public TableSchema Source { get; }

    public TableSchema Destination { get; }

    public SqliteTable SourceTable { get; }

    public SqliteTable DestinationTable { get; }

    public bool HasKey => _sourceKey.Length > 0 && Destination.HasKey;

    /// <summary>True where the key is the row's id on both sides.</summary>
    public bool KeyIsRowId => HasKey && _sourceKey is [{ IsRowId: true }] && _destinationKey is [{ IsRowId: true }];

    public bool HaveRowIds => SourceTable.RowId is not null && DestinationTable.RowId is not null;

    public SqliteColumn[] SourceColumns => _source;

    public SqliteColumn[] SourceKey => _sourceKey;

    public SqliteColumn[] DestinationColumns => _destination;

    public SqliteColumn[] DestinationKey => _destinationKey;

    /// <summary>The source's rows under its filter, as <c>s</c>.</summary>
    public string FromSource => From("src", SourceTable, Source, "s");

    /// <summary>The destination's rows under its filter, as <c>d</c>.</summary>
    public string FromDestination => From("main", DestinationTable, Destination, "d");

    public string SourceRowId => RowId(SourceTable, Source, "s");

    public string DestinationRowId => RowId(DestinationTable, Destination, "d");

    /// <summary>Both rows are the same in every column.</summary>
    public string SameRow => Same(_source, _destination);

    /// <summary>Both rows have the same key. The destination's column stands on the left, so that its collation, and with it its index, counts.</summary>
    public string SameKey => Match("d", _destinationKey, "s", _sourceKey);

    /// <summary>As <see cref="SameKey"/>, for a search in the source.</summary>
    public string SameKeyInSource => Match("s", _sourceKey, "d", _destinationKey);

    public string SourceKeyList => SqliteSql.List(_sourceKey, "s.");

    public string DestinationKeyList => SqliteSql.List(_destinationKey, "d.");

    private static string Same(SqliteColumn[] source, SqliteColumn[] destination)
        => SqliteSql.All([.. source.Select((c, i) => SqliteSql.Same("s." + c.Quoted, "d." + destination[i].Quoted, c.Affinity, destination[i].Affinity))]);

    private static string Match(string inner, SqliteColumn[] innerKey, string outer, SqliteColumn[] outerKey)
        => SqliteSql.All([.. innerKey.Select((c, i) =>
        {
            string left = $"{inner}.{c.Quoted}", right = $"{outer}.{outerKey[i].Quoted}";
            return c.IsRowId && outerKey[i].IsRowId ? $"{left} = {right}" : $"{left} = {right} AND {SqliteSql.Same(left, right, c.Affinity, outerKey[i].Affinity)}";
        })]);

    private static string From(string schema, SqliteTable table, TableSchema scope, string alias)
    {
        if (scope.RowFilter is null)
            return $"{schema}.{table.Quoted} AS {alias}";
        var id = table.RowId is null ? string.Empty : $"{table.RowId} AS loggercms_rowid, ";
        return $"(SELECT {id}{SqliteSql.List(table.Select(scope))} FROM {schema}.{table.Quoted} WHERE ({scope.RowFilter})) AS {alias}";
    }

    private static string RowId(SqliteTable table, TableSchema scope, string alias)
        => scope.RowFilter is null ? $"{alias}.{table.RowId}" : $"{alias}.loggercms_rowid";

    private SqliteColumn Corresponding(string name)
        => DestinationTable.Columns.TryGetValue(name, out var column)
            ? column
            : throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"The table '{Destination.Name}' has no column '{name}' on the destination.",
                "Bring the schemas of both sides to agreement, or leave the column out with a side profile.");
}
