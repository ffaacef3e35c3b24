using System.Buffers.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Turns one request into changes: validates each operation against what is visible and pending and what the operations before it did, lays the
/// change over that, and gives it its update key. Whoever calls keeps or rolls back what was laid over; a failure leaves nothing, and what ids and keys it took are given back.
/// </summary>
internal sealed class ChangePlanner(ObjectOverlay overlay, KeyBlocks blocks, WriteRequest request, long nowUs, ClusterOptions options)
{
    // Most operations are one change each.
    private Change[] _changes = new Change[request.Operations.Count];
    private int _count;
    private long _bytes;

    /// <returns>The changes in order.</returns>
    /// <exception cref="LoggerCmsException">
    /// ObjectNotFound, NameInUse, VersionConflict, InvalidObject, LimitExceeded, Forbidden.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    /// <exception cref="BlockUsedUpException">No id or update key is left.</exception>
    public Change[] Plan()
    {
        if (request.Operations.Count == 0)
            throw Invalid("The request has no operation.", "Give at least one.");
        overlay.Work = request.Guard is null ? null : new PlanWork(request);
        try
        {
            for (var i = 0; i < request.Operations.Count; i++)
            {
                request.Guard?.Begin(request.Operations[i]);
                Plan(request.Operations[i]);
            }
        }
        finally
        {
            overlay.Work = null;
        }

        if (_count < _changes.Length)
            Array.Resize(ref _changes, _count);
        return _changes;
    }

    private void Plan(WriteOperation operation)
    {
        switch (operation)
        {
            case CreateObject create:
                Create(create);
                break;
            case ChangeObject change:
                Alter(change);
                break;
            case RemoveObject remove:
                var target = Existing(remove.Id, remove.ExpectedVersion, remove.ExpectedCuid);
                Remove(target, remove.Recurse);
                break;
            case RepeatChange { Original: PutChange put }:
                Repeat(put.Object);
                break;
            case RepeatChange { Original: RemoveChange gone }:
                if (overlay.Find(gone.Id) is { } last)
                    Remove(last, recurse: false);
                break;
            case PutLocal put:
                Add(new PutLocalChange { UpdateKey = blocks.NextUpdateKey(), Entry = put.Entry });
                break;
            case PutOnceOnly put:
                Add(new PutLocalChange { UpdateKey = blocks.NextUpdateKey(), Entry = RequestLedger.AsNow(put.Entry, overlay) });
                break;
            case RemoveLocal remove:
                Add(new RemoveLocalChange { UpdateKey = blocks.NextUpdateKey(), Key = remove.Key });
                break;
            default:
                throw new InvalidOperationException($"A {operation.GetType().Name} cannot be planned.");
        }
    }

    private void Create(CreateObject create)
    {
        ObjectRules.CheckKind(create.Kind);
        ObjectRules.CheckName(create.Name);
        if (Container(create.ParentId) + ObjectPaths.LengthOf(create.Name) > ObjectPaths.LongestPath)
            throw Invalid($"The path of '{create.Name}' in {create.ParentId} would have more than {ObjectPaths.LongestPath:N0} characters.", "Use a shorter name or another folder.");
        if (create.Cuid is { } cuid)
        {
            ObjectRules.CheckCuid(cuid);
            if (overlay.FindByCuid(cuid) is { } other)
            {
                throw new LoggerCmsException(
                    ErrorCodes.NameInUse,
                    MaySee(other) ? $"The CUID '{cuid}' is that of object {other.Id} '{other.Name}'." : $"The CUID '{cuid}' is taken.",
                    "Leave it out for a new one.");
            }
        }

        var key = blocks.NextUpdateKey();
        var made = new CmsObject
        {
            Id = blocks.NextObjectId(),
            Cuid = create.Cuid ?? NewCuid(),
            Kind = ObjectKinds.Spell(create.Kind),
            ParentId = create.ParentId,
            Name = create.Name,
            OwnerId = create.OwnerId ?? request.PrincipalId,
            Version = 1,
            UpdateKey = key,
            CreatedUs = nowUs,
            ModifiedUs = nowUs,
            Properties = create.Properties,
            AccessList = create.AccessList,
        };
        request.Guard?.Demand(overlay, null, made);
        Put(null, made);
    }

    private void Alter(ChangeObject change)
    {
        var before = Existing(change.Id, change.ExpectedVersion, change.ExpectedCuid);

        // The right first: who may not change it has nothing read back.
        request.Guard?.DemandToTouch(overlay, before, change);
        if (before.IsSkeleton)
            throw new NotInMemoryException(Missing());
        if (change.Name is not null)
            ObjectRules.CheckName(change.Name);
        if (change.ParentId is { } parent && parent != before.ParentId)
        {
            ObjectRules.CheckNotSystem(before, "moved");
            Container(parent);
        }

        if (change.Name is not null && change.Name != before.Name)
            ObjectRules.CheckNotSystem(before, "renamed");
        var after = new CmsObject
        {
            Id = before.Id,
            Cuid = before.Cuid,
            Kind = before.Kind,
            ParentId = change.ParentId ?? before.ParentId,
            Name = change.Name ?? before.Name,
            OwnerId = change.OwnerId ?? before.OwnerId,
            Version = before.Version + 1,
            UpdateKey = blocks.NextUpdateKey(),
            CreatedUs = before.CreatedUs,
            ModifiedUs = Math.Max(nowUs, before.ModifiedUs),
            Properties = change.Properties is { } properties ? properties(before.Properties) : before.Properties,
            AccessList = change.AccessList is { } accessList ? accessList(before.AccessList) : before.AccessList,
        };
        request.Guard?.Demand(overlay, before, after);
        CheckPlace(before, after);
        Put(before, after);
    }

