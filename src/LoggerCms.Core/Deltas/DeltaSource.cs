using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Deltas;

/// <summary>The delta files of a folder as a reconcile takes them: checked, in order, without those that the running journal writes.</summary>
internal sealed class DeltaSource
{
    private const string ConflictSuffix = ".conflicts";

    private readonly IFileLayer _files;
    private readonly string _folder;
    private readonly List<string> _setAside;
    private readonly HashSet<long> _damaged;

    private DeltaSource(IFileLayer files, string folder, IReadOnlyList<DeltaFileReport> reports, List<string> setAside, HashSet<long> damaged)
    {
        _files = files;
        _folder = folder;
        Files = reports;
        _setAside = setAside;
        _damaged = damaged;
    }

    public string Folder => _folder;

    /// <summary>The usable files, oldest first.</summary>
    public IReadOnlyList<DeltaFileReport> Files { get; }

    public IReadOnlyList<string> SetAside => _setAside;

    /// <summary>Whether a file of the epoch was set aside as damaged.</summary>
    public bool Lacks(long epoch) => _damaged.Contains(epoch);

    /// <summary>How many lives of nodes left them.</summary>
    public int Lives => DeltaCopies.Lives(Files);

    /// <summary>Looks at every file before anything is applied; sets damaged files and torn tails aside.</summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="reader">Who takes them.</param>
    /// <param name="setDamagedAside">Go on without damaged files.</param>
    /// <param name="isPlan">Change nothing: what would be set aside is told under the name that it has.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">DeltaDamaged, also for files of another system; FormatNotSupported.</exception>
    public static DeltaSource Open(
        IFileLayer files, string folder, DeltaReader reader, bool setDamagedAside, bool isPlan, CancellationToken cancellationToken)
    {
        List<string> setAside = [];
        List<DeltaFileReport> usable = [];
        HashSet<long> damaged = [];
        CheckNames(files, folder);
        foreach (var inspected in DeltaFolder.Inspect(files, folder, reader.Journal, cancellationToken))
        {
            // Segments that were trimmed, and came back with a copy of the folder, lack others that were trimmed after them.
            var report = inspected.MissingBefore is not null && reader.HasBefore(inspected.Header!) ? inspected with { MissingBefore = null } : inspected;
            if (setDamagedAside && report.End.State is DeltaFileState.Damaged or DeltaFileState.NotADeltaFile)
            {
                setAside.Add(isPlan ? report.Path : DeltaFolder.SetAside(files, report.Path));
                damaged.Add(DeltaNames.Parse(report.Path)!.Value.Epoch);
                continue;
            }

            // Without the segment before it a file is used only where the caller lets damage go: it may be that very damage.
            if (!(setDamagedAside && report.MissingBefore is not null && report.End.State is DeltaFileState.Clean or DeltaFileState.TornTail))
                report.Check();
            CheckSystem(report.Path, report.Header!, reader);
            if (report.End.State == DeltaFileState.TornTail)
                setAside.Add(isPlan ? report.Path : DeltaFolder.KeepTornTail(files, report)!);
            usable.Add(report);
        }

        CheckOneLife(usable);
        return new DeltaSource(files, folder, usable, setAside, damaged);
    }

