using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>A column as SQLite has it, beside its <see cref="ColumnSchema"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">What it means.</param>
/// <param name="Affinity">What SQLite does to what is stored.</param>
/// <param name="Scale">Digits that a decimal is padded to.</param>
/// <param name="IsRowId">True for INTEGER PRIMARY KEY, whose value is the row's id.</param>
/// <param name="Strict">True in a STRICT table, which refuses values of another storage class.</param>
internal sealed record SqliteColumn(string Name, LogicalKind Kind, Affinity Affinity, int Scale, bool IsRowId, bool Strict)
{
    public string Quoted => SqliteSql.Quote(Name);
}

/// <summary>A table as SQLite has it, beside its <see cref="TableSchema"/>.</summary>
internal sealed class SqliteTable
{
    public required TableSchema Schema { get; init; }

    public required IReadOnlyDictionary<string, SqliteColumn> Columns { get; init; }

    /// <summary>Every column that is not generated, in the table's own order.</summary>
    public required IReadOnlyList<string> OwnOrder { get; init; }

    /// <summary>True when the table has generated columns.</summary>
    public required bool HasGenerated { get; init; }

    /// <summary>A name by which statements can reach the row's id, or null (WITHOUT ROWID, or all of its names are taken by columns).</summary>
    public required string? RowId { get; init; }

    public string Name => Schema.Name.Name;

    public string Quoted => SqliteSql.Quote(Name);

    /// <summary>True where the key is an INTEGER PRIMARY KEY, and so in the order of the table itself.</summary>
    public bool KeyIsRowId => Schema.Key.Count == 1 && Columns[Schema.Columns[Schema.Key[0]].Name].IsRowId;

    /// <summary>The columns of a schema of this table (a caller's may leave some out), in its order.</summary>
    public SqliteColumn[] Select(TableSchema schema) => [.. schema.Columns.Select(c => Columns[c.Name])];

    public SqliteColumn[] SelectKey(TableSchema schema) => [.. schema.Key.Select(i => Columns[schema.Columns[i].Name])];
}
