using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Decides whether the source's config message log can bring the destination up to date, and from which entries.</summary>
internal static class LogPlanner
{
    /// <summary>Entries at and before the destination's position that are held against each other, per origin.</summary>
    private const int Overlap = 1000;

    /// <summary>More entries than this are not collected in memory; rows are compared instead.</summary>
    private const int MostEntries = 500_000;

    /// <summary>What the log can do.</summary>
    /// <param name="Usable">The entries are complete and the histories agree.</param>
    /// <param name="Diverged">The histories cannot be one: a database was restored or written to on both sides.</param>
    /// <param name="Reason">Why or why not.</param>
    /// <param name="Entries">What the destination lacks, in order of origin and key.</param>
    public sealed record Answer(bool Usable, bool Diverged, string Reason, IReadOnlyList<LogEntry> Entries);

    public static async Task<Answer> AskAsync(
        OpenSides sides, IReadOnlyList<TablePair> pairs, SidePosition source, SidePosition destination, CancellationToken cancellationToken)
    {
        if (source.Own is null)
            return No($"{sides.Source.DisplayName} has no config message log");
        if (destination.Own is null)
            return No($"{sides.Destination.DisplayName} has no config message log, so its position is not known");
        // What a filter picks can change without a change of the row.
        var partial = pairs.FirstOrDefault(p => p.Destination.IsPartial) is { } part
            ? $"the profile leaves out a part of table {part.Name}, for which no position is kept"
            : null;
        var inScope = pairs.Select(p => p.Name.ToString()).ToHashSet(StringComparer.Ordinal);
        (source, destination) = (source.Over(inScope), destination.Over(inScope));
        if (!destination.Keys.ContainsKey(source.Own!))
            return No(partial ?? $"{sides.Destination.DisplayName} has not been level with {source.Own} yet, so its position in that log is not known");
        if (await FindForkAsync(sides, source, destination, cancellationToken).ConfigureAwait(false) is { } fork)
            return new Answer(false, true, fork, []);
        if (source.Own == destination.Own)
            return No($"both sides number their changes as {source.Own}: one is a copy of the other, and what each did since cannot be told apart");
        if (partial is not null)
            return No(partial);

        // The destination's too: otherwise nobody knows what was changed there since its position was set.
        foreach (var side in new[] { sides.Source, sides.Destination })
        {
            var logged = (await side.Log.GetStateAsync(cancellationToken).ConfigureAwait(false)).Tables.ToHashSet(StringComparer.Ordinal);
            if (inScope.FirstOrDefault(t => !logged.Contains(t)) is { } unlogged)
                return No($"table {unlogged} is not under the config message log of {side.DisplayName}");
        }

        var entries = new List<LogEntry>();
        foreach (var (origin, upTo) in source.Keys.OrderBy(k => k.Key, StringComparer.Ordinal))
        {
            var after = destination.Keys.GetValueOrDefault(origin);
            if (after >= upTo)
                continue;
            await foreach (var entry in sides.Source.Log.ReadAsync(origin, after, upTo, cancellationToken).ConfigureAwait(false))
            {
                if (entries.Count == MostEntries)
                    return No($"more than {MostEntries} entries would have to be sent");
                entries.Add(entry);
            }
        }

        // Asked after the entries were read: what was trimmed meanwhile is missing from them.
        var starts = await sides.Source.Log.GetStartsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (origin, upTo) in source.Keys)
        {
            var after = destination.Keys.GetValueOrDefault(origin);
            if (after < upTo && starts.TryGetValue(origin, out var start) && after + 1 < start)
                return No($"the log of {sides.Source.DisplayName} begins at {origin}:{start}, after the destination's position {origin}:{after}");
        }

        return entries.Any(e => !inScope.Contains(e.Table))
            ? No("entries of tables outside of the scope would be skipped")
            : new Answer(true, false, $"the log of {sides.Source.DisplayName} holds the {entries.Count} entries that {sides.Destination.DisplayName} lacks", entries);

