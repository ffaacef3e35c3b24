using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Cluster;

/// <summary>The delta files that have to be found.</summary>
internal sealed partial class NodeLife
{
    /// <summary>
    /// Whether the database has come as far as the oldest delta file of its last epoch, and of the one whose files are owed, goes on from: a flush had
    /// covered what is gone from before it. Of other epochs nothing follows from that: what a later one brought in goes by its flushes.
    /// </summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="deltas">The folder.</param>
    /// <param name="database">Its name.</param>
    /// <param name="state">As it is.</param>
    /// <param name="life">Of the data folder that answers for the files; null for none.</param>
    /// <exception cref="LoggerCmsException">DatabaseWentBack.</exception>
    public static void CheckCovered(IFileLayer files, string deltas, string database, SystemDatabaseState state, NodeLife? life)
    {
        if (Uncovered(files, deltas, state, [state.Lease?.Epoch ?? 0, life?.OwedOf(state.Identity)?.Epoch ?? 0]) is not var (path, keyBefore, has))
            return;
        throw WentBack(
            database,
            $"update key {has.LastKey} in epoch {has.Epoch}",
            $"'{path}' goes on from {keyBefore}, which a flush had covered, unless the delta file before it was lost",
            "-TakeOver -SetDamagedAside");
    }

    /// <summary>Before another node brings in the files of a folder, and they are owed no more: whether what a node's data folder owes is all there.</summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="deltas">The folder; one that is not in a data folder owes nothing.</param>
    /// <param name="state">Of the database, with the lease of the node that brings them in: what that owes itself is not told by it.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged.</exception>
    public static void CheckOthers(IFileLayer files, string deltas, SystemDatabaseState state)
    {
        if (OwedByOthers(files, deltas, state) is not { } life)
            return;
        life.CheckFiles(deltas, state.Identity);
        if (state.Epochs.FirstOrDefault(e => e.Epoch == life._owed!.Epoch) is { } epoch)
            life.CheckEnd(deltas, state, epoch.NodeId);
        if (Uncovered(files, deltas, state, [life._owed!.Epoch]) is var (path, keyBefore, has))
            throw DeltaFailure.Lost(path, keyBefore, has.LastKey, has.Epoch);
    }

    /// <summary>Whether delta files of the folder's node wait for it.</summary>
    /// <exception cref="LoggerCmsException">They cannot be looked for.</exception>
    public bool Waits(Guid systemId) => OwedOf(systemId) is not null || Found(DeltasIn(_folder)).Any(DeltaNames.IsSegment);

    // The first file that goes on from more than the database has of its epoch.
    private static (string Path, long KeyBefore, EpochEnd Has)? Uncovered(IFileLayer files, string deltas, SystemDatabaseState state, long[] epochs)
    {
        var open = state.Epochs.Where(e => epochs.Contains(e.Epoch)).ToList();
        try
        {
            foreach (var place in open.Count == 0 ? [] : DeltaChain.Of(files, deltas).Where(p => !p.IsVoid))
            {
                using var reader = DeltaFileReader.Open(files, place.Path);

                // The reconcile says of it that it is damaged; the one behind it goes on from what is in it.
                if (reader.Header is not { Journal: var journal } header)
                    return null;
                if (journal.SystemId != state.Identity || open.Find(e => e.Epoch == journal.Epoch && e.NodeId == journal.NodeId) is not { } has)
                    continue;
                if (header.KeyBefore > has.LastKey && header.PreviousSequence > 0)
                    return (place.Path, header.KeyBefore, has);
                open.Remove(has);
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, deltas);
        }
    }

    /// <summary>Whether the delta files that a life of this folder's node left, with changes that nobody else may have, are still there.</summary>
    /// <param name="deltas">Where they are.</param>
    /// <param name="systemId">Files of another system are of no use to this one.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged.</exception>
    public void CheckFiles(string deltas, Guid systemId)
    {
        if (OwedOf(systemId) is not { } owed)
            return;
        var found = Found(deltas);
        if (found.Any(p => DeltaNames.Parse(p) is { } name && name.Epoch == owed.Epoch && name.Sequence >= owed.Sequence))
            return;

        // An earlier release let a start that was cut off leave those of an older life alone.
        if (owed.Sequence == 0 && found.Any(DeltaNames.IsSegment))
            return;
        var missing = owed.Sequence == 0
            ? $"The delta files of epoch {owed.Epoch} are missing in '{deltas}'"
            : $"'{DeltaNames.Segment(deltas, owed.Epoch, owed.Sequence)}', or one that followed it in epoch {owed.Epoch}, is missing";
        throw DeltaFailure.Lost($"{missing}: the node did not end there by a clean stop, and changes that it acknowledged may be nowhere else.");
    }

