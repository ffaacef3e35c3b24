using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>Bringing delta files in: this node's own at the start, and those of any folder when asked.</summary>
internal sealed partial class CmsNode
{
    private const string Completed = nameof(Completed);
    private const string Stopped = nameof(Stopped);
    private const int MostLives = 3;
    private const int MadeOfDeltaByte = 5;
    private const long MostPostponed = 1L << 30;

    private Brought? _broughtAtStart;

    /// <summary>Brings the records of a folder's delta files into the system, flushes, and removes the files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="policy">About conflicts.</param>
    /// <param name="setDamagedAside">Give damaged files another name and go on without them.</param>
    /// <param name="cancellationToken">Ends it between two records; what was applied stays and is not applied again.</param>
    /// <remarks>The caller holds the lock of the data folder that the folder is in, where that is another node's.</remarks>
    /// <exception cref="LoggerCmsException">
    /// DeltaDamaged, FormatNotSupported: nothing was applied. SideInService: all was applied that was read, and the files stay, because somebody still
    /// writes there.
    /// </exception>
    public async Task<DeltaReconcileResult> ReconcileAsync(string folder, ConflictPolicy policy, bool setDamagedAside, CancellationToken cancellationToken)
    {
        await _reconciling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = Running;
            if (!setDamagedAside)
                NodeLife.CheckOthers(_files, folder, parts.AtStart);
            var brought = await BringAsync(parts, folder, policy, setDamagedAside, noCollection: null, cancellationToken).ConfigureAwait(false);
            if (brought.Status != Completed)
                return Tell(parts, brought);

            // The files go only when the database has what they hold, and what was told of them is kept.
            await parts.Flusher.FlushAsync(cancellationToken).ConfigureAwait(false);
            await KeepToldAsync(cancellationToken).ConfigureAwait(false);
            brought.Source.ThrowIfGrown();
            NodeLife.Settle(_files, folder, parts.AtStart, Flushed(parts));
            Finish(parts, brought);
            return Tell(parts, brought);
        }
        finally
        {
            _reconciling.Release();
        }
    }

    // What is brought in stands in this node's own delta files by then: the node need not wait for the database to have it too, and goes on from
    // there. The old files go with the first flush. A crash before it leaves both, of which the next start passes over what the old ones bring.
    private async Task ReconcileAtStartAsync(Parts parts, NoBackgroundCollection noCollection, CancellationToken cancellationToken)
    {
        RemoveCopies(parts, cancellationToken);
        var brought = await BringAsync(parts, _options.DeltaPath, _options.ConflictPolicy, _options.SetDamagedAside, noCollection, cancellationToken).ConfigureAwait(false);
        Reconciled = Tell(parts, brought);

        // All of it is in this journal, and nobody writes yet. The old files may go from here on, and only from here on.
        if (brought.Status == Stopped)
            return;
        if (_options.IsDeltaPathOfData)
            _life?.Owe(parts.Epoch, parts.Journal.Sequence, parts.AtStart.Identity, parts.Blocks.Ends);
        else
            _life?.Hold(parts.Epoch, parts.AtStart.Identity, parts.Blocks.Ends);
        if (brought.Status != Completed)
            return;
        _broughtAtStart = brought;
        if (parts.Unflushed.Count == 0)
            parts.Flusher.Owe(parts.AtStart.UpdateKeyEnd);
        else if (brought.Source.Lives < 2)
            return;

        // Files of several lives say that the last one did not come to its first flush. Without one now all of it might be left once more, and again by
        // the next; so a start that cannot flush goes on only where that is not the third time.
        try
        {
            await parts.Flusher.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (brought.Source.Lives < MostLives && !Flusher.EndsIt(exception))
        {
            // The flusher comes upon the same, says so, and tries it again.
        }
    }

    // A start that was cut off in its reconcile left copies of what the old files bring. Nobody changed anything on them yet, so they can go before
    // this start makes its own.
    private void RemoveCopies(Parts parts, CancellationToken cancellationToken)
    {
        try
        {
            DeltaCopies.Remove(_files, _options.DeltaPath, Reader(parts), OweOnly, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, _options.DeltaPath);
        }

        void OweOnly(IReadOnlyList<DeltaFileReport> kept, IReadOnlyList<DeltaFileReport> gone)
        {
            if (!_options.IsDeltaPathOfData || _life is null)
                return;
            var empty = gone.GroupBy(g => g.Header!.JournalId).Where(g => g.All(f => f.Records == 0)).SelectMany(Names);
            _life.OweOnly(parts.AtStart.Identity, Names(kept), empty);
        }
    }

    /// <summary>After a flush, and after what was told is kept: the files of the start go.</summary>
    private void FinishStart(Parts parts)
    {
        if (_broughtAtStart is not { } brought)
            return;
        Finish(parts, brought);
        _broughtAtStart = null;
        Reconciled = Tell(parts, brought);
    }

    private async Task<Brought> BringAsync(
        Parts parts, string folder, ConflictPolicy policy, bool setDamagedAside, NoBackgroundCollection? noCollection, CancellationToken cancellationToken)
    {
        try
        {
            var started = _time.GetTimestamp();
            var reader = Reader(parts);
            var source = DeltaSource.Open(_files, folder, reader, setDamagedAside, isPlan: false, cancellationToken);
            if (source.Files.Count == 0 && source.SetAside.Count == 0)
                return new Brought("NothingToDo", source, null, _time.GetElapsedTime(started));

            foreach (var header in source.Files.Where(f => f.Records > 0).Select(f => f.Header!))
                parts.Journals.Add(header.Journal.Epoch, header.JournalId);

            // Nearly all that is made stays: a collection would look at the whole image and find little.
            noCollection?.Postpone(Math.Min(MadeOfDeltaByte * source.Files.Sum(f => f.DurableEnd), MostPostponed));
            var reconcilers = new ReconcilerSet(parts.AtStart, parts.Journals, parts.Ledger, Tokens, policy, isPlan: false);

            var mayLack = setDamagedAside || (!IsOpen && _goesOnWithout);
            FindGaps(source, reconcilers, reader, parts.Ledger, mayLack, cancellationToken);
            using var target = new SequencedTarget(parts.Sequencer, parts.Journal, parts.Blocks, parts.Flusher, isAlone: !IsOpen)
            {
                BroughtIn = Changed,
                KeptOut = KeptOut,
            };
            await ReconcileRun.RunAsync(source, reconcilers, parts.Image, target, cancellationToken).ConfigureAwait(false);
            await target.AllDurableAsync(cancellationToken).ConfigureAwait(false);
            if (!reconcilers.Stopped)
                NoteBroughtIn(reader, source, reconcilers);
            return new Brought(reconcilers.Stopped ? Stopped : Completed, source, reconcilers, _time.GetElapsedTime(started));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    // Only where nothing can be missing before: what is not among the records up to that key would pass for brought in for good.
    private static void NoteBroughtIn(DeltaReader reader, DeltaSource source, ReconcilerSet reconcilers)
    {
        foreach (var (header, throughKey) in source.Whole())
        {
            var epoch = header.Journal.Epoch;
            if (header.PreviousSequence == 0 || reader.HasBefore(header))
                reader.Journals.AddBroughtIn(epoch, throughKey, reconcilers.FirstKeptOut(epoch), reconcilers.KeptOut.Count);
        }
    }

    private static void FindGaps(
        DeltaSource source, ReconcilerSet reconcilers, DeltaReader reader, RequestLedger ledger, bool mayLack, CancellationToken cancellationToken)
    {
        var gaps = DeltaGaps.Of(source, reader.Has, cancellationToken);
        if (!mayLack)
            gaps.Check(reader.Has, id => ledger.Kept(id) is not null || reader.Journals.IsKeptOut(id));
        reconcilers.Gaps = gaps;
    }

    private static void Finish(Parts parts, Brought brought)
    {
        try
        {
            brought.Source.Finish(brought.Reconcilers!.ConflictFiles);
            parts.Journals.Leave(brought.Reconcilers.KeptOut);
            parts.Journals.ForgetLeft(brought.Reconcilers.BroughtIn);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, brought.Source.Folder);
        }
    }

    private DeltaReconcileResult Tell(Parts parts, Brought brought)
        => brought.Source.Result(brought.Status, _database.Name, brought.Reconcilers, parts.Image.UpdateKey, brought.Elapsed);

    /// <summary>What <see cref="ReconcileAsync"/> would do; changes nothing.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="policy">About conflicts.</param>
    /// <param name="setDamagedAside">Go on without damaged files.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">As <see cref="ReconcileAsync"/>.</exception>
    public Task<DeltaReconcileResult> PlanReconcileAsync(string folder, ConflictPolicy policy, bool setDamagedAside, CancellationToken cancellationToken)
    {
        var parts = Running;
        if (!setDamagedAside)
            NodeLife.CheckOthers(_files, folder, parts.AtStart);
        var planned = new Planned(_files, _database.Name, parts.Image, Reader(parts), parts.Ledger, new PlannedTarget(parts.Image, _options.Cluster, _time), _time);
        return planned.RunAsync(folder, new ReconcilerSet(parts.AtStart, parts.Journals, parts.Ledger, Tokens, policy, isPlan: true), setDamagedAside, cancellationToken);
    }

    private static IEnumerable<(long Epoch, long Sequence)> Names(IEnumerable<DeltaFileReport> reports) => reports.Select(r => DeltaNames.Parse(r.Path)!.Value);

    private static DeltaReader Reader(Parts parts) => new(parts.AtStart.Identity, parts.Epoch, parts.Journal.Id, parts.AtStart.Epochs, parts.Journals);

    /// <summary>
    /// What a node on this database would do with a folder's delta files; reads the database, takes no lease and changes nothing.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="files">Where the folder is.</param>
    /// <param name="options">As of the node that would do it.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="setDamagedAside">Go on without damaged files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">
    /// The database cannot be read or has no system tables; DeltaDamaged where the files are another system's; as <see cref="ReconcileAsync"/>.
    /// </exception>
    public static async Task<DeltaReconcileResult> PlanOfflineAsync(
        ISystemDatabase database, IFileLayer files, NodeOptions options, string folder, bool setDamagedAside, TimeProvider time, CancellationToken cancellationToken)
    {
        var state = await database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        var (image, ledger, journals) = await LoadAsync(database, state, options, time, cancellationToken).ConfigureAwait(false);
        var tokens = new TokenService(time);
        await database.LoadLocalAsync(LocalClass.Token, tokens.Apply, cancellationToken).ConfigureAwait(false);
        var reader = new DeltaReader(state.Identity, (state.Lease?.Epoch ?? 0) + 1, Journal: Guid.Empty, state.Epochs, journals);
        var planned = new Planned(files, database.Name, image, reader, ledger, new PlannedTarget(image, options.Cluster, time), time);
        var reconcilers = new ReconcilerSet(state, journals, ledger, tokens, options.ConflictPolicy, isPlan: true);
        return await planned.RunAsync(folder, reconcilers, setDamagedAside, cancellationToken).ConfigureAwait(false);
    }

    private static LoggerCmsException StoppedAtStart(NodeOptions options) => new(
        ErrorCodes.DeltaConflict,
        $"The delta files in '{options.DeltaPath}' hold changes of objects that were changed since; the conflict policy is Stop.",
        "Look at them with Invoke-DeltaReconcile -WhatIf, then start with another -ConflictPolicy.");

    private async Task MakeSystemObjectsAsync(Parts parts)
    {
        if (parts.Image.Count > 0 || !_options.MakesSystemObjects)
            return;
        var nowUs = UnixTime.Us(_time.GetUtcNow());
        List<WriteOperation> operations = [.. SystemObjects.Create(1, nowUs, BuiltIn.RootAccessList.Encode())
            .Select(o => new RepeatChange(new PutChange { UpdateKey = 0, BeforeKey = 0, Object = o }))];
        await parts.Sequencer.WriteAsync(WriteRequest.Decided(BuiltIn.Administrator, "", operations)).ConfigureAwait(false);
    }

    /// <param name="Status">As <see cref="DeltaReconcileResult.Status"/> lists them.</param>
    /// <param name="Source">The files.</param>
    /// <param name="Reconcilers">What was decided; null where there was nothing to do.</param>
    /// <param name="Elapsed">Until all of it was durable here.</param>
    private sealed record Brought(string Status, DeltaSource Source, ReconcilerSet? Reconcilers, TimeSpan Elapsed);

    private sealed record Planned(
        IFileLayer Files, string Database, RunTimeImage.RunTimeImage Image, DeltaReader Reader, RequestLedger Ledger, PlannedTarget Target, TimeProvider Time)
    {
        public async Task<DeltaReconcileResult> RunAsync(string folder, ReconcilerSet reconcilers, bool setDamagedAside, CancellationToken cancellationToken)
        {
            var started = Time.GetTimestamp();
            try
            {
                var source = DeltaSource.Open(Files, folder, Reader, setDamagedAside, isPlan: true, cancellationToken);
                FindGaps(source, reconcilers, Reader, Ledger, setDamagedAside, cancellationToken);
                await ReconcileRun.RunAsync(source, reconcilers, Image, Target, cancellationToken).ConfigureAwait(false);
                return source.Result("WhatIf", Database, reconcilers, Image.UpdateKey, Time.GetElapsedTime(started));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw DeltaFailure.OfFolder(exception, folder);
            }
        }
    }
}
