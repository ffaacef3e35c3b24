using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Compares two sides under one snapshot each; changes neither.</summary>
public sealed class SideComparer(TimeProvider time)
{
    /// <param name="source">The side to compare with.</param>
    /// <param name="destination">The side that should be equal to it.</param>
    /// <param name="options">The scope.</param>
    /// <param name="onDifference">Called for each differing row, one call at a time; null where only their number matters.</param>
    /// <param name="progress">Told a few times a second.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LoggerCmsException">TableNotFound, MissingTable, SchemaMismatch, SameSide, and whatever the sides throw.</exception>
    public async Task<SideComparison> CompareAsync(
        ISide source,
        ISide destination,
        ScopeOptions options,
        Func<RowDifference, ValueTask>? onDifference,
        IProgress<TransferProgress>? progress,
        CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        if (destination.IsSameDatabase(source))
        {
            throw new LoggerCmsException(
                ErrorCodes.SameSide,
                $"Source and destination are the same database ({source.Database}).",
                "Give two different databases.",
                destination.DisplayName);
        }

        var profile = SideProfileFile.Load(options.ProfilePath);
        var snapshots = new SnapshotOptions
        {
            Readers = SideStateReader.Readers(options),
            AllowBlockingRead = options.AllowBlockingRead,
            Profile = profile,
        };
        var meter = new ProgressMeter(progress, time);
        meter.Begin(StateTransferPhase.Compare);
        using var emitter = new DifferenceEmitter(onDifference);
        if (destination is IPairableSide pairable
            && await pairable.TryBeginPairAsync(source, snapshots, cancellationToken).ConfigureAwait(false) is { } pair)
        {
            await using (pair.ConfigureAwait(false))
            {
                var run = new PairComparison(pair, emitter, meter);
                return await FinishAsync(source, destination, options, profile, pair.Source, pair.Destination, run.CompareAsync, "Database", cancellationToken)
                    .ConfigureAwait(false) with
                { Elapsed = time.GetElapsedTime(began) };
            }
        }

        var views = await SnapshotPair.BeginAsync(source, destination, snapshots, cancellationToken).ConfigureAwait(false);
        await using (views.ConfigureAwait(false))
        {
            var run = new RowsComparison(views.Source, views.Destination, emitter, meter);
            return await FinishAsync(source, destination, options, profile, views.Source, views.Destination, run.CompareAsync, null, cancellationToken)
                .ConfigureAwait(false) with
            { Elapsed = time.GetElapsedTime(began) };
        }
    }

    private static async Task<SideComparison> FinishAsync(
        ISide source,
        ISide destination,
        ScopeOptions options,
        SideProfile profile,
        ISideSnapshot sourceView,
        ISideSnapshot destinationView,
        Func<IReadOnlyList<TablePair>, CancellationToken, Task<IReadOnlyList<TableComparison>>> compare,
        string? comparedBy,
        CancellationToken cancellationToken)
    {
        ProfileCheck.Require(profile, options.ProfilePath, sourceView.Catalog, destinationView.Catalog);
        var scope = Scope.SelectPairs(
            sourceView.Catalog, destinationView.Catalog, options, profile, source.DisplayName, destination.DisplayName);
        SchemaCheck.Require(scope, source.DisplayName, destination.DisplayName, allowMissing: false);
        var tables = await compare(scope.Pairs, cancellationToken).ConfigureAwait(false);
        var sourcePosition = await sourceView.GetPositionAsync(cancellationToken).ConfigureAwait(false);
        var destinationPosition = await destinationView.GetPositionAsync(cancellationToken).ConfigureAwait(false);
        return new SideComparison
        {
            Source = source.DisplayName,
            Destination = destination.DisplayName,
            Equal = TableComparisonResult.Combine(tables.Select(table => table.Equal)),
            Scope = Scope.Describe(options, profile, tables.Count),
            ComparedBy = comparedBy ?? ComparedBy(tables),
            Tables = tables.Count,
            RowsOnlyInSource = tables.Sum(table => table.RowsOnlyInSource),
            RowsOnlyInDestination = tables.Sum(table => table.RowsOnlyInDestination),
            RowsDifferent = tables.Sum(table => table.RowsDifferent),
            RowsSettled = tables.Sum(table => table.RowsSettled),
            RowsEqual = tables.Sum(table => table.RowsEqual),
            SourceUpdateKey = sourcePosition.OwnKey,
            DestinationUpdateKey = destinationPosition.OwnKey,
            Notes = Notes(sourceView, destinationView, tables),
            TableComparisons = tables,
            Elapsed = TimeSpan.Zero,
        };
    }

    private static string ComparedBy(IReadOnlyList<TableComparison> tables)
    {
        var hashed = tables.Count(table => table.PairedBy == TableComparisonResult.ByRowHash);
        return hashed == 0 ? "Rows" : hashed == tables.Count ? "Database" : "Mixed";
    }

    private static List<string> Notes(ISideSnapshot source, ISideSnapshot destination, IReadOnlyList<TableComparison> tables)
    {
        var notes = new List<string>();
        if (!source.IsConsistent || !destination.IsConsistent)
        {
            notes.Add("Read without a snapshot, so equality is not claimed: rows that changed while they were read were looked at once more.");
        }

        if (source.Catalog.SortOrder != destination.Catalog.SortOrder)
            notes.Add($"The sort orders differ ({source.Catalog.SortOrder}; {destination.Catalog.SortOrder}); rows were compared by their bytes, not by collation.");
        var hashed = tables.Where(table => table.PairedBy == TableComparisonResult.ByKeyHash).Select(table => table.Table).ToList();
        if (hashed.Count > 0)
            notes.Add($"Rows were paired by the hash of their key, because the sides do not deliver them in one order: {string.Join(", ", hashed)}.");
        return notes;
    }
}