    private void CheckPlace(CmsObject before, CmsObject after)
    {
        var isNoFurther = before.ParentId == after.ParentId && ObjectPaths.LengthOf(after.Name) <= ObjectPaths.LengthOf(before.Name);
        if (isNoFurther || ObjectPaths.MayStand(overlay, after.Id, after.ParentId, after.Name))
            return;
        throw Invalid(
            $"Object {after.Id} cannot stand as '{after.Name}' in {after.ParentId}: that lies below it or too deep, or a path would have more than {ObjectPaths.LongestPath:N0} characters.",
            "Use another folder or a shorter name.");
    }

    private void Repeat(CmsObject earlier)
    {
        var before = overlay.Find(earlier.Id);
        var after = new CmsObject
        {
            Id = earlier.Id,
            Cuid = earlier.Cuid,
            Kind = earlier.Kind,
            ParentId = earlier.ParentId,
            Name = earlier.Name,
            OwnerId = earlier.OwnerId,
            Version = Math.Max(earlier.Version, (before?.Version ?? 0) + 1),
            UpdateKey = blocks.NextUpdateKey(),
            CreatedUs = earlier.CreatedUs,
            ModifiedUs = earlier.ModifiedUs,
            Properties = earlier.Properties,
            AccessList = earlier.AccessList,
        };

        // It could stand there when it was made. What was moved since may lie below it now, or the folder deeper. A path that is longer than one may make
        // today does no harm, and may be from before that bound.
        if (after.ParentId != 0 && (before is null || after.ParentId != before.ParentId))
            Container(after.ParentId);
        if (before is not null && after.ParentId != before.ParentId && !ObjectPaths.MayStand(overlay, after.Id, after.ParentId, after.Name, int.MaxValue))
            throw Invalid($"Object {after.Id} '{after.Name}' cannot stand in {after.ParentId} any more: that lies below it now, or too deep.", "Move one of them elsewhere.");

        // It was free when it was made. Somebody may have made the object again under it, and no database takes it twice.
        if (after.Cuid != before?.Cuid && overlay.FindByCuid(after.Cuid) is { } other && other.Id != after.Id)
            throw new LoggerCmsException(ErrorCodes.NameInUse, $"The CUID '{after.Cuid}' is that of object {other.Id} '{other.Name}' now.", "Remove one of the two.");
        Put(before, after);
    }

