using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>Bringing delta files in: this node's own at the start, and those of any folder when asked.</summary>
internal sealed partial class CmsNode
{
    // So many records are made durable together; more would only cost memory.
    private const int Window = 4096;

    /// <summary>Brings the records of a folder's delta files into the system, flushes, and removes the files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="policy">About conflicts.</param>
    /// <param name="setDamagedAside">Give damaged files another name and go on without them.</param>
    /// <param name="cancellationToken">Ends it between two records; what was applied stays and is not applied again.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged, FormatNotSupported: nothing was applied.</exception>
    public async Task<DeltaReconcileResult> ReconcileAsync(string folder, ConflictPolicy policy, bool setDamagedAside, CancellationToken cancellationToken)
    {
        await _reconciling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = Running;
            var started = _time.GetTimestamp();
            var source = DeltaSource.Open(_files, folder, parts.AtStart.Identity, parts.Epoch, setDamagedAside, cancellationToken);
            if (source.Files.Count == 0 && source.SetAside.Count == 0)
                return source.Result("NothingToDo", _database.Name, null, parts.Image.UpdateKey, _time.GetElapsedTime(started));
            var reconcilers = new ReconcilerSet(parts.AtStart, parts.Ledger, policy);
            await ApplyAsync(parts, source, reconcilers, cancellationToken).ConfigureAwait(false);
            if (reconcilers.Stopped)
                return source.Result("Stopped", _database.Name, reconcilers, parts.Image.UpdateKey, _time.GetElapsedTime(started));

            // The files go only when the database has what they hold, and what was told of them is kept.
            await parts.Flusher.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (BeforeTrim is { } beforeTrim)
                await beforeTrim(cancellationToken).ConfigureAwait(false);
            source.Finish(reconcilers.ConflictFiles);
            return source.Result("Completed", _database.Name, reconcilers, parts.Image.UpdateKey, _time.GetElapsedTime(started));
        }
        finally
        {
            _reconciling.Release();
        }
    }

    /// <summary>What <see cref="ReconcileAsync"/> would do; changes nothing.</summary>
    public DeltaReconcileResult PlanReconcile(string folder, ConflictPolicy policy, CancellationToken cancellationToken)
    {
        var parts = Running;
        var started = _time.GetTimestamp();
        var source = DeltaSource.Plan(_files, folder, parts.AtStart.Identity, parts.Epoch, cancellationToken);
        var reconcilers = new ReconcilerSet(parts.AtStart, parts.Ledger, policy);
        ReconcilePlan.Run(source, reconcilers, parts.Image, cancellationToken);
        return source.Result("WhatIf", _database.Name, reconcilers, parts.Image.UpdateKey, _time.GetElapsedTime(started));
    }

    /// <summary>
    /// What a node on this database would do with a folder's delta files; reads the database, takes no lease and changes nothing.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="files">Where the folder is.</param>
    /// <param name="options">As of the node that would do it.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">The database cannot be read or has no system tables; DeltaDamaged where the files are another system's.</exception>
    public static async Task<DeltaReconcileResult> PlanOfflineAsync(
        ISystemDatabase database, IFileLayer files, NodeOptions options, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        var (image, ledger) = await LoadAsync(database, state, options, time, cancellationToken).ConfigureAwait(false);
        var source = DeltaSource.Plan(files, folder, state.Identity, ownEpoch: 0, cancellationToken);
        var reconcilers = new ReconcilerSet(state, ledger, options.ConflictPolicy);
        ReconcilePlan.Run(source, reconcilers, image, cancellationToken);
        return source.Result("WhatIf", database.Name, reconcilers, image.UpdateKey, time.GetElapsedTime(started));
    }

    private async Task ApplyAsync(Parts parts, DeltaSource source, ReconcilerSet reconcilers, CancellationToken cancellationToken)
    {
        var window = new List<Task>(Window);
        foreach (var (nodeId, path, record) in source.Records(cancellationToken))
        {
            var reconciler = reconcilers.Of(nodeId);
            await WholeAsync(parts.Image, record, cancellationToken).ConfigureAwait(false);
            var request = parts.Sequencer.Look(view => reconciler.Next(record, view));
            reconcilers.NoteConflicts(path);
            if (reconcilers.Stopped)
                break;
            Changed?.Invoke(record);
            if (request is not null && Submit(parts, reconciler, record, request) is { } durable)
                window.Add(durable);
            reconcilers.NoteConflicts(path);
            if (window.Count < Window)
                continue;
            await Task.WhenAll(window).ConfigureAwait(false);
            window.Clear();
        }

        await Task.WhenAll(window).ConfigureAwait(false);
    }

    private Task? Submit(Parts parts, Reconciler reconciler, ChangeRecord record, WriteRequest request)
    {
        try
        {
            if (FirstAnswer(record) is { } answer)
            {
                parts.Ledger.Restore(answer);
                request = request with { Operations = [.. request.Operations, new PutLocal(answer)] };
            }

            var (made, _) = parts.Sequencer.Submit(request);
            parts.Sequencer.Look(view =>
            {
                reconciler.Done(record, made.Changed, view);
                return true;
            });
            return made.Durable;
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.NameInUse or ErrorCodes.ObjectNotFound or ErrorCodes.InvalidObject)
        {
            parts.Sequencer.Look(view =>
            {
                reconciler.Refused(record, exception, view);
                return true;
            });
            return null;
        }
    }

    /// <summary>What the client of the record was or would have been answered, so that a retry after the crash gets that.</summary>
    private LocalEntry? FirstAnswer(ChangeRecord record)
    {
        if (record.RequestId == Guid.Empty)
            return null;
        var expiresUs = record.TimeUs + (_options.Cluster.RequestRetention.Ticks / TimeSpan.TicksPerMicrosecond);
        return RequestLedger.Encode(new RequestLedger.Answer(
            record.RequestId, record.PrincipalId, [.. RequestLedger.ChangedBy(record.Changes)], expiresUs, Task.CompletedTask));
    }

    // Planning compares and changes whole objects, and cannot wait for the database under the lock.
    private static async Task WholeAsync(RunTimeImage.RunTimeImage image, ChangeRecord record, CancellationToken cancellationToken)
    {
        foreach (var change in record.Changes)
        {
            if (change is PutChange put && image.Find(put.Object.Id) is { IsSkeleton: true })
                await image.GetAsync(put.Object.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task MakeSystemObjectsAsync(Parts parts)
    {
        if (parts.Image.Count > 0)
            return;
        var nowUs = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        List<WriteOperation> operations = [.. SystemObjects.Create(1, nowUs, BuiltIn.RootAccessList.Encode())
            .Select(o => new RepeatChange(new PutChange { UpdateKey = 0, BeforeKey = 0, Object = o }))];
        await parts.Sequencer.WriteAsync(new WriteRequest
        {
            RequestId = Guid.Empty,
            PrincipalId = BuiltIn.Administrator,
            ClientAddress = "",
            Guard = null,
            Operations = operations,
        }).ConfigureAwait(false);
    }
}
