using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Reads what a side holds, under one snapshot.</summary>
public sealed class SideStateReader(TimeProvider time)
{
    /// <param name="side">An open side.</param>
    /// <param name="options">The scope.</param>
    /// <param name="progress">Told a few times a second.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SideState> ReadAsync(ISide side, ScopeOptions options, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var profile = SideProfileFile.Load(options.ProfilePath);
        var snapshot = await side.BeginSnapshotAsync(
            new SnapshotOptions { Readers = Readers(options), AllowBlockingRead = options.AllowBlockingRead, Profile = profile },
            cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
        {
            ProfileCheck.Require(profile, options.ProfilePath, snapshot.Catalog);
            var tables = Scope.Select(snapshot.Catalog, options, profile, side.DisplayName);
            var meter = new ProgressMeter(progress, time);
            meter.Begin(StateTransferPhase.Compare);
            var sums = await TableSummer.SumAllAsync(snapshot, tables, meter.Add, cancellationToken).ConfigureAwait(false);
            meter.End();
            long rows = 0, bytes = 0;
            var states = new List<TableState>(tables.Count);
            for (var i = 0; i < tables.Count; i++)
            {
                var sum = sums[i];
                rows += sum.Rows;
                bytes += sum.Bytes;
                states.Add(new TableState
                {
                    Table = tables[i].Name.ToString(),
                    Rows = sum.Rows,
                    Bytes = sum.Bytes,
                    Sum = sum.ToHex(),
                    MisfittingValues = sum.Misfits,
                });
            }

            var position = await snapshot.GetPositionAsync(cancellationToken).ConfigureAwait(false);
            return new SideState
            {
                Side = side.DisplayName,
                Provider = side.Provider,
                Database = side.Database,
                Tables = tables.Count,
                Rows = rows,
                Bytes = bytes,
                Checksum = SideChecksum.Compute(tables, sums),
                UpdateKey = position.OwnKey,
                SchemaVersion = SideChecksum.SchemaVersion(tables),
                SortOrder = snapshot.Catalog.SortOrder,
                Position = position.Keys,
                Isolation = snapshot.Isolation,
                Notes = Notes(snapshot, options, profile, states),
                TableStates = states,
                Elapsed = time.GetElapsedTime(began),
            };
        }
    }

    /// <summary>How many readers a request asks for: as many as there are cores, unless it says otherwise.</summary>
    public static int Readers(ScopeOptions options) => options.Parallelism > 0 ? options.Parallelism : Math.Clamp(Environment.ProcessorCount, 1, 8);

    private static List<string> Notes(ISideSnapshot snapshot, ScopeOptions options, SideProfile profile, List<TableState> states)
    {
        var notes = new List<string>();
        if (options.Table.Count > 0 || options.ExcludeTable.Count > 0 || options.ProfilePath is not null)
            notes.Add("Scope: " + Scope.Describe(options, profile, states.Count) + ".");
        if (!snapshot.IsConsistent)
            notes.Add($"Read without a snapshot ({snapshot.Isolation}): rows that changed meanwhile may be counted in a state that never was.");
        notes.AddRange(states.Where(state => state.MisfittingValues > 0).Select(state => FormattableString.Invariant(
            $"Table {state.Table}: {state.MisfittingValues} values are not of their column's declared type; they were taken as they are stored.")));
        return notes;
    }
}
