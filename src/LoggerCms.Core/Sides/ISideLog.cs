namespace LoggerCms.Core.Sides;

/// <summary>
/// For every origin, the last update key that a database holds.
/// <para>What makes it a proof: an origin numbers every change of the tables that it logs, from its first key to its last. A table that comes under
/// the log later, or again, gets a new origin for the whole side, and forgets what it had received; so nobody is level with it before its rows were
/// compared. A table's position in an origin is only set where the whole table was sent, by a source that logs it.</para>
/// </summary>
/// <param name="Own">The side's own origin, or null where no log is enabled.</param>
/// <param name="Keys">By origin, what all logged tables hold.</param>
public sealed record SidePosition(string? Own, IReadOnlyDictionary<string, long> Keys)
{
    /// <summary>The name in <see cref="Tables"/> under which a side's own former origins stand: what they numbered is in the side, whatever the table.</summary>
    public const string FormerOrigins = "loggercms_log";

    private static readonly Dictionary<string, long> Nothing = [];

    public static SidePosition None { get; } = new(null, Nothing);

    /// <summary>By table and origin: what the table received, and where it is under the log the own key. Null where only the whole is known.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>>? Tables { get; init; }

    /// <summary>The last own key that was given out, where transactions that are not decided yet hold <see cref="OwnKey"/> below it.</summary>
    public long? Awaited { get; init; }

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

        return Relation(behind, ahead);
    }

    /// <summary>The position of these tables alone; what one of them has nothing of is not in it.</summary>
    public SidePosition Over(IReadOnlyCollection<string> tables)
    {
        if (Tables is null || tables.Count == 0)
            return this;
        var all = tables.Select(Of).ToList();
        return this with
        {
            Keys = all[0].Keys.Where(origin => all.All(t => t.ContainsKey(origin)))
                .ToDictionary(origin => origin, origin => all.Min(t => t[origin]), StringComparer.Ordinal),
        };
    }

    /// <summary>
    /// This position, a destination's, as seen from a source's, table by table. Tables that are not under this side's log say nothing of its history;
    /// the source holds all that it numbered itself.
    /// </summary>
    public PositionRelation CompareTo(SidePosition source, IEnumerable<string> tables)
    {
        if (Tables is null || source.Tables is null)
            return CompareTo(source);
        bool behind = false, ahead = false;
        foreach (var (mine, theirs) in tables.Where(Logs).Select(t => (Of(t), source.Of(t))))
        {
            foreach (var origin in mine.Keys.Union(theirs.Keys, StringComparer.Ordinal))
            {
                var here = mine.GetValueOrDefault(origin);
                var there = origin == source.Own ? source.OwnKey ?? 0 : theirs.GetValueOrDefault(origin);
                behind |= here < there;
                ahead |= here > Math.Max(there, source.Of(FormerOrigins).GetValueOrDefault(origin));
            }
        }

        return Relation(behind, ahead);
    }

    /// <summary>Whether the table is under this side's own log, as far as that is known.</summary>
    public bool Logs(string table) => Tables is null || (Own is not null && Of(table).ContainsKey(Own));

    public override string ToString()
        => Keys.Count == 0 ? "none" : string.Join(", ", Keys.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{p.Value}"));

    private IReadOnlyDictionary<string, long> Of(string table) => Tables?.GetValueOrDefault(table) ?? Nothing;

    private static PositionRelation Relation(bool behind, bool ahead) => (behind, ahead) switch
    {
        (false, false) => PositionRelation.Equal,
        (true, false) => PositionRelation.Behind,
        (false, true) => PositionRelation.Ahead,
        _ => PositionRelation.Diverged,
    };
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
    /// <summary>
    /// Makes the log's own tables and the triggers on the given tables, in one transaction. Tables already under it stay; where others are added, or the
    /// triggers of one are no longer those that it needs, the side gets a new origin (see <see cref="SidePosition"/>).
    /// </summary>
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

    /// <summary>Removes entries older than the retention, but for the last one of every other origin; returns how many. Writes nothing where none is.</summary>
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
