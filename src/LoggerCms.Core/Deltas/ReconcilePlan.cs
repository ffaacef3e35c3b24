using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Deltas;

/// <summary>A reconcile that only says what it would do: what would be applied is laid over the objects for the records after it.</summary>
internal static class ReconcilePlan
{
    public static void Run(DeltaSource source, ReconcilerSet reconcilers, IObjectView view, CancellationToken cancellationToken)
    {
        var overlay = new ObjectOverlay(view);
        foreach (var (nodeId, path, record, _) in source.Records(cancellationToken))
        {
            var reconciler = reconcilers.Of(nodeId);
            var request = reconciler.Next(record, overlay);
            reconcilers.NoteConflicts(path);
            if (reconcilers.Stopped)
                return;
            if (request is null)
                continue;
            foreach (var change in record.Changes)
            {
                if (change is PutChange put)
                    overlay.Set(overlay.Find(put.Object.Id), put.Object, put.UpdateKey);
                else if (change is RemoveChange remove && overlay.Find(remove.Id) is { } gone)
                    overlay.Set(gone, null, remove.UpdateKey);
            }

            overlay.Keep();
            reconciler.Done(record, [.. RequestLedger.ChangedBy(record.Changes)], overlay);
        }
    }
}
