using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Cluster;

/// <summary>Puts a backup in the place of what a system database holds.</summary>
/// <remarks>
/// <list type="number">
/// <item>The whole backup is checked before the database is touched, object by object: a side may be larger than the memory at hand.</item>
/// <item>The lease is taken, so that no node starts on a half-restored side: a restore that was cut off is in service to everybody but the next
/// restore. One that failed before anything was written gives it back.</item>
/// <item>Ids and update keys go on far above all that the backup and the database know. What was given out after the backup was made is known to
/// nobody any more, and no system gives out as many in its life as the gap is wide.</item>
/// <item>Objects, tokens (without those that the database knows as revoked) and a new identity are written in one transaction. Delta files of the old identity are refused from then on, and so are requests that were made before.</item>
/// <item>The node's delta files are set aside, its authority is put back, the lease is given back.</item>
/// </list>
/// </remarks>
internal static class SideRestore
{
    private const string Suffix = ".before-restore";
    private const long ObjectIdGap = 1L << 32;
    private const long UpdateKeyGap = 1L << 40;
    private static readonly Guid RestoreNode = new("5d1f2c80-7e0b-4a55-8f57-1c6d3a9b4e02");

    /// <summary>The caller holds the lock of the data folder where the request names one.</summary>
    /// <exception cref="LoggerCmsException">
    /// SideInService; SecretDamaged, FormatNotSupported or InvalidOption for the backup; DestinationAhead where the database holds objects, without
    /// Force. The same of one that is only planned.
    /// </exception>
    public static async Task<CmsBackupInfo> RunAsync(
        ISystemDatabase database, IFileLayer files, CmsRestoreRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(request.Path);
        var manifest = await SideBackup.ReadManifestAsync(files, folder, cancellationToken).ConfigureAwait(false);
        var tokens = Check(files, folder, manifest, cancellationToken);
        if (request.WhatIf)
        {
            await CheckAsTheRestoreWouldAsync(database, request, cancellationToken).ConfigureAwait(false);
            return manifest.Info with { SetAside = request.DataPath is { } planned ? [.. DeltasIn(files, Path.GetFullPath(planned))] : [] };
        }

        await database.PrepareAsync(cancellationToken).ConfigureAwait(false);
        CheckMayReplace(database, await database.ReadStateAsync(cancellationToken).ConfigureAwait(false), request);
        var lease = await database.TakeLeaseAsync(RestoreNode, "restore", takeOver: false, usedEpoch: 0, cancellationToken).ConfigureAwait(false);
        try
        {
            await ReplaceAsync(database, files, folder, request, manifest, tokens, lease.Epoch, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not LoggerCmsException { Code: ErrorCodes.OutcomeUnknown })
        {
            // Nothing was written: whoever was served by this database may go on.
            await ReleaseAsync(database, lease.Epoch).ConfigureAwait(false);
            throw;
        }

        IReadOnlyList<string> setAside = request.DataPath is { } dataPath ? RestoreData(files, folder, Path.GetFullPath(dataPath)) : [];
        await database.ReleaseLeaseAsync(lease.Epoch, CancellationToken.None).ConfigureAwait(false);
        return manifest.Info with { SetAside = setAside };
    }

    private static async Task ReplaceAsync(
        ISystemDatabase database,
        IFileLayer files,
        string folder,
        CmsRestoreRequest request,
        BackupManifest manifest,
        IReadOnlyList<LocalEntry> tokens,
        long epoch,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        // Again, under the lease: a node may have written in between.
        var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        CheckMayReplace(database, state, request);
        var updateKeyEnd = Math.Max(state.UpdateKeyEnd, manifest.UpdateKeyEnd) + UpdateKeyGap;
        await database.ReserveAsync(epoch, Math.Max(state.ObjectIdEnd, manifest.ObjectIdEnd) + ObjectIdGap, updateKeyEnd, cancellationToken).ConfigureAwait(false);
        var content = new SystemContent
        {
            Epoch = epoch,
            Identity = Guid.NewGuid(),
            LastUpdateKey = updateKeyEnd,
            Objects = SideBackup.ReadChanges(files, folder, cancellationToken).OfType<PutChange>().Select(p => p.Object),
            Local =
            [
                .. await KeepRevokedAsync(database, tokens, cancellationToken).ConfigureAwait(false),
                await LetGoAsync(database, time, cancellationToken).ConfigureAwait(false),
            ],
        };
        try
        {
            await database.ReplaceAsync(content, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.OutcomeUnknown)
        {
            if ((await database.ReadStateAsync(cancellationToken).ConfigureAwait(false)).Identity != content.Identity)
                throw;
        }
    }

    // A restore brings no token back to force that was revoked since, as far as the database in its place knows.
    private static async Task<IReadOnlyList<LocalEntry>> KeepRevokedAsync(ISystemDatabase database, IReadOnlyList<LocalEntry> tokens, CancellationToken cancellationToken)
    {
        HashSet<Guid> revoked = [];
        await database.LoadLocalAsync(
            LocalClass.Token,
            entry =>
            {
                if (IsRevoked(entry))
                    revoked.Add(entry.Key.Id);
            },
            cancellationToken).ConfigureAwait(false);
        return [.. tokens.Select(token => revoked.Contains(token.Key.Id) ? (TokenEntry.Decode(token) with { IsRevoked = true }).Encode() : token)];

        // What is damaged there is no reason to keep the whole damage.
        static bool IsRevoked(LocalEntry entry)
        {
            try
            {
                return TokenEntry.Decode(entry).IsRevoked;
            }
            catch (LoggerCmsException)
            {
                return false;
            }
        }
    }

    // A retry of what was done before the restore is refused: what came back does not tell whether it was.
    private static async Task<LocalEntry> LetGoAsync(ISystemDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        var youngest = UnixTime.Us(time.GetUtcNow());
        await database.LoadLocalAsync(LocalClass.Request, entry => youngest = Math.Max(youngest, Youngest(entry)), cancellationToken).ConfigureAwait(false);
        return RequestLedger.LetGoEntry(youngest);

        static long Youngest(LocalEntry entry)
        {
            try
            {
                return RequestLedger.Youngest(entry);
            }
            catch (LoggerCmsException)
            {
                // As for tokens: the damage goes with the restore.
                return 0;
            }
        }
    }

    private static async Task CheckAsTheRestoreWouldAsync(ISystemDatabase database, CmsRestoreRequest request, CancellationToken cancellationToken)
    {
        SystemDatabaseState state;
        try
        {
            state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.TableNotFound
            || (exception.Code == ErrorCodes.DatabaseNotFound && request.Database.Provider == SideProvider.Sqlite))
        {
            // The restore makes them.
            return;
        }

        CheckMayReplace(database, state, request);
    }

    private static void CheckMayReplace(ISystemDatabase database, SystemDatabaseState state, CmsRestoreRequest request)
    {
        if (state.Lease is { InForce: true } lease && lease.NodeId != RestoreNode)
        {
            throw new LoggerCmsException(
                ErrorCodes.SideInService, $"Node '{lease.NodeName}' ({lease.NodeId}) holds the lease of '{database.Name}' with epoch {lease.Epoch}.",
                "Stop that node with Stop-CmsNode. One that was killed gives the lease back when it is started and stopped again.", database.Name);
        }

        if (state.Objects > 0 && !request.Force)
        {
            throw new LoggerCmsException(
                ErrorCodes.DestinationAhead, $"'{database.Name}' holds {state.Objects:N0} objects, up to update key {state.LastUpdateKey}; a restore would replace them.",
                "Back it up first, or use -Force.");
        }
    }

    private static async Task ReleaseAsync(ISystemDatabase database, long epoch)
    {
        try
        {
            await database.ReleaseLeaseAsync(epoch, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LoggerCmsException)
        {
            // Why the restore failed says more; the lease is that of the next restore.
        }
    }

    // All of it is read before the database is touched, object by object.
    private static List<LocalEntry> Check(IFileLayer files, string folder, BackupManifest manifest, CancellationToken cancellationToken)
    {
        List<LocalEntry> tokens = [];
        var (objects, lastId) = (0L, -1L);
        foreach (var change in SideBackup.ReadChanges(files, folder, cancellationToken))
        {
            if (change is PutLocalChange local)
            {
                tokens.Add(local.Entry);
                continue;
            }

            var id = ((PutChange)change).Object.Id;
            if (id <= lastId)
                throw Damaged($"its object {id} comes after {lastId}");
            (objects, lastId) = (objects + 1, id);
        }

        return objects == manifest.Info.Objects ? tokens : throw Damaged($"it holds {objects:N0} objects; its manifest says {manifest.Info.Objects:N0}");

        LoggerCmsException Damaged(string why) => new(ErrorCodes.SecretDamaged, $"The backup in '{folder}' is damaged: {why}.", "Use another backup.");
    }

    /// <exception cref="LoggerCmsException">TempFolderUnusable, DiskFull: the database is restored, and keeps the restore's lease until another one did it all.</exception>
    private static IReadOnlyList<string> RestoreData(IFileLayer files, string folder, string dataPath)
    {
        try
        {
            return PutDataBack(files, folder, dataPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(
                exception, dataPath, $"The database is restored, the data folder is not. See to '{dataPath}', then do the whole again with Restore-CmsSide -Force.");
        }
    }

    private static IEnumerable<string> DeltasIn(IFileLayer files, string dataPath)
        => files.List(NodeLife.DeltasIn(dataPath)).Select(f => f.Path).Where(p => !Path.GetFileName(p).Contains(Suffix, StringComparison.Ordinal));

    private static List<string> PutDataBack(IFileLayer files, string folder, string dataPath)
    {
        List<string> setAside = [];
        ServedSystem.Forget(files, dataPath);
        foreach (var path in DeltasIn(files, dataPath).ToList())
        {
            var aside = DeltaNames.Free(files, path + Suffix);
            files.Rename(path, aside);
            files.SyncFolder(NodeLife.DeltasIn(dataPath));
            setAside.Add(aside);
        }

        var authority = Path.Combine(dataPath, SideBackup.AuthorityFolder);
        var kept = Path.Combine(folder, SideBackup.AuthorityFolder);

        // In one step, and before the rest: a restore that is cut off is done again, and must find there what was revoked since the backup.
        var revoked = Revoked(files, authority).Union(RevocationList.Load(files, Path.Combine(kept, RevocationList.File)).Serials).ToList();
        if (revoked.Count > 0)
        {
            files.MakeFolder(authority);
            RevocationList.Write(files, Path.Combine(authority, RevocationList.File), revoked);
        }

        SideBackup.CopyAuthority(files, kept, authority, except: RevocationList.File);
        return setAside;
    }

    private static IReadOnlyCollection<string> Revoked(IFileLayer files, string authority)
    {
        try
        {
            return RevocationList.Load(files, Path.Combine(authority, RevocationList.File)).Serials;
        }
        catch (LoggerCmsException)
        {
            // A list that cannot be read is one of the reasons for a restore.
            return [];
        }
    }
}
