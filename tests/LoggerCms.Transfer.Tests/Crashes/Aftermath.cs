namespace LoggerCms.Transfer.Tests.Crashes;

/// <summary>What must hold once the machine is on again, whatever it was doing.</summary>
internal static class Aftermath
{
    public static async Task CheckAsync(CrashArena arena)
    {
        var dump = arena.Destination.Dump();
        Assert.True(dump == arena.Before || dump == arena.After, "The destination is neither as it was nor as the source is.");

        // Every file is known to somebody, and every record can be read.
        var transfers = arena.Engine.GetTransfers(null);
        var listed = arena.Engine.GetTransferFiles().Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var unowned = arena.Disk.Paths.Where(p => !listed.Contains(p)).ToList();
        Assert.True(unowned.Count == 0, $"Nobody knows of {string.Join(", ", unowned)}.");

        foreach (var transfer in transfers)
        {
            var committed = arena.HasCommitted(transfer.Id);
            Assert.True(committed || transfer.Status is not (StateTransferStatus.Completed or StateTransferStatus.Undone), $"{transfer.Status}, but it is not in the destination.");
            if (transfer.Status != StateTransferStatus.Interrupted)
                continue;
            var settled = await arena.Engine.SettleAsync(transfer.Id, null, Arena.Token);
            Assert.Equal(committed, settled.Status == StateTransferStatus.Completed);
            if (committed && settled.Undoes is { } undone)
                Assert.Equal(StateTransferStatus.Undone, Assert.Single(arena.Engine.GetTransfers(undone)).Status);
        }

        await GoOnAsync(arena, dump);
        foreach (var file in arena.Engine.GetTransferFiles())
            arena.Engine.RemoveTransferFile(file);
        Assert.Empty(arena.Disk.Paths);
    }

    /// <summary>There is a way back from what was committed, and a way on from what was not.</summary>
    private static async Task GoOnAsync(CrashArena arena, string dump)
    {
        var transfers = arena.Engine.GetTransfers(null);
        var standing = transfers.Where(t => t.Status == StateTransferStatus.Completed && arena.HasCommitted(t.Id)).MaxBy(t => t.Id);
        if (standing is { Undoes: null })
        {
            Assert.Equal(arena.After, dump);
            arena.CheckUndoFile(standing.Id);
            Assert.Equal(StateTransferStatus.Completed, (await arena.UndoAsync(standing.Id)).Status);
            Assert.Equal(arena.Before, arena.Destination.Dump());
            return;
        }

        if (standing is not null)
        {
            // The undo is done and can be undone itself.
            Assert.Equal(arena.Before, dump);
            arena.CheckUndoFile(standing.Id);
            Assert.Equal(StateTransferStatus.Completed, (await arena.UndoAsync(standing.Id)).Status);
            Assert.Equal(arena.After, arena.Destination.Dump());
            return;
        }

        if (transfers.FirstOrDefault(t => t.SpoolPath is { } path && arena.Disk.Find(path) is not null) is { } left)
        {
            try
            {
                Assert.Equal(StateTransferStatus.Completed, (await arena.ResumeAsync(left.Id)).Status);
                Assert.Equal(arena.After, arena.Destination.Dump());
                Assert.Null(arena.Disk.Find(left.SpoolPath!));
                return;
            }
            catch (LoggerCmsException refused) when (refused.Code == ErrorCodes.TransferNotResumable)
            {
                // The spool may be complete without the record knowing it: then it is not used.
                Assert.Equal(arena.Before, arena.Destination.Dump());
            }
        }

        var again = await arena.TransferAsync(arena.Request(StateTransferMode.Rows, SpoolMode.File));
        Assert.True(again.Status is StateTransferStatus.Completed or StateTransferStatus.AlreadyInState, again.Status.ToString());
        Assert.Equal(arena.After, arena.Destination.Dump());
    }
}
