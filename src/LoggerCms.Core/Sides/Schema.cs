namespace LoggerCms.Core.Sides;

/// <summary>A column that takes part in comparison and transfer. Computed, generated and rowversion columns never do.</summary>
public sealed record ColumnSchema(string Name, LogicalType Type, bool Nullable)
{
    /// <summary>The type as the database declares it, complete enough to write DDL of the same make.</summary>
    public required string DeclaredType { get; init; }

    /// <summary>The order in which the driver can deliver this column when it is part of the key.</summary>
    public KeyOrder KeyOrder { get; init; }

    /// <summary>Values that the declared type cannot tell apart although their bytes differ (case-insensitive collation, say).</summary>
    public bool CollationIsBinary { get; init; } = true;

    public bool IsIdentity { get; init; }

    /// <summary>Longest text in the declared type's own unit, or null.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Decimal digits in all and after the point, fractional digits of a time; null where not limited.</summary>
    public int? Precision { get; init; }

    public int? Scale { get; init; }
}

/// <summary>A foreign key of a table in terms of table and column names.</summary>
public sealed record ForeignKeySchema(string Name, IReadOnlyList<string> Columns, TableName ReferencedTable, IReadOnlyList<string> ReferencedColumns);

/// <summary>A table as comparison and transfer see it.</summary>
public sealed record TableSchema(TableName Name)
{
    /// <summary>Columns in ordinal order of their names: the field order of every canonical row.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Indexes into <see cref="Columns"/>, in the key's own order; empty for a table without a key.</summary>
    public required IReadOnlyList<int> Key { get; init; }

    /// <summary>
    /// The declared key where it does not tell rows apart, because NULL stands in it on this side or on the other; <see cref="Key"/> is empty then.
    /// Only SQLite lets NULL into a key. That it is there is a matter of data, so a table can lose and regain its key from one look to the next.
    /// </summary>
    public IReadOnlyList<int> WithdrawnKey { get; init; } = [];

    /// <summary>Further unique constraints or indexes, as indexes into <see cref="Columns"/> (partial and expression indexes as an empty list).</summary>
    public IReadOnlyList<IReadOnlyList<int>> Uniques { get; init; } = [];

    public IReadOnlyList<ForeignKeySchema> ForeignKeys { get; init; } = [];

    /// <summary>Columns outside of comparison and transfer: computed, generated, rowversion, and side-local ones of a profile.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>The subset of <see cref="LeftOut"/> that a side profile declares; such values must outlive an update of their row.</summary>
    public IReadOnlyList<string> SideLocalColumns { get; init; } = [];

    /// <summary>The columns of <see cref="SideLocalColumns"/>, where the driver describes them.</summary>
    public IReadOnlyList<ColumnSchema> SideLocal { get; init; } = [];

    /// <summary>Side-local columns stand among <see cref="Columns"/> (<see cref="Whole"/>).</summary>
    public bool IsWhole { get; init; }

    /// <summary>A row filter from a side profile, an SQL condition in the database's own dialect; null for all rows.</summary>
    public string? RowFilter { get; init; }

    /// <summary>Statements that bring what the database derives from this table by triggers back in step: they do not fire for what a transfer writes.</summary>
    public IReadOnlyList<string> Rebuilds { get; init; } = [];

    /// <summary>True where a side profile keeps rows or columns of the table out of scope.</summary>
    public bool IsPartial => RowFilter is not null || SideLocalColumns.Count > 0;

    /// <summary>The statements that made the table, where its database keeps them: what GetCreateTable of the same make uses.</summary>
    public string? Definition { get; init; }

    public bool HasKey => Key.Count > 0;

    /// <summary>This table as one without a key.</summary>
    public TableSchema WithoutKey() => HasKey ? this with { Key = [], WithdrawnKey = Key } : this;

    /// <summary>This table with the key that it declares, although NULL may stand in it: rows whose key holds none are still found by it.</summary>
    public TableSchema WithDeclaredKey() => HasKey ? this : this with { Key = WithdrawnKey, WithdrawnKey = [] };

    /// <summary>True where the database delivers the key in an order that <see cref="CanonicalOrder"/> can follow.</summary>
    public bool KeyIsOrderable => HasKey && Key.All(i => Columns[i].KeyOrder != KeyOrder.None);

    /// <summary>The table with its side-local columns, as an undo needs it to bring back rows that were deleted; null where it cannot be had.</summary>
    public TableSchema? Whole()
    {
        if (!HasKey || SideLocal.Count == 0)
            return null;
        ColumnSchema[] columns = [.. Columns.Concat(SideLocal).OrderBy(c => c.Name, StringComparer.Ordinal)];
        return this with
        {
            Columns = columns,
            Key = [.. Key.Select(i => Array.IndexOf(columns, Columns[i]))],
            Uniques = [],
            SideLocalColumns = [],
            SideLocal = [],
            IsWhole = true,
        };
    }
}

/// <summary>
/// A table's name. <see cref="Schema"/> is null in the database's default schema (main, public, dbo), so that names correspond across makes.
/// </summary>
public sealed record TableName(string? Schema, string Name) : IComparable<TableName>
{
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";

    public int CompareTo(TableName? other)
        => string.CompareOrdinal(ToString(), other?.ToString()) is not 0 and var order ? order : string.CompareOrdinal(Schema, other?.Schema);
}

/// <summary>What a snapshot or a transaction sees of a side's schema. Side-local tables of LoggerCms are never in it.</summary>
/// <param name="Tables">In ordinal order of the names.</param>
/// <param name="SortOrder">The database's collation.</param>
public sealed record SideCatalog(IReadOnlyList<TableSchema> Tables, string SortOrder)
{
    /// <summary>What a reader of results should know, such as tables that cannot be carried.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Names of views and the like, which are no tables that could be carried.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];
}
