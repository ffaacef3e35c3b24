using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>The phases Connect and CheckCompatibility: opens both sides, begins the snapshots and proves that the schemas correspond.</summary>
internal static class Compatibility
{
    public static async Task<OpenSides> ConnectAsync(Func<SideConnection, ISideDriver> driver, SideConnection source, SideConnection destination, CancellationToken cancellationToken)
    {
        var from = await OpenAsync(driver, source, cancellationToken).ConfigureAwait(false);
        try
        {
            var to = await OpenAsync(driver, destination, cancellationToken).ConfigureAwait(false);
            var sides = new OpenSides(from, to);
            if (to.IsSameDatabase(from))
            {
                await to.DisposeAsync().ConfigureAwait(false);
                throw new LoggerCmsException(
                    ErrorCodes.SameSide,
                    $"Source and destination are the same database: {from.Database}.",
                    "Name the two sides' databases; links and aliases are followed.");
            }

            return sides;
        }
        catch
        {
            await from.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens one side and refuses one that is in service under a node.</summary>
    public static async Task<ISide> OpenAsync(Func<SideConnection, ISideDriver> driver, SideConnection connection, CancellationToken cancellationToken)
    {
        var side = await driver(connection).OpenAsync(connection, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await side.IsInServiceAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new LoggerCmsException(
                    ErrorCodes.SideInService,
                    $"{side.DisplayName} is in service: a node holds its lease.",
                    "Stop the node (Stop-CmsNode), or wait until its lease has ended.",
                    side.DisplayName);
            }

            return side;
        }
        catch
        {
            await side.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static async Task<IAsyncDisposable> LockAsync(ISide destination, Guid id, CancellationToken cancellationToken)
        => await destination.TryLockTransfersAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new LoggerCmsException(
            ErrorCodes.TransferInProgress,
            $"Another state transfer into {destination.DisplayName} is under way.",
            "Wait for it (Get-StateTransfer), or stop it (Stop-StateTransfer).",
            destination.DisplayName);

    public static async Task<TransferWork> CheckAsync(OpenSides sides, StateTransferRequest request, SideProfile profile, CancellationToken cancellationToken)
    {
        var options = new SnapshotOptions
        {
            // The log's rows are read one after another.
            Readers = request.Mode == StateTransferMode.Log ? 1 : request.Parallelism > 0 ? request.Parallelism : 2,
            AllowBlockingRead = request.AllowBlockingRead,
            Profile = profile,
        };
        var pair = request.Mode == StateTransferMode.Log || sides.Destination is not IPairableSide pairable
            ? null
            : await pairable.TryBeginPairAsync(sides.Source, options, cancellationToken).ConfigureAwait(false);
        ISideSnapshot? source = null, destination = null;
        try
        {
            source = pair?.Source ?? await sides.Source.BeginSnapshotAsync(options, cancellationToken).ConfigureAwait(false);
            destination = pair?.Destination ?? await sides.Destination.BeginSnapshotAsync(options, cancellationToken).ConfigureAwait(false);
            ProfileCheck.Require(profile, request.ProfilePath, source.Catalog, destination.Catalog);
            var (pairs, toCreate) = Pair(sides, request, profile, source.Catalog, destination.Catalog);
            if (toCreate.Count > 0 && pair is not null)
            {
                // A table that is not there yet cannot be compared by the database: go on without the pair.
                await pair.DisposeAsync().ConfigureAwait(false);
                pair = null;
                source = await sides.Source.BeginSnapshotAsync(options, cancellationToken).ConfigureAwait(false);
                destination = await sides.Destination.BeginSnapshotAsync(options, cancellationToken).ConfigureAwait(false);
                (pairs, toCreate) = Pair(sides, request, profile, source.Catalog, destination.Catalog);
            }

            return new TransferWork
            {
                Pairs = pairs,
                ToCreate = toCreate,
                Source = source,
                Destination = destination,
                Pair = pair,
                SourcePosition = await source.GetPositionAsync(cancellationToken).ConfigureAwait(false),
                DestinationPosition = await destination.GetPositionAsync(cancellationToken).ConfigureAwait(false),
                SourceSums = new TableSum?[pairs.Count],
                SourceHashes = new TableSum?[pairs.Count],
            };
        }
        catch
        {
            foreach (var held in pair is not null ? [pair] : new IAsyncDisposable?[] { source, destination })
            {
                if (held is not null)
                    await held.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private static (IReadOnlyList<TablePair> Pairs, IReadOnlySet<int> ToCreate) Pair(
        OpenSides sides, StateTransferRequest request, SideProfile profile, SideCatalog source, SideCatalog destination)
    {
        var (from, to) = (sides.Source.DisplayName, sides.Destination.DisplayName);

        // A wildcard that only the source can match is no error while its tables may be created.
        var scope = Scope.Pair(
            Scope.Select(source, request, profile, from),
            Scope.Select(destination, request, profile, to, requireMatch: !request.CreateMissingTables));
        Scope.RequireAny(scope, source, destination);
        SchemaCheck.Require(scope, from, to, request.CreateMissingTables);
        var pairs = scope.Pairs.Concat(scope.OnlyInSource.Select(t => new TablePair(t, t)))
            .OrderBy(p => p.Source.Name.ToString(), StringComparer.Ordinal).ToList();
        var missing = scope.OnlyInSource.Select(t => t.Name).ToHashSet();
        return (pairs, Enumerable.Range(0, pairs.Count).Where(i => missing.Contains(pairs[i].Source.Name)).ToHashSet());
    }

    /// <summary>Refuses a direction that would overwrite history, unless forced.</summary>
    public static void CheckDirection(OpenSides sides, TransferWork work, bool force)
    {
        var relation = work.Direction;
        if (force || relation is PositionRelation.Equal or PositionRelation.Behind)
            return;
        var positions = $"{sides.Source.DisplayName} is at {work.SourcePosition}, {sides.Destination.DisplayName} at {work.DestinationPosition}";
        throw relation == PositionRelation.Ahead
            ? new LoggerCmsException(
                ErrorCodes.DestinationAhead,
                $"The destination is ahead of the source: {positions}.",
                "Transfer in the other direction, or use -Force to overwrite what only the destination has (an undo file is written).",
                sides.Destination.DisplayName)
            : Diverged(sides, positions);
    }

    public static LoggerCmsException Diverged(OpenSides sides, string why) => new(
        ErrorCodes.DestinationDiverged,
        $"The sides have diverged: each has changes that the other lacks. {why}.",
        "Compare them (Compare-SideState -Detailed), decide which side is right, and use -Force to overwrite the other (an undo file is written).",
        sides.Destination.DisplayName);

    /// <summary>Values that the destination cannot hold exactly stop the transfer before anything is sent.</summary>
    public static void CheckFit(IValueFit? fit, TableSchema table, ReadOnlySpan<byte> row, string destination)
    {
        if (fit?.Check(row) is not { } problem)
            return;
        throw new LoggerCmsException(
            ErrorCodes.ValueNotRepresentable,
            $"Table {table.Name}, {KeyText.OfRow(table, row)}, column {table.Columns[problem.Column].Name}: {destination} cannot hold the value exactly: {problem.Reason}.",
            "Change the destination's column type, correct the value, or leave the column out with a side profile.",
            destination);
    }
}
