using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>Bringing delta files in: this node's own at the start, and those of any folder when asked.</summary>
internal sealed partial class CmsNode
{
    // So many records are made durable together; more would only cost memory.
    private const int Window = 4096;
    private const int WindowBytes = 32 << 20;

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
            var source = DeltaSource.Open(_files, folder, Reader(parts), setDamagedAside, cancellationToken);
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
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
        try
        {
            var source = DeltaSource.Plan(_files, folder, Reader(parts), cancellationToken);
            var reconcilers = new ReconcilerSet(parts.AtStart, parts.Ledger, policy);
            ReconcilePlan.Run(source, reconcilers, parts.Image, cancellationToken);
            return source.Result("WhatIf", _database.Name, reconcilers, parts.Image.UpdateKey, _time.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    private static DeltaReader Reader(Parts parts) => new(parts.AtStart.Identity, parts.Epoch, parts.Journal.Id);

    private async Task ApplyAsync(Parts parts, DeltaSource source, ReconcilerSet reconcilers, CancellationToken cancellationToken)
    {
        var window = new List<Task>(Window);
        var windowBytes = 0L;
        foreach (var (nodeId, path, record, bytes) in source.Records(cancellationToken))
        {
            await WholeAsync(parts.Image, record, cancellationToken).ConfigureAwait(false);
            if (Bring(parts, reconcilers.Of(nodeId), record) is { } durable)
            {
                window.Add(durable);
                windowBytes += bytes;
            }

            reconcilers.NoteConflicts(path);
            if (reconcilers.Stopped)
                break;
            Changed?.Invoke(record);
            if (window.Count < Window && windowBytes < WindowBytes)
                continue;
            await Task.WhenAll(window).ConfigureAwait(false);
            window.Clear();
            windowBytes = 0;
        }

        await Task.WhenAll(window).ConfigureAwait(false);
    }

    // Under the order of changes from the look at the objects to the change: nobody else's change may come between.
    private Task? Bring(Parts parts, Reconciler reconciler, ChangeRecord record)
        => parts.Sequencer.Look(view => reconciler.Next(record, view) is { } request ? Submit(parts, reconciler, record, request, view) : null);

    private Task? Submit(Parts parts, Reconciler reconciler, ChangeRecord record, WriteRequest request, IObjectView view)
    {
        try
        {
            if (FirstAnswer(parts.Ledger, record) is { } answer)
            {
                parts.Ledger.Restore(answer);
                request = request with { Operations = [.. request.Operations, new PutLocal(answer)] };
            }

            var (made, _) = parts.Sequencer.Submit(request);
            reconciler.Done(record, made.Changed, view);
            return made.Durable;
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.NameInUse or ErrorCodes.ObjectNotFound or ErrorCodes.InvalidObject)
        {
            reconciler.Refused(record, exception, view);
            return null;
        }
    }

    /// <summary>What the client of the record was or would have been answered, so that a retry after the crash gets that.</summary>
    private static LocalEntry? FirstAnswer(RequestLedger ledger, ChangeRecord record)
    {
        if (record.RequestId == Guid.Empty)
            return null;
        return RequestLedger.Encode(new RequestLedger.Answer(
            record.RequestId,
            record.PrincipalId,
            [.. RequestLedger.ChangedBy(record.Changes)],
            ledger.ExpiresUs(record.RequestId, record.TimeUs),
            Task.CompletedTask));
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
