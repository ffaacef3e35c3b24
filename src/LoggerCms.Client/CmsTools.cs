using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Databases;

namespace LoggerCms.Client;

/// <summary>What a shell does with nodes and with what they leave on disk. Found by name from outside the engine's load context.</summary>
public sealed class CmsTools : ICmsTools
{
    private static readonly SystemFiles s_files = SystemFiles.Instance;

    private readonly TimeProvider _time = TimeProvider.System;

    public async Task<ICmsClient> ConnectAsync(CmsConnection connection, CancellationToken cancellationToken)
        => await CmsClient.ConnectAsync(connection, time: _time, cancellationToken: cancellationToken).ConfigureAwait(false);

    public Uri? FindEndpoint(string? profile) => NodeRoute.FindEndpoint(profile);

    public Task<CmsNodeInfo> StartNodeAsync(CmsNodeStart start, IProgress<string>? progress, CancellationToken cancellationToken)
        => new NodeStarter(_time).StartAsync(start, progress, cancellationToken);

    public Task StopNodeAsync(ICmsClient client, TimeSpan timeout, CancellationToken cancellationToken)
        => NodeStop.RunAsync(client, timeout, _time, cancellationToken);

    public IEnumerable<DeltaFileInfo> GetDeltaFiles(string path, CancellationToken cancellationToken) => DeltaFiles.Find(s_files, path, cancellationToken);

    public IEnumerable<DeltaRecordInfo> GetDeltaRecords(DeltaFileInfo file, CancellationToken cancellationToken)
    {
        foreach (var record in DeltaRecords.Read(s_files, file))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return record;
        }
    }

    public Task<DeltaReconcileResult> ReconcileAsync(SideConnection database, CmsReconcileRequest request, CancellationToken cancellationToken)
        => new OfflineReconcile(s_files, _time).RunAsync(database, request, cancellationToken);

    public async Task<CmsBackupInfo> RestoreAsync(CmsRestoreRequest request, CancellationToken cancellationToken)
    {
        // Before the database is touched and until all is in place: a node that ran there would have its delta files taken away.
        using var held = request.DataPath is { } data ? Hold(Path.GetFullPath(data), request.WhatIf) : null;
        var database = SystemDatabaseFactory.Open(request.Database);
        await using (database.ConfigureAwait(false))
            return await SideRestore.RunAsync(database, s_files, request, _time, cancellationToken).ConfigureAwait(false);
    }

    private static NodeIdentity? Hold(string dataPath, bool whatIf) => whatIf ? NodeIdentity.OpenExisting(dataPath) : NodeIdentity.Open(dataPath);
}
