namespace LoggerCms;

/// <summary>How two sides differ. <see cref="Equal"/> is true only when every row in scope was compared.</summary>
public sealed record SideComparison
{
    public required string Source { get; init; }

    public required string Destination { get; init; }

    /// <summary>True or false; null where not every row in scope was compared under one snapshot a side.</summary>
    public required bool? Equal { get; init; }

    /// <summary>What was compared: the tables, and what a profile left out.</summary>
    public required string Scope { get; init; }

    /// <summary>What compared the rows: <c>Database</c> (the database itself, or SHA-256 that both databases make of each row), <c>Rows</c> (rows in their canonical form) or <c>Mixed</c>.</summary>
    public required string ComparedBy { get; init; }

    public required int Tables { get; init; }

    public required long RowsOnlyInSource { get; init; }

    public required long RowsOnlyInDestination { get; init; }

    public required long RowsDifferent { get; init; }

    /// <summary>Rows that looked different while the source was being written, and did not when they were looked at again.</summary>
    public required long RowsSettled { get; init; }

    public required long RowsEqual { get; init; }

    public long? SourceUpdateKey { get; init; }

    public long? DestinationUpdateKey { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<TableComparison> TableComparisons { get; init; } = [];

    public required TimeSpan Elapsed { get; init; }
}

/// <summary>How one table differs.</summary>
public sealed record TableComparison
{
    public required string Table { get; init; }

    public required bool? Equal { get; init; }

    public long RowsOnlyInSource { get; init; }

    public long RowsOnlyInDestination { get; init; }

    public long RowsDifferent { get; init; }

    public long RowsSettled { get; init; }

    public long RowsEqual { get; init; }

    /// <summary>How rows were paired: <c>Key</c>, <c>KeyHash</c> (sort orders differ), <c>Multiset</c> (no key)
    /// or <c>RowHash</c> (by hashes that both databases make of whole rows; the rest by key).</summary>
    public required string PairedBy { get; init; }
}

/// <summary>How a row differs.</summary>
public enum RowDifferenceKind
{
    OnlyInSource,
    OnlyInDestination,
    Different,
}

/// <summary>One row that differs.</summary>
public sealed record RowDifference
{
    public required string Table { get; init; }

    /// <summary>The row's key as text, column by column; for a table without a key, the row's hash.</summary>
    public required string Key { get; init; }

    public required RowDifferenceKind Kind { get; init; }

    /// <summary>The columns that differ; empty unless <see cref="Kind"/> is <see cref="RowDifferenceKind.Different"/>.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];
}