    /// <summary>Whether every file of a folder, by its header, is of the system's own history: what can be told without the database's entries.</summary>
    /// <exception cref="LoggerCmsException">DeltaDamaged; or they cannot be read.</exception>
    public static void CheckHeaders(IFileLayer files, string folder, DeltaReader reader)
    {
        try
        {
            CheckNames(files, folder);
            foreach (var place in DeltaChain.Of(files, folder))
            {
                using var file = DeltaFileReader.Open(files, place.Path, place.ValidEnd);
                if (file.Header is { } header)
                    CheckSystem(place.Path, header, reader);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    /// <summary>The files as they were found, all of them usable.</summary>
    public static DeltaSource Of(IFileLayer files, string folder, IReadOnlyList<DeltaFileReport> usable) => new(files, folder, usable, [], []);

    /// <summary>Every record with the node that wrote it, its file, and its bytes there.</summary>
    public IEnumerable<DeltaRecord> Records(CancellationToken cancellationToken)
    {
        foreach (var report in Files)
        {
            if (report.IsVoid)
                continue;
            using var reader = DeltaFileReader.Open(_files, report.Path, report.End.State == DeltaFileState.TornTail ? report.End.Offset : null);
            while (reader.Records < report.Records && reader.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new DeltaRecord(report.Header!.Journal.NodeId, report.Path, ChangeRecordCodec.Decode(reader.Payload), reader.Payload.Length);
            }
        }
    }

    /// <summary>For each journal the header of its first segment here and its last update key; nothing where one between them was damaged or is missing.</summary>
    public IEnumerable<(DeltaSegmentHeader First, long ThroughKey)> Whole()
    {
        if (_damaged.Count > 0 || Files.Any(f => f.MissingBefore is not null))
            yield break;
        foreach (var journal in Files.Where(f => !f.IsVoid).GroupBy(f => f.Header!.JournalId))
        {
            if (journal.Max(f => f.LastKey) is { } throughKey)
                yield return (journal.First().Header!, throughKey);
        }
    }

    /// <summary>
    /// The database has it all: the files go, except for those of which something was not applied. After a failure it goes on where it was.
    /// </summary>
    /// <exception cref="LoggerCmsException">As <see cref="ThrowIfGrown()"/>; that file and those after it stay.</exception>
    public void Finish(IReadOnlySet<string> keep)
    {
        foreach (var report in Files)
        {
            ThrowIfGrown(report);
            if (!keep.Contains(report.Path))
            {
                _files.DeleteForGood(report.Path);
                continue;
            }

            if (_files.Find(report.Path) is null)
                continue;
            var kept = DeltaNames.Free(_files, report.Path + ConflictSuffix);
            _files.Rename(report.Path, kept);
            _files.SyncFolder(_folder);
            _setAside.Add(kept);
        }
    }

    /// <summary>Looks again, before files go: nobody may have written to them since they were read.</summary>
    /// <exception cref="LoggerCmsException">SideInService; or they cannot be read.</exception>
    public void ThrowIfGrown()
    {
        try
        {
            foreach (var report in Files)
                ThrowIfGrown(report);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, _folder);
        }
    }

    private void ThrowIfGrown(DeltaFileReport report)
    {
        // Another goes on from each but the last of its journal: nobody adds to those.
        if (Files.Last(f => f.Header!.JournalId == report.Header!.JournalId) != report || _files.Find(report.Path) is null)
            return;
        if (DeltaFolder.InspectFile(_files, report.Path, CancellationToken.None).Records <= report.Records)
            return;
        throw new LoggerCmsException(
            ErrorCodes.SideInService,
            $"'{report.Path}' has more records than when it was read: its node runs and goes on writing. What was read is in the system database, and the file stays.",
            "Stop that node, then reconcile again: nothing is applied twice.");
    }

    /// <param name="status">As <see cref="DeltaReconcileResult.Status"/> lists them.</param>
    /// <param name="database">Its name.</param>
    /// <param name="reconcilers">Null where there was nothing to do.</param>
    /// <param name="lastUpdateKey">The image's.</param>
    /// <param name="elapsed">Of the whole.</param>
    public DeltaReconcileResult Result(string status, string database, ReconcilerSet? reconcilers, long lastUpdateKey, TimeSpan elapsed) => new()
    {
        Status = status,
        Path = _folder,
        Database = database,
        Files = Files.Count,
        Records = reconcilers?.Records ?? 0,
        Applied = reconcilers?.Applied ?? 0,
        AlreadyThere = reconcilers?.AlreadyThere ?? 0,
        Repeated = reconcilers?.Repeated ?? 0,
        Conflicts = reconcilers?.Conflicts ?? [],
        SetAside = [.. _setAside],
        TornBytes = Files.Where(f => f.End.State == DeltaFileState.TornTail).Sum(f => f.End.Bytes),
        LastUpdateKey = lastUpdateKey,
        Elapsed = elapsed,
    };

    // Passed over, it would be lost with what it holds.
    private static void CheckNames(IFileLayer files, string folder)
    {
        foreach (var path in files.List(folder).Select(f => f.Path).Where(p => p.EndsWith(DeltaNames.Suffix, StringComparison.Ordinal) && !DeltaNames.IsSegment(p)))
        {
            using var file = DeltaFileReader.Open(files, path);
            throw new LoggerCmsException(
                ErrorCodes.DeltaDamaged,
                $"'{path}' has a name that no delta file has, and would be passed over. Nothing was changed.",
                file.Header is { } header
                    ? $"Move-Item '{path}' '{DeltaNames.Segment(folder, header.Journal.Epoch, header.Sequence)}'; where that is there, give it a folder of its own."
                    : "It holds no header of one: move it away.");
        }
    }

    private static void CheckSystem(string path, DeltaSegmentHeader header, DeltaReader reader)
    {
        var (systemId, nodeId, epoch, _) = header.Journal;
        if (systemId != reader.SystemId)
            throw OfAnother(path, systemId, reader.SystemId);
        if (epoch >= reader.Epoch)
            throw PutBack(path, epoch, $"the database has only come to {reader.Epoch}");

        // A number is not an epoch: where a standby lacked the last commits, another node took the same one there.
        if (reader.Epochs.FirstOrDefault(e => e.Epoch == epoch) is not { } known)
            throw PutBack(path, epoch, "the database knows of no such epoch");
        if (known.NodeId != nodeId)
            throw PutBack(path, epoch, $"by node {nodeId}, and in the database that epoch is of node {known.NodeId}");
        if (reader.Journals.Of(epoch) is { } journal && journal != header.JournalId)
            throw PutBack(path, epoch, "and in the database that epoch is of another life of the node");
    }

    // Each would take the other's records for those that it made itself.
    private static void CheckOneLife(List<DeltaFileReport> usable)
    {
        foreach (var epoch in usable.Where(f => f.Records > 0).GroupBy(f => f.Header!.Journal.Epoch))
        {
            if (epoch.FirstOrDefault(f => f.Header!.JournalId != epoch.First().Header!.JournalId) is { } other)
                throw PutBack(other.Path, epoch.Key, $"and '{epoch.First().Path}' is of that epoch in another life of the node");
        }
    }

    private static LoggerCmsException PutBack(string path, long epoch, string but) => new(
        ErrorCodes.DeltaDamaged,
        $"'{path}' was written in epoch {epoch}, {but}: it was put back to an earlier state, or a standby lacked the last commits. Nothing of it was changed.",
        "Put back the database that the file belongs to; or move the file elsewhere and look at it with Get-DeltaFile -Record.");

    private static LoggerCmsException OfAnother(string path, Guid systemId, Guid here)
        => new(
            ErrorCodes.DeltaDamaged,
            $"'{path}' belongs to the system {systemId}, not to {here}: the database was replaced or restored. Nothing of it was changed.",
            "Move the file elsewhere and look at it with Get-DeltaFile -Record; give Invoke-DeltaReconcile the database that it belongs to.");
}

/// <summary>The node that takes delta files: those of its own journal it leaves alone.</summary>
internal readonly record struct DeltaReader(Guid SystemId, long Epoch, Guid Journal, IReadOnlyList<EpochEnd> Epochs, EpochJournals Journals)
{
    /// <summary>All that an epoch acknowledged up to this key is in the database, or was, or was kept out and told.</summary>
    public long Has(long epoch) => Math.Max(Epochs.FirstOrDefault(e => e.Epoch == epoch)?.LastKey ?? 0, Journals.Decided(epoch));

    /// <summary>Whether that is all that comes before a segment.</summary>
    public bool HasBefore(DeltaSegmentHeader segment) => segment.KeyBefore > 0 && segment.KeyBefore <= Has(segment.Journal.Epoch);
}

/// <param name="NodeId">Who wrote it.</param>
/// <param name="Path">The file that it stands in.</param>
/// <param name="Record">What it says.</param>
/// <param name="Bytes">Its size there.</param>
internal readonly record struct DeltaRecord(Guid NodeId, string Path, ChangeRecord Record, int Bytes)
{
    /// <summary>Made where it is read, which is not where records wait for one another.</summary>
    public Guid OnceOnlyId { get; } = OnceOnly.Id(NodeId, Record);
}
