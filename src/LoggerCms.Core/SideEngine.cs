using System.Runtime.CompilerServices;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core;

/// <summary>The engine behind the cmdlets: finds the driver of each side and hands the work to the part that does it.</summary>
public sealed class SideEngine : ISideEngine
{
    private readonly IReadOnlyList<ISideDriver> _drivers;
    private readonly TimeProvider _time;
    private readonly TransferStore _store;

    /// <param name="drivers">One for each make of database.</param>
    /// <param name="time">The clock.</param>
    public SideEngine(IReadOnlyList<ISideDriver> drivers, TimeProvider time)
        : this(drivers, time, new TransferStore(time))
    {
    }

    internal SideEngine(IReadOnlyList<ISideDriver> drivers, TimeProvider time, TransferStore store)
    {
        _drivers = drivers;
        _time = time;
        _store = store;
    }

    public async Task<SideState> GetSideStateAsync(SideStateRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var side = await OpenAsync(request.Side, cancellationToken).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        return await new SideStateReader(_time).ReadAsync(side, request, progress, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SideComparison> CompareAsync(
        ComparisonRequest request, Func<RowDifference, ValueTask>? onDifference, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var sides = await Compatibility.ConnectAsync(Driver, request.Source, request.Destination, cancellationToken).ConfigureAwait(false);
        await using var closing = sides.ConfigureAwait(false);
        return await new SideComparer(_time).CompareAsync(sides.Source, sides.Destination, request, onDifference, progress, cancellationToken).ConfigureAwait(false);
    }

    public Task<StateTransferResult> TransferAsync(StateTransferRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
        => new StateTransferRunner(Driver, _store, _time).RunAsync(request, progress, cancellationToken);

    public Task<StateTransferResult> ResumeAsync(ResumeRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
        => new RecordedApply(Driver, _store, _time).ResumeAsync(request, progress, cancellationToken);

    public Task<StateTransferResult> UndoAsync(UndoRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
        => new RecordedApply(Driver, _store, _time).UndoAsync(request, progress, cancellationToken);

    public IReadOnlyList<StateTransferResult> GetTransfers(Guid? id)
        => id is { } one ? [_store.Get(one).Result] : [.. _store.List().Select(r => r.Result)];

    public async Task<StateTransferResult> SettleAsync(Guid id, SideConnection? destination, CancellationToken cancellationToken)
        => (await new Settlement(Driver, _store).SettleAsync(_store.Get(id), destination, cancellationToken).ConfigureAwait(false)).Result;

    public void StopTransfer(Guid id) => _store.RequestStop(id);

    public IReadOnlyList<TransferFile> GetTransferFiles() => _store.Files();

    public void RemoveTransferFile(TransferFile file) => _store.Remove(file);

    public async Task<ConfigMessageLogState> EnableLogAsync(EnableLogRequest request, CancellationToken cancellationToken)
    {
        var side = await OpenAsync(request.Side, cancellationToken).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        var profile = SideProfileFile.Load(request.ProfilePath);
        IReadOnlyList<TableSchema> tables;
        var snapshot = await side.BeginSnapshotAsync(new SnapshotOptions { AllowBlockingRead = true, Profile = profile }, cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
            tables = Scope.Select(snapshot.Catalog, request, profile, side.DisplayName);
        await side.Log.EnableAsync(request.SideName, tables, request.Retention, cancellationToken).ConfigureAwait(false);
        await side.Log.TrimAsync(cancellationToken).ConfigureAwait(false);
        return await LogStateAsync(side, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ConfigMessageLogState> DisableLogAsync(SideConnection side, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(side, cancellationToken).ConfigureAwait(false);
        await using var closing = open.ConfigureAwait(false);
        await open.Log.DisableAsync(cancellationToken).ConfigureAwait(false);
        return await LogStateAsync(open, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ConfigMessageLogState> GetLogAsync(SideConnection side, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(side, cancellationToken).ConfigureAwait(false);
        await using var closing = open.ConfigureAwait(false);
        return await LogStateAsync(open, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<ConfigMessage> ReadLogAsync(
        SideConnection side, string? origin, long afterUpdateKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = await OpenAsync(side, cancellationToken).ConfigureAwait(false);
        await using var closing = open.ConfigureAwait(false);
        if (!(await open.Log.GetStateAsync(cancellationToken).ConfigureAwait(false)).Enabled)
        {
            // No entries would look like no changes.
            throw new LoggerCmsException(
                ErrorCodes.LogNotEnabled,
                $"{open.DisplayName} has no config message log.",
                "Put its tables under one: Enable-ConfigMessageLog.",
                open.DisplayName);
        }

        await foreach (var entry in open.Log.ReadAsync(origin, afterUpdateKey, long.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            yield return new ConfigMessage
            {
                Origin = entry.Origin,
                UpdateKey = entry.UpdateKey,
                Table = entry.Table,
                Operation = entry.Operation.ToString(),
                Key = entry.Key,
                At = DateTimeOffset.UnixEpoch.AddMicroseconds(entry.AtMicroseconds),
            };
        }
    }

    public async Task<IReadOnlyList<string>> GetTableNamesAsync(SideConnection side, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(side, cancellationToken).ConfigureAwait(false);
        await using var closing = open.ConfigureAwait(false);
        var snapshot = await open.BeginSnapshotAsync(new SnapshotOptions { AllowBlockingRead = true }, cancellationToken).ConfigureAwait(false);
        await using var ending = snapshot.ConfigureAwait(false);
        return [.. snapshot.Catalog.Tables.Select(t => t.Name.ToString())];
    }

    // The same name for a side as every other result has, also where there is no log.
    private static async Task<ConfigMessageLogState> LogStateAsync(ISide side, CancellationToken cancellationToken)
        => await side.Log.GetStateAsync(cancellationToken).ConfigureAwait(false) with { Side = side.DisplayName };

    private Task<ISide> OpenAsync(SideConnection side, CancellationToken cancellationToken)
        => Compatibility.OpenAsync(Driver, side, cancellationToken);

    private ISideDriver Driver(SideConnection connection)
        => _drivers.FirstOrDefault(d => d.Provider == connection.Provider) ?? throw new LoggerCmsException(
            ErrorCodes.InvalidConnection,
            $"There is no driver for {connection.Provider}.",
            "Use sqlite:, postgresql: or sqlserver:.");
}