    private void Put(CmsObject? before, CmsObject after)
    {
        if (after.Properties.Length + after.AccessList.Length > options.MostObjectBytes && !request.IsReconcile)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded,
                $"The object '{after.Name}' would have {after.Properties.Length + after.AccessList.Length:N0} bytes; the limit is {options.MostObjectBytes:N0}.",
                "Keep large content outside and its place in a property.")
            {
                IsOfRequest = true,
            };
        }

        var isNamed = before is not null && before.ParentId == after.ParentId && before.Name == after.Name;
        if (!isNamed && overlay.FindChild(after.ParentId, after.Name) is { } taken && taken.Id != after.Id)
        {
            throw new LoggerCmsException(
                ErrorCodes.NameInUse,
                MaySee(taken) ? $"Folder {after.ParentId} already holds '{taken.Name}' (object {taken.Id})." : $"In folder {after.ParentId} the name '{after.Name}' is taken.",
                "Choose another name, or change that object.");
        }

        overlay.Set(before, after, after.UpdateKey);
        Add(new PutChange { UpdateKey = after.UpdateKey, BeforeKey = before?.UpdateKey ?? 0, Object = after });
    }

    private void Remove(CmsObject target, bool recurse)
    {
        // Deepest first, by a list of its own: a tree may be deeper than a stack. What lies in a folder is looked at only when that may be removed.
        DemandRemoval(target);
        List<CmsObject> doomed = [target];
        for (var i = 0; i < doomed.Count; i++)
        {
            foreach (var below in overlay.Children(doomed[i].Id))
            {
                // In a circle of folders, which no change makes any more and an older node may have left: this is how to be rid of it.
                if (below.Id == target.Id)
                    continue;
                if (!recurse)
                    throw Invalid($"Object {target.Id} '{target.Name}' is not empty.", "Add -Recurse to remove what is in it too.");
                if (!MaySee(below))
                    throw HoldsHidden(target, below);
                DemandRemoval(below);
                doomed.Add(below);
                if (doomed.Count > options.MostChanges)
                    throw TooMany();
            }
        }

        for (var i = doomed.Count - 1; i >= 0; i--)
        {
            var gone = doomed[i];
            var key = blocks.NextUpdateKey();
            overlay.Set(gone, null, key);
            Add(new RemoveChange { UpdateKey = key, BeforeKey = gone.UpdateKey, Id = gone.Id, Kind = gone.Kind, Name = gone.Name });
        }
    }

    private void DemandRemoval(CmsObject target)
    {
        request.Guard?.Demand(overlay, target, null);
        ObjectRules.CheckNotSystem(target, "removed");
    }

    private void Add(Change change)
    {
        if (_count >= options.MostChanges && !request.IsReconcile)
            throw TooMany();
        if (_count == _changes.Length)
            Array.Resize(ref _changes, 2 * _count);
        _changes[_count++] = change;

        // Each change holds the whole object, so a short request can become a long record: it is given up here, before that is in memory.
        _bytes += LeastBytes(change);
        if (_bytes > options.MostRecordBytes && !request.IsReconcile)
            throw TooLong(options);
    }

    private static long LeastBytes(Change change) => change switch
    {
        PutChange { Object: var put } => put.Properties.Length + put.AccessList.Length + put.Name.Length,
        RemoveChange remove => remove.Name.Length,
        PutLocalChange local => local.Entry.Content.Length,
        _ => 0,
    };

    // Nothing is said of an object before it is known that the caller may see it.
    private CmsObject Visible(long id)
    {
        var found = overlay.Find(id) ?? throw ObjectRules.NotFound(id);
        return MaySee(found) ? found : throw ObjectRules.NotFound(id, isHidden: true);
    }

    private bool MaySee(CmsObject one) => request.Guard?.MaySee(overlay, one) != false;

    private CmsObject Existing(long id, int? expectedVersion, string? expectedCuid)
    {
        var found = Visible(id);
        if (expectedCuid is not null && expectedCuid != found.Cuid)
        {
            throw new LoggerCmsException(
                ErrorCodes.ObjectNotFound,
                $"Object {id} is '{ObjectPaths.Of(overlay, found)}' here, not the one with the CUID '{expectedCuid}': that one was read from another system.",
                "Give the connection that it was read by: -Connection.");
        }

        if (expectedVersion is { } version && version != found.Version)
        {
            throw new LoggerCmsException(
                ErrorCodes.VersionConflict,
                $"Object {id} '{found.Name}' has version {found.Version}, not {version}: somebody changed it in the meantime.",
                "Read it again, look at what changed, and repeat the change.");
        }

        return found;
    }

    // All at once: to read them back one by one, and plan from the beginning each time, would cost the square of them.
    private List<long> Missing()
    {
        HashSet<long> missing = [];
        foreach (var operation in request.Operations)
        {
            if (operation is ChangeObject change && overlay.Find(change.Id) is { IsSkeleton: true } found && MaySee(found))
                missing.Add(change.Id);
        }

        return [.. missing];
    }

    // Gives the length of its path.
    private int Container(long parentId)
    {
        var parent = Visible(parentId);
        if (!ObjectKinds.Of(parent.Kind).IsContainer)
            throw Invalid($"Object {parentId} '{parent.Name}' is a {parent.Kind}, which holds no other objects.", "Name a folder.");
        var (depth, length) = (0, parent.ParentId == 0 ? 0 : ObjectPaths.LengthOf(parent.Name));
        foreach (var above in ObjectPaths.Ancestors(overlay, parent))
        {
            depth++;
            length += above.ParentId == 0 ? 0 : ObjectPaths.LengthOf(above.Name);
        }

        if (depth >= ObjectPaths.MaxDepth - 2)
            throw Invalid($"Object {parentId} '{parent.Name}' lies too deep to hold others.", $"Use at most {ObjectPaths.MaxDepth} levels.");
        return length;
    }

    /// <summary>The record of a request is longer than <see cref="ClusterOptions.MostRecordBytes"/>.</summary>
    public static LoggerCmsException TooLong(ClusterOptions options) => new(
        ErrorCodes.LimitExceeded, $"The request makes a record of more than {options.MostRecordBytes:N0} bytes.", "Split it into several requests.")
    {
        IsOfRequest = true,
    };

    private LoggerCmsException TooMany() => new(
        ErrorCodes.LimitExceeded, $"The request makes more than {options.MostChanges:N0} changes.", "Split it into several requests; remove a large tree folder by folder, and what lies in one folder with Get-CmsObject PATH -Children | Remove-CmsObject.")
    {
        IsOfRequest = true,
    };

    private static LoggerCmsException HoldsHidden(CmsObject target, CmsObject hidden) => new(
        ErrorCodes.Forbidden, $"Object {target.Id} '{target.Name}' holds something that you may not see.", "Have it removed by somebody who sees all of it.")
    {
        DeniedObjectId = hidden.Id,
    };

    private static LoggerCmsException Invalid(string message, string remedy) => new(ErrorCodes.InvalidObject, message, remedy);

    private static string NewCuid()
    {
        Span<byte> id = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(id);
        return Base64Url.EncodeToString(id);
    }
}
