using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// Moves the destination's position in the transaction that changes its rows, so that it says of each table no more than that (see <see cref="SidePosition"/>).
/// </summary>
internal static class PositionMove
{
    public static bool IsNeeded(TransferWork work)
    {
        if (work is not { SourcePosition: { Own: { } own } source, DestinationPosition: { Own: not null } destination })
            return false;
        var tables = work.Pairs.Where(p => !p.Destination.IsPartial).Select(p => p.Name.ToString()).Where(source.Logs).ToList();
        if (tables.Count == 0)
            return false;
        var (from, to) = (source.Over(tables), destination.Over(tables));
        return !to.Keys.ContainsKey(own) || to.CompareTo(from) != PositionRelation.Equal;
    }

    public static async Task AfterTransferAsync(TransferWork work, ISideTransaction transaction, SidePosition now, CancellationToken cancellationToken)
        => await MoveAsync(
            transaction, work.Mode, work.SourcePosition, work.Entries, [.. work.Pairs.Select(p => p.Destination)], now, cancellationToken).ConfigureAwait(false);

    public static async Task MoveAsync(
        ISideTransaction transaction,
        StateTransferMode mode,
        SidePosition source,
        IReadOnlyList<LogEntry> entries,
        IReadOnlyList<TableSchema> tables,
        SidePosition now,
        CancellationToken cancellationToken)
    {
        var log = transaction.LogWriter!;
        if (mode == StateTransferMode.Log)
        {
            await log.AppendAsync(entries, cancellationToken).ConfigureAwait(false);
            await SetAsync(log, source, now, now.Own, tables, cut: false, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Changes of its own that the source does not know were just overwritten: their keys must never be taken for later ones. Neither may a copy of
        // the source go on with the keys that the source gives.
        var known = now.Own is not null && now.Own != source.Own && source.Keys.GetValueOrDefault(now.Own) == (now.OwnKey ?? 0);
        var own = now.Own;
        if (!known)
        {
            await log.RenewOriginAsync(cancellationToken).ConfigureAwait(false);
            own = (await log.GetPositionAsync(cancellationToken).ConfigureAwait(false)).Own;
        }

        await SetAsync(log, source, now, own, tables, cut: true, cancellationToken).ConfigureAwait(false);
        if (entries.Where(e => e.Origin != own).ToList() is { Count: > 0 } last)
        {
            await log.AppendAsync(last, cancellationToken).ConfigureAwait(false);

            // The last entry may lie before the position, which is now set back to it.
            await SetAsync(log, source, now, own, tables, cut: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task SetAsync(
        ISideLogWriter log,
        SidePosition source,
        SidePosition now,
        string? own,
        IReadOnlyList<TableSchema> tables,
        bool cut,
        CancellationToken cancellationToken)
    {
        if (cut)
            await log.SetPositionAsync(Without(source, own), [], cut: true, cancellationToken).ConfigureAwait(false);
        foreach (var alike in tables.Select(t => (Table: t, Position: Of(t))).GroupBy(t => t.Position.ToString(), StringComparer.Ordinal))
            await log.SetPositionAsync(alike.First().Position, [.. alike.Select(t => t.Table)], cut: false, cancellationToken).ConfigureAwait(false);

        SidePosition Of(TableSchema table)
        {
            // Nobody numbers what is changed in a table that the source does not log.
            var name = table.Name.ToString();
            if (!source.Logs(name))
                return SidePosition.None;
            var received = Without(source.Over([name]), own);
            return table.IsPartial ? Lower(received, now.Over([name])) : received;
        }
    }

    /// <summary>A table of which only a part was sent stands where it stood, and not beyond the source.</summary>
    private static SidePosition Lower(SidePosition source, SidePosition now)
        => new(null, source.Keys.Where(k => now.Keys.ContainsKey(k.Key)).ToDictionary(k => k.Key, k => Math.Min(k.Value, now.Keys[k.Key]), StringComparer.Ordinal));

    private static SidePosition Without(SidePosition position, string? own)
        => new(null, position.Keys.Where(k => k.Key != own).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal));
}