        static Answer No(string reason) => new(false, false, reason, []);
    }

    /// <summary>A restored database uses its keys again: entries that both sides still hold must be the same entries.</summary>
    private static async Task<string?> FindForkAsync(OpenSides sides, SidePosition source, SidePosition destination, CancellationToken cancellationToken)
    {
        foreach (var (origin, theirs) in destination.Keys)
        {
            if (!source.Keys.TryGetValue(origin, out var ours))
                continue;
            var upTo = Math.Min(ours, theirs);
            var mine = new Dictionary<long, LogEntry>();
            await foreach (var entry in sides.Source.Log.ReadAsync(origin, Math.Max(0, upTo - Overlap), upTo, cancellationToken).ConfigureAwait(false))
                mine[entry.UpdateKey] = entry;
            await foreach (var entry in sides.Destination.Log.ReadAsync(origin, Math.Max(0, upTo - Overlap), upTo, cancellationToken).ConfigureAwait(false))
            {
                if (mine.TryGetValue(entry.UpdateKey, out var same) && same != entry)
                    return $"the entry {origin}:{entry.UpdateKey} is not the same on both sides, so one of them was restored and used its keys again";
            }
        }

        return null;
    }

    /// <summary>
    /// The source's last entry of each origin. A transfer of rows cuts the destination's log; with these in it a source that was restored
    /// and used its keys again is still told from one that merely went on.
    /// </summary>
    public static async Task<IReadOnlyList<LogEntry>> LastEntriesAsync(
        ISideLog log, IReadOnlyList<TablePair> pairs, SidePosition source, CancellationToken cancellationToken)
    {
        var inScope = pairs.Select(p => p.Source.Name.ToString()).ToHashSet(StringComparer.Ordinal);
        var entries = new List<LogEntry>();
        foreach (var (origin, upTo) in source.Keys)
        {
            LogEntry? last = null;
            await foreach (var entry in log.ReadAsync(origin, Math.Max(0, upTo - Overlap), upTo, cancellationToken).ConfigureAwait(false))
                last = inScope.Contains(entry.Table) ? entry : last;
            if (last is not null)
                entries.Add(last);
        }

        return entries;
    }

    /// <summary>
    /// Turns entries into changes: what the source holds now under each key that an entry names. What the destination holds under it only tells
    /// what the change will be; it is asked again under the lock.
    /// </summary>
    public static async Task CollectAsync(
        IReadOnlyList<LogEntry> entries, IReadOnlyList<TablePair> pairs, IRowReader source, IRowReader destination, ChangeSet changes, CancellationToken cancellationToken)
    {
        var byTable = entries.GroupBy(e => e.Table, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(e => e.Key).Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
        for (var index = 0; index < pairs.Count; index++)
        {
            if (!byTable.TryGetValue(pairs[index].Source.Name.ToString(), out var logKeys))
                continue;
            foreach (var chunk in logKeys.Chunk(1000))
                await CollectAsync(chunk, index, pairs[index], source, destination, changes, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task CollectAsync(
        string[] logKeys, int index, TablePair pair, IRowReader source, IRowReader destination, ChangeSet changes, CancellationToken cancellationToken)
    {
        using var keys = new RowBatch();
        foreach (var logKey in logKeys)
            LogKey.Parse(logKey, keys);
        using var here = await KeyMap.ReadAsync(source, pair.Source, keys, cancellationToken).ConfigureAwait(false);
        using var there = await KeyMap.ReadAsync(destination, pair.Destination, keys, cancellationToken).ConfigureAwait(false);
        long updates = 0, puts = 0, removals = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            var isThere = there.TryGet(keys[i], out var old);
            if (!here.TryGet(keys[i], out var row))
            {
                changes.Add(index, ChangeKind.Remove, keys[i]);
                removals += isThere ? 0 : 1;
                continue;
            }

            changes.Add(index, ChangeKind.Put, row);
            if (!isThere)
                continue;
            if (row.SequenceEqual(old))
                puts++;
            else
                updates++;
        }

        changes.Foresee(index, updates, puts, removals);
    }
}
