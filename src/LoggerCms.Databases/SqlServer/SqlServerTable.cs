using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>A table of the catalog with what only this driver needs to know of it.</summary>
internal sealed class SqlServerTable
{
    public required TableSchema Schema { get; init; }

    public required int ObjectId { get; init; }

    /// <summary>Aligned with the schema's columns.</summary>
    public required IReadOnlyList<SqlServerColumn> Columns { get; init; }

    /// <summary>Aligned with the schema's side-local columns.</summary>
    public IReadOnlyList<SqlServerColumn> SideLocal { get; init; } = [];

    /// <summary>True when a column outside of scope gets its value from a default or may not be NULL, so that rows must be inserted by statement.</summary>
    public bool HasLeftOutDefaults { get; init; }

    public string QuotedName => SqlServerCatalog.Quote(Schema.Name);

    public bool HasIdentity => Schema.Columns.Any(c => c.IsIdentity);

    /// <summary>The table in the form of <see cref="TableSchema.Whole"/>, or null; what is then still left out has no default and takes no value.</summary>
    public SqlServerTable? Whole()
        => Schema.Whole() is { } whole
            ? new SqlServerTable
            {
                ObjectId = ObjectId,
                Columns = [.. Columns.Concat(SideLocal).OrderBy(c => c.Schema.Name, StringComparer.Ordinal)],
                Schema = whole,
            }
            : null;

    /// <summary>The select list in canonical order.</summary>
    public string SelectList(string alias)
        => string.Join(", ", Columns.Select(c => c.Read(Column(alias, c))));

    public string OrderBy(string alias)
        => string.Join(", ", Schema.Key.Select(i => Columns[i].Order(Column(alias, Columns[i]))));

    /// <summary>The conditions that pick a part of the table, or an empty text.</summary>
    public string Where(string alias, KeyRange? range)
    {
        var conditions = new List<string>();
        if (Schema.RowFilter is not null)
            conditions.Add($"({Schema.RowFilter})");
        if (range?.From is { } from)
            conditions.Add(FormattableString.Invariant($"{Column(alias, Columns[Schema.Key[0]])} >= {from}"));
        if (range?.To is { } to)
            conditions.Add(FormattableString.Invariant($"{Column(alias, Columns[Schema.Key[0]])} < {to}"));
        return conditions.Count == 0 ? string.Empty : " WHERE " + string.Join(" AND ", conditions);
    }

    /// <summary>Equality of the key with the values that <paramref name="value"/> names by their place in the key, byte for byte.</summary>
    public string KeyEquals(string alias, Func<int, string> value, SqlServerDialect dialect)
        => string.Join(" AND ", Schema.Key.Select((i, k) => Columns[i].Equal(Column(alias, Columns[i]), value(k), dialect)));

    /// <summary>A condition to follow others, or an empty text.</summary>
    public string AndFilter => Schema.RowFilter is null ? string.Empty : $" AND ({Schema.RowFilter})";

    public static string Column(string alias, SqlServerColumn column) => $"{alias}.{SqlServerDialect.Quote(column.Schema.Name)}";
}
