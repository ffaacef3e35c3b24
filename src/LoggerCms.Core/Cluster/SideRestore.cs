using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>Puts a backup in the place of what a system database holds.</summary>
/// <remarks>
/// <list type="number">
/// <item>The whole backup is checked before the database is touched.</item>
/// <item>The lease is taken, so that no node starts on a half-restored database: a restore that was cut off is in service to everybody but the next
/// restore.</item>
/// <item>Ids and update keys go on far above all that the backup and the database know. What was given out after the backup was made is known to
/// nobody any more, and no system gives out as many in its life as the gap is wide.</item>
/// <item>Objects, tokens and a new identity are written in one transaction. Delta files of the old identity are refused from then on.</item>
/// <item>The node's delta files are set aside, its authority is put back, the lease is given back.</item>
/// </list>
/// </remarks>
internal static class SideRestore
{
    private const string Suffix = ".before-restore";
    private const long ObjectIdGap = 1L << 32;
    private const long UpdateKeyGap = 1L << 40;
    private static readonly Guid RestoreNode = new("5d1f2c80-7e0b-4a55-8f57-1c6d3a9b4e02");

    /// <exception cref="LoggerCmsException">
    /// SideInService; SecretDamaged, FormatNotSupported or InvalidOption for the backup; DestinationAhead where the database holds objects, without
    /// Force.
    /// </exception>
    public static async Task<CmsBackupInfo> RunAsync(
        ISystemDatabase database, IFileLayer files, CmsRestoreRequest request, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(request.Path);
        var manifest = await SideBackup.ReadManifestAsync(files, folder, cancellationToken).ConfigureAwait(false);
        var (objects, tokens) = Read(files, folder, manifest, cancellationToken);
        if (request.WhatIf)
            return manifest.Info;
        await database.PrepareAsync(cancellationToken).ConfigureAwait(false);
        var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        if (state.Objects > 0 && !request.Force)
        {
            throw new LoggerCmsException(
                ErrorCodes.DestinationAhead, $"'{database.Name}' holds {state.Objects:N0} objects, up to update key {state.LastUpdateKey}; a restore would replace them.",
                "Back it up first, or use -Force.");
        }

        var lease = await database.TakeLeaseAsync(RestoreNode, "restore", takeOver: false, cancellationToken).ConfigureAwait(false);
        var objectIdEnd = Math.Max(state.ObjectIdEnd, manifest.ObjectIdEnd) + ObjectIdGap;
        var updateKeyEnd = Math.Max(state.UpdateKeyEnd, manifest.UpdateKeyEnd) + UpdateKeyGap;
        await database.ReserveAsync(lease.Epoch, objectIdEnd, updateKeyEnd, cancellationToken).ConfigureAwait(false);
        await database.FlushAsync(
            new FlushBatch
            {
                Epoch = lease.Epoch,
                LastUpdateKey = updateKeyEnd,
                NewIdentity = Guid.NewGuid(),
                Put = objects,
                Remove = await OthersAsync(database, objects, cancellationToken).ConfigureAwait(false),
                PutLocal = tokens,
                RemoveLocal = await LocalOthersAsync(database, tokens, cancellationToken).ConfigureAwait(false),
            },
            cancellationToken).ConfigureAwait(false);
        if (request.DataPath is { } dataPath)
            RestoreData(files, folder, Path.GetFullPath(dataPath));
        await database.ReleaseLeaseAsync(lease.Epoch, CancellationToken.None).ConfigureAwait(false);
        return manifest.Info;
    }

    private static (List<CmsObject> Objects, List<LocalEntry> Tokens) Read(
        IFileLayer files, string folder, BackupManifest manifest, CancellationToken cancellationToken)
    {
        List<CmsObject> objects = [];
        List<LocalEntry> tokens = [];
        foreach (var change in SideBackup.ReadChanges(files, folder, cancellationToken))
        {
            if (change is PutChange put)
                objects.Add(put.Object);
            else if (change is PutLocalChange local)
                tokens.Add(local.Entry);
        }

        return objects.Count == manifest.Info.Objects ? (objects, tokens) : throw new LoggerCmsException(
            ErrorCodes.SecretDamaged, $"The backup in '{folder}' holds {objects.Count:N0} objects; its manifest says {manifest.Info.Objects:N0}.", "Use another backup.");
    }

    private static async Task<IReadOnlyList<long>> OthersAsync(ISystemDatabase database, List<CmsObject> objects, CancellationToken cancellationToken)
    {
        var kept = objects.Select(o => o.Id).ToHashSet();
        var others = new System.Collections.Concurrent.ConcurrentBag<long>();
        await database.LoadAsync(
            o =>
            {
                if (!kept.Contains(o.Id))
                    others.Add(o.Id);
            },
            cancellationToken).ConfigureAwait(false);
        return [.. others];
    }

    private static async Task<IReadOnlyList<LocalKey>> LocalOthersAsync(ISystemDatabase database, List<LocalEntry> tokens, CancellationToken cancellationToken)
    {
        var kept = tokens.Select(t => t.Key).ToHashSet();
        List<LocalKey> others = [];
        foreach (var localClass in new[] { LocalClass.Token, LocalClass.Request })
            await database.LoadLocalAsync(localClass, e => others.Add(e.Key), cancellationToken).ConfigureAwait(false);
        return [.. others.Where(k => !kept.Contains(k))];
    }

    private static void RestoreData(IFileLayer files, string folder, string dataPath)
    {
        var deltas = Path.Combine(dataPath, "deltas");
        foreach (var file in files.List(deltas).Where(f => !f.Path.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            files.Rename(file.Path, file.Path + Suffix);
            files.SyncFolder(deltas);
        }

        SideBackup.CopyAuthority(files, Path.Combine(folder, SideBackup.AuthorityFolder), Path.Combine(dataPath, SideBackup.AuthorityFolder));
    }
}
