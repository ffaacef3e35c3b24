using LoggerCms.Core.Files;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Finds out what became of a transfer whose end is not known, and writes it down.</summary>
internal sealed class Settlement(Func<SideConnection, ISideDriver> driver, TransferStore store)
{
    /// <summary>How long to wait for the end of a transaction that may still be open.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<TransferRecord> SettleAsync(TransferRecord record, SideConnection? destination, CancellationToken cancellationToken)
    {
        if (record.Result.Status is not (StateTransferStatus.Unknown or StateTransferStatus.Interrupted))
            return record;
        var id = record.Result.Id;
        var side = await Compatibility.OpenAsync(driver, destination ?? new SideConnection(record.Destination), cancellationToken).ConfigureAwait(false);
        await using var closing = side.ConfigureAwait(false);
        var committed = await HasCommittedAsync(side, id, record.Locked, cancellationToken).ConfigureAwait(false);
        var result = record.Result;
        if (committed)
        {
            if (result.SpoolPath is { } spool)
                store.FileLayer.DeleteForGood(spool);
            if (result.Undoes is { } undone && store.Find(undone) is { Result.Status: StateTransferStatus.Completed } other)
                store.NoteUndone(other);
            result = result with { Status = StateTransferStatus.Completed, SpoolPath = null, ErrorCode = null, ErrorMessage = null, Remedy = null };
        }
        else
        {
            store.RemoveUndo(id);
            var hasSpool = store.FindSpool(record) is not null;
            result = result with
            {
                Status = hasSpool ? StateTransferStatus.Interrupted : StateTransferStatus.Failed,
                ErrorMessage = "It was not committed: the destination is as it was.",
                Remedy = hasSpool
                    ? $"Resume-StateTransfer -Id {id} goes on with what it had prepared; Clear-StateTransferTemp -Id {id} removes that."
                    : "Start the transfer again with Start-StateTransfer.",
                UndoPath = null,
                RowsInserted = 0,
                RowsUpdated = 0,
                RowsDeleted = 0,
                BytesSent = 0,
                Verified = VerifyLevel.None,
                Equal = null,
                Checksum = null,
            };
        }

        record = record with { Result = result };
        store.Save(record);
        return record;
    }

    /// <summary>Looks for the transfer's id in its destination, once no transaction of it can still commit.</summary>
    public static async Task<bool> HasCommittedAsync(ISide destination, Guid id, IReadOnlyList<TableName> tables, CancellationToken cancellationToken)
    {
        if (await destination.HasTransferAsync(id, cancellationToken).ConfigureAwait(false))
            return true;
        IReadOnlyList<TableSchema> scope;
        var snapshot = await destination.BeginSnapshotAsync(new SnapshotOptions { AllowBlockingRead = true }, cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
            scope = [.. snapshot.Catalog.Tables.Where(t => tables.Contains(t.Name))];

        // The lock on its tables is only to be had when the lost transaction has ended one way or the other.
        var barrier = await destination.BeginTransactionAsync(scope, Patience, cancellationToken).ConfigureAwait(false);
        await barrier.DisposeAsync().ConfigureAwait(false);
        return await destination.HasTransferAsync(id, cancellationToken).ConfigureAwait(false);
    }
}
