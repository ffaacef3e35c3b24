namespace LoggerCms;

/// <summary>What a side holds, read under one snapshot.</summary>
public sealed record SideState
{
    /// <summary>The side's name, or its database where it has none.</summary>
    public required string Side { get; init; }

    public required SideProvider Provider { get; init; }

    public required string Database { get; init; }

    /// <summary>How many tables are in scope.</summary>
    public required int Tables { get; init; }

    /// <summary>Rows in all tables in scope.</summary>
    public required long Rows { get; init; }

    /// <summary>Bytes of all rows in their canonical form; not the size on disk.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 in hexadecimal over the canonical form; protects against accident, not against forgery.</summary>
    public required string Checksum { get; init; }

    /// <summary>The last update key of the side's own origin; null where no config message log is enabled.</summary>
    public long? UpdateKey { get; init; }

    /// <summary>A short fingerprint of the logical schema in scope: equal on two sides whose schemas correspond.</summary>
    public required string SchemaVersion { get; init; }

    /// <summary>The database's collation, as the database names it.</summary>
    public required string SortOrder { get; init; }

    /// <summary>For every origin, the last update key that the side holds.</summary>
    public IReadOnlyDictionary<string, long> Position { get; init; } = new Dictionary<string, long>();

    /// <summary>How the snapshot was held, in the database's words.</summary>
    public required string Isolation { get; init; }

    /// <summary>What the reader should know: misfitting values, side-local tables, filters.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>One record a table, in ordinal order of the names.</summary>
    public IReadOnlyList<TableState> TableStates { get; init; } = [];

    public required TimeSpan Elapsed { get; init; }
}

/// <summary>What one table holds.</summary>
public sealed record TableState
{
    public required string Table { get; init; }

    public required long Rows { get; init; }

    /// <summary>Bytes of the rows in their canonical form.</summary>
    public required long Bytes { get; init; }

    /// <summary>The sum of the row hashes modulo 2^256, in hexadecimal.</summary>
    public required string Sum { get; init; }

    /// <summary>Values whose storage class is not that of the declared type (SQLite only).</summary>
    public long MisfittingValues { get; init; }
}
