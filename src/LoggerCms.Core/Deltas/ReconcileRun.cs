using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// Takes the records of delta files one by one to where they are brought in; while some are, the next are read and decoded. A plan goes the same way, to
/// another target.
/// </summary>
internal static class ReconcileRun
{
    private const int ReadAhead = 1024;
    private const int ReadAheadBytes = 4 << 20;

    public static async Task RunAsync(
        DeltaSource source, ReconcilerSet reconcilers, RunTimeImage.RunTimeImage image, IReconcileTarget target, CancellationToken cancellationToken)
    {
        using var records = source.Records(cancellationToken).GetEnumerator();
        var next = Task.Run(() => Read(records), CancellationToken.None);
        try
        {
            while (await next.ConfigureAwait(false) is { Count: > 0 } read)
            {
                next = Task.Run(() => Read(records), CancellationToken.None);
                foreach (var record in read)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var fate = await WholeVersions.PlanAsync(
                        image,
                        long.MaxValue,
                        (target, Reconciler: reconcilers.Of(record.NodeId), record, cancellationToken),
                        static (of, whole) => of.target.BringAsync(of.Reconciler, of.record, whole, of.cancellationToken),
                        cancellationToken).ConfigureAwait(false);
                    reconcilers.NoteConflicts(record.Path);
                    if (fate == RecordFate.Stopped)
                        return;
                }
            }
        }
        finally
        {
            // The files are closed when nobody reads them any more; a failure to read what is not wanted any more is none.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static List<DeltaRecord> Read(IEnumerator<DeltaRecord> records)
    {
        var read = new List<DeltaRecord>(ReadAhead);
        for (var bytes = 0; read.Count < ReadAhead && bytes < ReadAheadBytes && records.MoveNext(); bytes += records.Current.Bytes)
            read.Add(records.Current);
        return read;
    }
}

/// <summary>Where records are brought in.</summary>
internal interface IReconcileTarget
{
    /// <param name="reconciler">Decides about the record.</param>
    /// <param name="record">The record.</param>
    /// <param name="whole">What was read back for it; null for nothing.</param>
    /// <param name="cancellationToken">Ends it; nothing was done.</param>
    /// <exception cref="NotInMemoryException">Nothing was done.</exception>
    ValueTask<RecordFate> BringAsync(Reconciler reconciler, DeltaRecord record, WholeVersions? whole, CancellationToken cancellationToken);
}

/// <summary>
/// What the objects would become: each record is planned as the node would, over the records before it, and changes nothing.
/// </summary>
/// <param name="view">The objects.</param>
/// <param name="options">Of the node that would do it.</param>
/// <param name="time">The clock.</param>
internal sealed class PlannedTarget(IObjectView view, ClusterOptions options, TimeProvider time) : IReconcileTarget
{
    // Above all keys that an object of the view can have: none may look as if it were as a record left it.
    private readonly KeyBlocks _keys = KeyBlocks.ForPlan(1L << 62);
    private readonly ObjectOverlay _overlay = new(view);

    public ValueTask<RecordFate> BringAsync(Reconciler reconciler, DeltaRecord record, WholeVersions? whole, CancellationToken cancellationToken)
    {
        _overlay.Whole = whole;
        return ValueTask.FromResult(reconciler.Bring(record, _overlay, Make));
    }

    private ChangedObject[] Make(WriteRequest request)
    {
        try
        {
            var changes = new ChangePlanner(_overlay, _keys, request, UnixTime.Us(time.GetUtcNow()), options).Plan();
            _overlay.Keep();
            return RequestLedger.ChangedBy(changes);
        }
        catch
        {
            _overlay.RollBack();
            throw;
        }
    }
}