    /// <summary>
    /// Whether the delta files of the epoch that is owed go as far as the database has come in it: a flush writes only what is in them, and leaves the
    /// youngest, which says where it goes on from. A folder that was put back to an earlier state does not.
    /// </summary>
    /// <param name="deltas">Where they are.</param>
    /// <param name="state">Of the database.</param>
    /// <param name="nodeId">The folder's node.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged.</exception>
    public void CheckEnd(string deltas, SystemDatabaseState state, Guid nodeId)
    {
        if (OwedOf(state.Identity) is not { } owed || state.Epochs.FirstOrDefault(e => e.Epoch == owed.Epoch && e.NodeId == nodeId) is not { } has)
            return;
        try
        {
            if (DeltaFolder.EndOf(_files, deltas, owed.Epoch) is not var (path, end) || end >= has.LastKey)
                return;
            throw DeltaFailure.Lost(
                $"'{path}' ends at update key {end}, and the database has come to {has.LastKey} in epoch {owed.Epoch}: the folder was put back to an earlier state,"
                    + " and changes that its node acknowledged since may be nowhere else.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, deltas);
        }
    }

    private List<string> Found(string deltas)
    {
        try
        {
            return [.. _files.List(deltas).Select(f => f.Path).Where(DeltaNames.IsWhole)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, deltas);
        }
    }

    private Owed? OwedOf(Guid systemId) => _owed is { } owed && owed.System == systemId ? owed : null;

    /// <summary>From now on the journal of this epoch has to be found at the next start.</summary>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="sequence">Its youngest segment.</param>
    /// <param name="systemId">The system that it belongs to.</param>
    /// <param name="ends">What the database has as the ends of the blocks of ids and update keys.</param>
    public void Owe(long epoch, long sequence, Guid systemId, (long ObjectId, long UpdateKey) ends)
    {
        Hold(epoch, systemId, ends);
        lock (_keeping)
        {
            Write(new Owed(OwedMagic, Version, epoch, systemId, sequence));
            _isOwn = true;
        }
    }

    /// <summary>The journal has begun a segment. A disk that is full must not keep it from that: then one before it is enough, as it was.</summary>
    public void OweFrom(long epoch, long sequence)
    {
        lock (_keeping)
        {
            if (_isOwn && _owed is { } owed && owed.Epoch == epoch && sequence > owed.Sequence)
                TryWrite(() => Write(owed with { Sequence = sequence }));
        }
    }

    /// <summary>
    /// Before files go that are copies of what others hold: of those that stay, the youngest that is not younger than the owed one has all. Nothing is owed
    /// where the owed one is of a journal without a record: all else was flushed, and what lies there was put back.
    /// </summary>
    /// <param name="systemId">The system that they belong to.</param>
    /// <param name="kept">Those that stay, and hold a record.</param>
    /// <param name="empty">Those that go, of journals without a record.</param>
    /// <exception cref="LoggerCmsException">It could not be written.</exception>
    public void OweOnly(Guid systemId, IEnumerable<(long Epoch, long Sequence)> kept, IEnumerable<(long Epoch, long Sequence)> empty)
    {
        if (OwedOf(systemId) is not { } owed)
            return;
        if (empty.Contains((owed.Epoch, owed.Sequence)))
        {
            OweNothing();
            return;
        }

        var (epoch, sequence) = kept.Where(k => k.Epoch <= owed.Epoch).DefaultIfEmpty().Max();
        if (epoch == 0)
            OweNothing();
        else if (epoch < owed.Epoch)
            Write(owed with { Epoch = epoch, Sequence = sequence });
    }

    /// <summary>All that delta files held is in the database.</summary>
    /// <exception cref="LoggerCmsException">It is still owed.</exception>
    public void OweNothing()
    {
        lock (_keeping)
        {
            try
            {
                _files.DeleteForGood(Path.Combine(_folder, OwedFile));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw FileFailure.Of(exception, _folder, TransferStore.FolderRemedy);
            }

            _owed = null;
        }
    }

    /// <summary>The same where only the journal of this epoch is owed: it has no record.</summary>
    public void OweNothingOf(long epoch)
    {
        // A life before may have had the epoch too, in a database that was put back since, and its files are still owed.
        if (_isOwn && _owed?.Epoch == epoch)
            OweNothing();
    }

    /// <summary>
    /// All that the delta files of a folder held is in the database. Where that is the folder of a node's data, also of another node's, they are owed no
    /// more.
    /// </summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="deltas">The folder.</param>
    /// <param name="state">Of the database, with the lease of the node that brought them in.</param>
    /// <param name="lastKey">What the database has of that node's epoch by now: it is remembered in the place of the files.</param>
    /// <exception cref="LoggerCmsException">They are still owed.</exception>
    public static void Settle(IFileLayer files, string deltas, SystemDatabaseState state, long lastKey)
    {
        if (OwedByOthers(files, deltas, state) is not { } life)
            return;
        if (state.Lease is { } lease)
            life.Write(life._life with { BroughtBy = lease.NodeId, BroughtEpoch = lease.Epoch, BroughtKey = lastKey });
        life.OweNothing();
    }

    // What the running node's own journal owes is not for a reconcile to settle, also where that is of its own folder.
    private static NodeLife? OwedByOthers(IFileLayer files, string deltas, SystemDatabaseState state)
        => OfDeltas(files, deltas) is { } life && life.OwedOf(state.Identity) is { } owed && owed.Epoch != state.Lease?.Epoch ? life : null;

    private static NodeLife? OfDeltas(IFileLayer files, string deltas)
    {
        if (Path.GetDirectoryName(deltas) is not { } data || DeltasIn(data) != deltas)
            return null;
        try
        {
            return files.Find(Path.Combine(data, OwedFile)) is null ? null : Open(files, data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, data, TransferStore.FolderRemedy);
        }
    }

    private void Write(Owed owed)
    {
        CheckPlace();
        FolderFile.Write(_files, Path.Combine(_folder, OwedFile), owed, LifeJson.Default.Owed);
        _owed = owed;
    }
}
