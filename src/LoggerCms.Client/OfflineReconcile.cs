using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;

namespace LoggerCms.Client;

/// <summary>Brings delta files into a system database that no node serves: a node without its network does it.</summary>
/// <remarks>
/// In the data folder of a node that was killed, the lease is still that node's. Who holds the lock of that folder may act for it, as the node itself
/// would at its next start; elsewhere a lease that is in force is refused.
/// </remarks>
internal sealed class OfflineReconcile(IFileLayer files, TimeProvider time)
{
    // One for all: what was cut off is taken up again by the next, whose lease it is then.
    private static readonly Guid s_nodeId = new("8c4a5e1d-2f37-4b0e-9a61-73c8d05be214");

    /// <exception cref="LoggerCmsException">SideInService; DeltaDamaged; what the database reports.</exception>
    public async Task<DeltaReconcileResult> RunAsync(SideConnection connection, CmsReconcileRequest request, CancellationToken cancellationToken)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Path ?? throw new LoggerCmsException(
            ErrorCodes.InvalidOption, "Without a node there is no folder of delta files by itself.", "Name it with -Path.")));
        DeltaFiles.CheckFolder(folder);
        using var identity = Path.GetDirectoryName(folder) is { } data && NodeIdentity.IsIn(data) ? NodeIdentity.Open(data) : null;
        var database = SystemDatabaseFactory.Open(connection);
        await using (database.ConfigureAwait(false))
        {
            var nodeId = identity?.Id ?? s_nodeId;
            var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
            var holder = Holder(state, nodeId, database.Name);
            var options = new NodeOptions
            {
                Name = holder ?? Lease.OfReconcile,
                Side = "A",
                NodeId = nodeId,
                // Its own journal.
                DeltaPath = folder + ".reconcile",
                DataPath = identity is null ? null : Path.GetDirectoryName(folder),
                ConflictPolicy = request.ConflictPolicy,
                MakesSystemObjects = false,
            };
            var life = options.DataPath is { } dataPath ? NodeLife.Open(files, dataPath) : null;
            life?.CheckDatabase(database.Name, state, nodeId);

            // Of its folders it answers for that of the delta files alone. Those wait for its node meanwhile, and without them no other may go on.
            if (options.DataPath is { } own && NodeLife.DeltasIn(own) != folder)
            {
                options = options with { KeepsLease = holder is not null && life!.Waits(state.Identity) };
                life = null;
            }

            if (!request.SetDamagedAside)
            {
                life?.CheckFiles(folder, state.Identity);
                life?.CheckEnd(folder, state, nodeId);
                NodeLife.CheckCovered(files, folder, database.Name, state, life);
            }


            if (request.WhatIf)
                return await CmsNode.PlanOfflineAsync(database, files, options, folder, request.SetDamagedAside, time, cancellationToken).ConfigureAwait(false);
            var isDone = false;
            try
            {
                var result = await ReconcileAsync(database, options, folder, request, cancellationToken).ConfigureAwait(false);
                isDone = result.Status != "Stopped";
                return result;
            }
            finally
            {
                // While its delta files wait, no other node may go on without them: it keeps the lease that it had.
                if (!isDone && holder is not null && !options.KeepsLease)
                {
                    if (options.DataPath is { } kept)
                        NodeLife.Open(files, kept).Begin(database.Name, await database.ReadStateAsync(CancellationToken.None).ConfigureAwait(false), nodeId, takeOver: false);
                    await database.TakeLeaseAsync(nodeId, holder, takeOver: false, usedEpoch: 0, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    // Before anything is made: a database that is missing must not come into being by a reconcile.
    private static string? Holder(SystemDatabaseState state, Guid nodeId, string database)
    {
        if (state.Lease is not { InForce: true } lease)
            return null;
        return lease.NodeId == nodeId ? lease.NodeName : throw new LoggerCmsException(
            ErrorCodes.SideInService,
            $"Node '{lease.NodeName}' ({lease.NodeId}) holds the lease of '{database}' with epoch {lease.Epoch}.",
            "Let that node bring the files in: Invoke-DeltaReconcile -Path FOLDER without -Database. A node that was killed does it when it starts again.",
            database);
    }

    private async Task<DeltaReconcileResult> ReconcileAsync(
        ISystemDatabase database, NodeOptions options, string folder, CmsReconcileRequest request, CancellationToken cancellationToken)
    {
        // A reconcile that was killed left copies alone: the files that they are of go only when the database has all of them.
        foreach (var left in files.List(options.DeltaPath).Where(f => DeltaNames.IsSegment(f.Path)))
            files.DeleteForGood(left.Path);

        // The delta files are all that tells of their changes' audit events. A node's queue takes them up at its next start.
        var auditPath = options.DataPath is { } data ? AuditFolder.In(data) : folder + ".audit";
        var queue = AuditQueue.Open(files, AuditElsewhere.Instance, new AuditQueueOptions { Folder = auditPath }, time);
        try
        {
            using var audit = new ChangeAudit(queue);
            var node = new CmsNode(database, files, options, time);
            audit.Attach(node);
            await using (node.ConfigureAwait(false))
            {
                await node.StartAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    var result = await node.ReconcileAsync(folder, request.ConflictPolicy, request.SetDamagedAside, cancellationToken).ConfigureAwait(false);
                    return options.DataPath is null && queue.State.Bytes > 0 ? result with { AuditPath = auditPath } : result;
                }
                finally
                {
                    // Also after a failure: what was brought in goes to the database, and the files that were not are still there.
                    await node.StopAsync(CancellationToken.None).ConfigureAwait(false);
                    RemoveOwn(options.DeltaPath);
                }
            }
        }
        finally
        {
            await queue.DisposeAsync().ConfigureAwait(false);
            RemoveOwn(auditPath);
        }
    }

    // What lies there beside the journal was not made here: it stays, and how the reconcile went is not lost over it.
    private static void RemoveOwn(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next reconcile has its journal there, and tries it again.
        }
    }
}
