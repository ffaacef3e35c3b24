namespace LoggerCms.Core.Sides;

/// <summary>For every origin, the last update key that a database holds.</summary>
/// <param name="Own">The side's own origin, or null where no log is enabled.</param>
/// <param name="Keys">By origin.</param>
public sealed record SidePosition(string? Own, IReadOnlyDictionary<string, long> Keys)
{
    public static SidePosition None { get; } = new(null, new Dictionary<string, long>());

    public long? OwnKey => Own is not null && Keys.TryGetValue(Own, out var key) ? key : null;

    /// <summary>This position as seen from <paramref name="other"/>'s.</summary>
    public PositionRelation CompareTo(SidePosition other)
    {
        bool behind = false, ahead = false;
        foreach (var origin in Keys.Keys.Union(other.Keys.Keys, StringComparer.Ordinal))
        {
            // Keys begin at 1, so an origin that is not there is at 0.
            var mine = Keys.GetValueOrDefault(origin);
            var theirs = other.Keys.GetValueOrDefault(origin);
            behind |= mine < theirs;
            ahead |= mine > theirs;
        }

        return (behind, ahead) switch
        {
            (false, false) => PositionRelation.Equal,
            (true, false) => PositionRelation.Behind,
            (false, true) => PositionRelation.Ahead,
            _ => PositionRelation.Diverged,
        };
    }

    public override string ToString()
        => Keys.Count == 0 ? "none" : string.Join(", ", Keys.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{p.Value}"));
}

public enum PositionRelation
{
    Equal,
    Behind,
    Ahead,
    Diverged,
}

public enum LogOperation : byte
{
    Insert = (byte)'I',
    Update = (byte)'U',
    Delete = (byte)'D',
}

/// <summary>One entry of the log.</summary>
/// <param name="Origin">Who numbered the change.</param>
/// <param name="UpdateKey">Strictly increasing within its origin.</param>
/// <param name="Table">The table's name as <see cref="TableName.ToString"/> gives it.</param>
/// <param name="Operation">What was done. A change of the key is logged as a delete and an insert.</param>
/// <param name="Key">The row's key as <see cref="LogKey"/> text, the same on every driver.</param>
/// <param name="AtMicroseconds">When, in microseconds since 1970-01-01 UTC by the database's clock.</param>
public sealed record LogEntry(string Origin, long UpdateKey, string Table, LogOperation Operation, string Key, long AtMicroseconds);

/// <summary>A side's config message log. The tables it keeps are side-local: never transferred, never part of a checksum.</summary>
public interface ISideLog
{
    /// <summary>Makes the log's own tables and the triggers on the given tables, in one transaction. Tables already under it stay; others are added.</summary>
    /// <param name="sideName">The first half of a new origin.</param>
    /// <param name="tables">Tables with a key whose columns <see cref="LogKey"/> can carry.</param>
    /// <param name="retention">How long entries are kept.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LoggerCmsException">LogNotPossible names table and reason.</exception>
    Task EnableAsync(string sideName, IReadOnlyList<TableSchema> tables, TimeSpan retention, CancellationToken cancellationToken);

    /// <summary>Removes triggers, functions and every table of LoggerCms's own from the side.</summary>
    Task DisableAsync(CancellationToken cancellationToken);

    Task<ConfigMessageLogState> GetStateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Entries of <paramref name="origin"/> (null: of all, by origin) with a key above <paramref name="after"/> up to <paramref name="upTo"/>, by key.
    /// </summary>
    IAsyncEnumerable<LogEntry> ReadAsync(string? origin, long after, long upTo, CancellationToken cancellationToken);

    /// <summary>For every origin, the first key from which on the log is complete; an older position cannot be served.</summary>
    Task<IReadOnlyDictionary<string, long>> GetStartsAsync(CancellationToken cancellationToken);

    /// <summary>Removes entries older than the retention; returns how many.</summary>
    Task<long> TrimAsync(CancellationToken cancellationToken);
}

/// <summary>The log inside a transfer's transaction.</summary>
public interface ISideLogWriter
{
    /// <summary>The position as this transaction sees it. An own origin that has not numbered a change yet stands at 0.</summary>
    Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken);

    /// <summary>Writes the source's entries with their own origin and moves the position to what they end at.</summary>
    Task AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the position of <paramref name="tables"/> to <paramref name="position"/>: other origins' positions of these tables go.
    /// With <paramref name="cut"/> the log's entries go and it starts at this position, so that older readers are told that it cannot serve.
    /// </summary>
    Task SetPositionAsync(SidePosition position, IReadOnlyList<TableSchema> tables, bool cut, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the side a new incarnation, whose keys begin at 1 again, so that keys that were undone or overwritten are never taken for the same again.
    /// Entries and positions of the old incarnation stay unless they were cut.
    /// </summary>
    Task RenewOriginAsync(CancellationToken cancellationToken);
}
