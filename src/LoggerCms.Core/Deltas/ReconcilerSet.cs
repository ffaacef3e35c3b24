using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Deltas;

/// <summary>One reconciler for each node whose files a folder holds, and their sums.</summary>
/// <param name="state">Of the database when the lease was taken.</param>
/// <param name="journals">Know up to where an epoch was brought in.</param>
/// <param name="ledger">Knows once-only ids.</param>
/// <param name="tokens">Those of now.</param>
/// <param name="policy">About conflicts.</param>
/// <param name="isPlan">Nothing is made, and the ledger does not learn what would be.</param>
internal sealed class ReconcilerSet(
    SystemDatabaseState state, EpochJournals journals, RequestLedger ledger, TokenService tokens, ConflictPolicy policy, bool isPlan)
{
    private readonly Dictionary<long, long> _epochEnds = state.Epochs.ToDictionary(e => e.Epoch, e => e.LastKey);
    private readonly Dictionary<Guid, Reconciler> _reconcilers = [];
    private readonly Dictionary<Guid, ChangedObject[]>? _planned = isPlan ? [] : null;
    private readonly HashSet<string> _conflictFiles = [];
    private readonly HashSet<Guid> _keptOut = [];
    private int _noted;

    public long Applied => _reconcilers.Values.Sum(r => r.Applied);

    public long AlreadyThere => _reconcilers.Values.Sum(r => r.AlreadyThere);

    public long Repeated => _reconcilers.Values.Sum(r => r.Repeated);

    public long Records => _reconcilers.Values.Sum(r => r.Records);

    public bool Stopped => _reconcilers.Values.Any(r => r.Stopped);

    public IReadOnlyList<DeltaConflict> Conflicts => [.. _reconcilers.Values.SelectMany(r => r.Conflicts)];

    /// <summary>The once-only ids of what was kept out.</summary>
    public IReadOnlySet<Guid> KeptOut => _keptOut;

    /// <summary>The once-only ids of what an earlier reconcile left out, and this one did not.</summary>
    public IEnumerable<Guid> BroughtIn => _reconcilers.Values.SelectMany(r => r.BroughtIn);

    /// <summary>Of the folder; before the first record.</summary>
    public DeltaGaps? Gaps { get; set; }

    /// <summary>The update key of the first record of an epoch that was kept out; null for none.</summary>
    public long? FirstKeptOut(long epoch) => _reconcilers.Values.Min(r => r.FirstKeptOut(epoch));

    /// <summary>Files of which something was not applied.</summary>
    public IReadOnlySet<string> ConflictFiles => _conflictFiles;

    public Reconciler Of(Guid nodeId)
    {
        if (!_reconcilers.TryGetValue(nodeId, out var reconciler))
            _reconcilers[nodeId] = reconciler = new Reconciler(_epochEnds, journals, ledger, tokens, policy, _planned, _keptOut) { Gaps = Gaps };
        return reconciler;
    }

    /// <summary>Conflicts that are new since the last call are this file's.</summary>
    public void NoteConflicts(string path)
    {
        var count = 0;
        foreach (var reconciler in _reconcilers.Values)
            count += reconciler.Conflicts.Count;
        if (count > _noted)
            _conflictFiles.Add(path);
        _noted = count;
    }
}
