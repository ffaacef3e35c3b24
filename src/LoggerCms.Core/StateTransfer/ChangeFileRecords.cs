using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>What a spool or undo file says of itself before its changes.</summary>
internal sealed record ChangeFileHeader
{
    public required Guid Id { get; init; }

    public required string Source { get; init; }

    public required string Destination { get; init; }

    public required StateTransferMode Mode { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required IReadOnlyList<TableShape> Tables { get; init; }
}

/// <summary>
/// A table by what must be the same for its canonical rows to fit: columns with their types in field order, and the key. And what the side profile
/// said of it then: a resume and an undo go by that, not by what the profile's file has become.
/// </summary>
internal sealed record TableShape
{
    public required string? Schema { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<string> Columns { get; init; }

    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>Null in a file of an earlier release, which does not say what the profile said.</summary>
    public IReadOnlyList<string>? SideLocalColumns { get; init; }

    public string? RowFilter { get; init; }

    /// <summary>Rows with their side-local columns: those that a transfer deleted.</summary>
    public bool IsWhole { get; init; }

    public string FullName => new TableName(Schema, Name).ToString();

    public static TableShape Of(TableSchema table) => new()
    {
        Schema = table.Name.Schema,
        Name = table.Name.Name,
        Columns = [.. table.Columns.Select(c => $"{c.Name} {c.Type}")],
        Key = [.. table.Key.Select(i => table.Columns[i].Name)],
        SideLocalColumns = table.SideLocalColumns,
        RowFilter = table.RowFilter,
        IsWhole = table.IsWhole,
    };

    public static SideProfile ProfileOf(IReadOnlyList<TableShape> tables) => new(
        [],
        tables.Where(t => t.SideLocalColumns?.Count > 0).ToDictionary(t => t.FullName, t => t.SideLocalColumns!),
        tables.Where(t => t is { RowFilter: not null, IsWhole: false }).ToDictionary(t => t.FullName, t => t.RowFilter!));

    /// <summary>
    /// The table in the form that the changes were made in: with its side-local columns where they hold these, and with the key that they were made
    /// by, where it has one now and had none then or the other way round (NULL came into a key or left it). Changes by whole rows and changes by
    /// keys without NULL stay right either way.
    /// </summary>
    public TableSchema FormOf(TableSchema now)
    {
        var keyed = Key.Count == 0 ? now.WithoutKey() : now.WithDeclaredKey();
        return IsWhole ? keyed.Whole() ?? keyed : keyed;
    }

    /// <summary>True when the table has these columns and this key; a profile may leave further columns out.</summary>
    public bool StandsIn(TableSchema table)
    {
        var other = Of(table);
        return Columns.All(other.Columns.Contains) && Key.SequenceEqual(other.Key, StringComparer.Ordinal);
    }

    public bool Fits(TableSchema table)
    {
        var other = Of(table);
        return Columns.SequenceEqual(other.Columns, StringComparer.Ordinal) && Key.SequenceEqual(other.Key, StringComparer.Ordinal);
    }
}

/// <summary>What a spool or undo file says when everything is in it.</summary>
internal sealed record ChangeFileFooter
{
    /// <summary>In the order of the header's tables.</summary>
    public required IReadOnlyList<TableOutcome> Tables { get; init; }

    /// <summary>Spool: the source's position. Undo: the destination's position before the transfer.</summary>
    public required PositionRecord Position { get; init; }

    /// <summary>Spool: the destination's position as Compare saw it. Undo: after the transfer.</summary>
    public required PositionRecord DestinationPosition { get; init; }

    /// <summary>Spool with tables that are sent whole: how many transfers had committed into the destination when it was written.</summary>
    public long? DestinationTransfers { get; init; }

    /// <summary>Entries to be written to the destination's log with their origin: in Log mode what it lacks, otherwise the source's last ones.</summary>
    public IReadOnlyList<LogEntry> Entries { get; init; } = [];
}

/// <summary>What is known of a table as a whole.</summary>
internal sealed record TableOutcome
{
    public bool Whole { get; init; }

    /// <summary>Spool: rows of the source's table where it was read whole. Undo: rows after the transfer. -1: not known.</summary>
    public long Rows { get; init; } = -1;

    /// <summary>The table's sum in hexadecimal, where it is known.</summary>
    public string? Sum { get; init; }
}

/// <summary><see cref="SidePosition"/> as it is kept in files.</summary>
internal sealed record PositionRecord(string? Own, Dictionary<string, long> Keys)
{
    public static PositionRecord Of(SidePosition position) => new(position.Own, new Dictionary<string, long>(position.Keys));

    public SidePosition ToPosition() => new(Own, Keys);
}
