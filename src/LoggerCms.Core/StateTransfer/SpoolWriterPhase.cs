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
            DestinationTransfers = changes.Tables.Any(t => t.Whole) ? await sides.Destination.CountTransfersAsync(run.Token).ConfigureAwait(false) : null,
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
