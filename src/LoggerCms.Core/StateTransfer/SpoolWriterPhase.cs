using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>The phase PrepareToSend: what is to be sent stands complete in the spool before the destination is touched.</summary>
internal static class SpoolWriterPhase
{
    public static ChangeFileWriter Open(string path, TransferRun run, TransferWork work) => new(run.Files, path, ChangeFile.SpoolMagic, new ChangeFileHeader
    {
        Id = run.Id,
        Source = run.Result.Source,
        Destination = run.Result.Destination,
        Mode = work.Mode,
        Created = run.Result.StartedAt,
        Tables = [.. work.Pairs.Select(p => TableShape.Of(p.Destination))],
    });

    public static async Task PrepareAsync(TransferRun run, OpenSides sides, TransferWork work)
    {
        if (work.Spool is not { } spool)
        {
            run.Skip(StateTransferPhase.PrepareToSend, "no spool");
            return;
        }

        run.Begin(StateTransferPhase.PrepareToSend);
        var changes = work.Ready!;
        await SideBySide.ForEachAsync(
            [.. Enumerable.Range(0, work.Pairs.Count).Where(i => changes.Tables[i].Whole)],
            work.Source.Readers,
            (index, cancel) => WriteWholeAsync(run, sides, work, spool, index, cancel),
            run.Token).ConfigureAwait(false);
        spool.Complete(new ChangeFileFooter
        {
            Position = PositionRecord.Of(work.SourcePosition),
            DestinationPosition = PositionRecord.Of(work.DestinationPosition),
            Entries = work.Entries,
            Tables = [.. work.Pairs.Select((_, i) => new TableOutcome
            {
                Whole = changes.Tables[i].Whole,
                Rows = work.SourceSums[i]?.Rows ?? -1,
                Sum = work.SourceSums[i]?.ToHex(),
            })],
        });
        work.Ready = ChangeFileReader.OpenOwn(run.Files, spool.Path, run.Token);
        run.End($"{spool.Length} bytes in {spool.Path}");
    }

    private static async Task WriteWholeAsync(
        TransferRun run, OpenSides sides, TransferWork work, ChangeFileWriter spool, int index, CancellationToken cancellationToken)
    {
        var pair = work.Pairs[index];
        var fit = sides.Destination.GetValueFit(pair.Source, pair.Destination);
        await foreach (var batch in WholeRows.ReadSource(work, index, fit, sides.Destination.DisplayName, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                spool.Write(index, ChangeKind.Whole, batch, default);
                run.Meter.Add(pair.Source.Name.ToString(), batch.Count, batch.Length);
            }
        }
    }
}

/// <summary>Moves the destination's position in the transaction that changes its rows.</summary>
internal static class PositionMove
{
    public static bool IsNeeded(TransferWork work)
        => work is { SourcePosition.Own: { } own, DestinationPosition.Own: not null }
            && (!work.DestinationPosition.Keys.ContainsKey(own) || work.DestinationPosition.CompareTo(work.SourcePosition) != PositionRelation.Equal);

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
            await log.SetPositionAsync(Without(source, now.Own), tables, cut: false, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Changes of its own that the source does not know were just overwritten: their keys must never be taken for later ones.
        var known = now.Own is not null && source.Keys.GetValueOrDefault(now.Own) == (now.OwnKey ?? 0);
        var own = now.Own;
        if (!known)
        {
            await log.RenewOriginAsync(cancellationToken).ConfigureAwait(false);
            own = (await log.GetPositionAsync(cancellationToken).ConfigureAwait(false)).Own;
        }

        var received = Without(source, own);
        await log.SetPositionAsync(received, tables, cut: true, cancellationToken).ConfigureAwait(false);
        if (entries.Where(e => e.Origin != own).ToList() is { Count: > 0 } last)
        {
            await log.AppendAsync(last, cancellationToken).ConfigureAwait(false);

            // The last entry may lie before the position, which is now set back to it.
            await log.SetPositionAsync(received, tables, cut: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private static SidePosition Without(SidePosition position, string? own)
        => new(null, position.Keys.Where(k => k.Key != own).ToDictionary(k => k.Key, k => k.Value, StringComparer.Ordinal));
}
