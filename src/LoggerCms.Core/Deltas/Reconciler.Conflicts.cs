using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Deltas;

/// <summary>What stands against a record, and how that is decided and told.</summary>
internal sealed partial class Reconciler
{
    // A conflict is told with both versions: one without its properties would read like a whole one, and with ApplyDelta stand nowhere any more.
    private static void DemandWhole(IEnumerable<Change> changes, IObjectView view)
    {
        List<long> missing = [.. changes.Select(ObjectId).Where(id => view.Find(id) is { IsSkeleton: true })];
        if (missing.Count > 0)
            throw new NotInMemoryException(missing);
    }

    // A record has one fate, whatever of it was decided first: each of its conflicts is told with that, and none before it is known.
    private RecordFate Report(List<DeltaConflict>? conflicts, RecordFate fate)
    {
        foreach (var conflict in conflicts ?? [])
            _conflicts.Add(conflict with { Decision = ConflictReport.Decision(fate) });
        Stopped |= fate == RecordFate.Stopped;
        return fate;
    }

    /// <summary>What stands against a record, as the objects are before it, up to the first change that the policy does not make.</summary>
    private RecordFate FindConflicts(ChangeRecord record, Change[] pending, IObjectView view, out List<DeltaConflict>? conflicts)
    {
        var fate = RecordFate.BroughtIn;
        List<(Change Change, string Reason)>? found = null;
        Dictionary<long, long>? changedHere = pending.Length > 1 ? [] : null;
        foreach (var change in pending)
        {
            if (Conflict(change, view, changedHere) is { } reason)
            {
                (found ??= []).Add((change, reason));
                fate = FateOf(change);
                if (fate != RecordFate.BroughtIn)
                    break;
            }

            changedHere?[ObjectId(change)] = change.UpdateKey;
        }

        conflicts = null;
        if (found is null)
            return fate;
        DemandWhole(found.Select(f => f.Change), view);
        conflicts = [.. found.Select(f => ConflictReport.Of(record, f.Change, view, tokens, f.Reason))];
        return fate;
    }

    private RecordFate FateOf(Change conflicting) => policy switch
    {
        ConflictPolicy.ApplyDelta when conflicting is PutChange or RemoveChange => RecordFate.BroughtIn,
        _ => KeptOutOrStopped,
    };

    private RecordFate KeptOutOrStopped => policy == ConflictPolicy.Stop ? RecordFate.Stopped : RecordFate.KeptOut;

    private string? Conflict(Change change, IObjectView view, Dictionary<long, long>? changedHere)
    {
        if (change is PutLocalChange { Entry: { Key.Class: LocalClass.Token } entry })
            return tokens.Find(entry.Key.Id) is { IsRevoked: true } && !TokenEntry.Decode(entry).IsRevoked ? "The token was revoked after the delta was made." : null;
        if (change is not (PutChange or RemoveChange))
            return null;
        var id = ObjectId(change);
        var before = change is PutChange put ? put.BeforeKey : ((RemoveChange)change).BeforeKey;
        if (changedHere is not null && changedHere.TryGetValue(id, out var here) && here == before)
            return null;
        var current = view.Find(id);
        var key = current?.UpdateKey ?? 0;
        if (key == before || (_moved.TryGetValue(id, out var moved) && moved.FileKey == before && moved.NewKey == key))
            return null;
        return current is null
            ? "The object was removed after the delta was made."
            : $"The object was changed after the delta was made: update key {key}, not {before}.";
    }
}
