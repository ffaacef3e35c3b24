using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node.Tests.Support;

/// <summary>A system database in memory by the letter of its contract: every call is done whole or not at all.</summary>
internal sealed class FakeSystemDatabase : ISystemDatabase
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, CmsObject> _objects;
    private readonly Dictionary<LocalKey, LocalEntry> _local;
    private readonly SortedDictionary<long, EpochEnd> _epochs;
    private Guid _identity;
    private Lease? _lease;
    private long _objectIdEnd;
    private long _updateKeyEnd;
    private long _lastUpdateKey;

    public FakeSystemDatabase()
        => (_identity, _objects, _local, _epochs) = (Guid.NewGuid(), [], [], []);

    private FakeSystemDatabase(FakeSystemDatabase other)
    {
        (_identity, _objects, _local, _epochs) = (other._identity, new(other._objects), new(other._local), new(other._epochs));
        (_lease, _objectIdEnd, _updateKeyEnd, _lastUpdateKey) = (other._lease, other._objectIdEnd, other._updateKeyEnd, other._lastUpdateKey);
    }

    public string Name => "fake";

    public FakeSystemDatabase Copy() => Do(() => new FakeSystemDatabase(this));

    /// <summary>A copy whose entries of a class have been cleared, as their time does in the end.</summary>
    public FakeSystemDatabase Forgetting(LocalClass localClass) => Do(() =>
    {
        var copy = new FakeSystemDatabase(this);
        foreach (var key in copy._local.Keys.Where(k => k.Class == localClass).ToList())
            copy._local.Remove(key);
        return copy;
    });

    /// <summary>As a state transfer into the stopped side does: an object has an update key that no block here was reserved for.</summary>
    public void TransferInto(long id, long updateKey) => Do(() =>
    {
        var before = _objects[id];
        _objects[id] = new CmsObject
        {
            Id = id,
            Cuid = before.Cuid,
            ParentId = before.ParentId,
            Kind = before.Kind,
            Name = before.Name,
            OwnerId = before.OwnerId,
            Version = before.Version,
            UpdateKey = updateKey,
            CreatedUs = before.CreatedUs,
            ModifiedUs = before.ModifiedUs,
            AccessList = before.AccessList,
            Properties = before.Properties,
        };
        return true;
    });

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken) => Task.FromResult(Do(() => new SystemDatabaseState(
        _identity, _lease, Math.Max(_objectIdEnd, _objects.Keys.DefaultIfEmpty().Max()), _updateKeyEnd, _lastUpdateKey, _objects.Count, 0, [.. _epochs.Values])));

    public Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken) => Task.FromResult(Do(() =>
    {
        if (_lease is { InForce: true } held && held.NodeId != nodeId && !takeOver)
            throw new LoggerCmsException(ErrorCodes.SideInService, $"{held.NodeName} holds the lease.", "Stop it.");
        _lease = new Lease(Math.Max(_lease?.Epoch ?? 0, usedEpoch) + 1, nodeId, nodeName, InForce: true);
        _epochs[_lease.Epoch] = new EpochEnd(_lease.Epoch, nodeId, _updateKeyEnd);
        return _lease;
    }));

    public Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken) => Task.FromResult(Do(() =>
    {
        if (_lease?.Epoch == epoch)
            _lease = _lease with { InForce = false };
        return true;
    }));

    public Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken) => Task.FromResult(Do(() =>
    {
        Hold(epoch);
        (_objectIdEnd, _updateKeyEnd) = (Math.Max(_objectIdEnd, objectIdEnd), Math.Max(_updateKeyEnd, updateKeyEnd));
        return true;
    }));

    public Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        foreach (var one in Do(() => _objects.Values.ToList()))
            onObject(one);
        return Task.CompletedTask;
    }

    public Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken) => Task.FromResult(Do(() => _objects.GetValueOrDefault(id)));

    public Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken) => Task.FromResult(Do(() =>
    {
        Hold(batch.Epoch);
        foreach (var id in batch.Remove)
            _objects.Remove(id);
        foreach (var one in batch.Put)
            _objects[one.Id] = one.IsSkeleton ? throw new InvalidOperationException("A skeleton is flushed.") : one;
        foreach (var key in batch.RemoveLocal)
            _local.Remove(key);
        foreach (var entry in batch.PutLocal)
            _local[entry.Key] = entry;
        _epochs[batch.Epoch] = _epochs[batch.Epoch] with { LastKey = Math.Max(_epochs[batch.Epoch].LastKey, batch.LastUpdateKey) };
        _lastUpdateKey = Math.Max(_lastUpdateKey, batch.LastUpdateKey);
        _updateKeyEnd = Math.Max(_updateKeyEnd, batch.LastUpdateKey);
        return true;
    }));

    public Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken) => Task.FromResult(Do(() =>
    {
        Hold(content.Epoch);
        var objects = content.Objects.ToList();
        _objects.Clear();
        _local.Clear();
        foreach (var one in objects)
            _objects.Add(one.Id, one);
        foreach (var entry in content.Local)
            _local.Add(entry.Key, entry);
        _identity = content.Identity;
        _epochs[content.Epoch] = _epochs[content.Epoch] with { LastKey = Math.Max(_epochs[content.Epoch].LastKey, content.LastUpdateKey) };
        (_lastUpdateKey, _updateKeyEnd) = (Math.Max(_lastUpdateKey, content.LastUpdateKey), Math.Max(_updateKeyEnd, content.LastUpdateKey));
        return true;
    }));

    public Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken)
    {
        foreach (var entry in Do(() => _local.Values.Where(e => e.Key.Class == localClass).ToList()))
            onEntry(entry);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Hold(long epoch)
    {
        if (_lease?.Epoch != epoch)
            throw new LoggerCmsException(ErrorCodes.EpochLost, $"Epoch {epoch} is over.", "Start the node again.");
    }

    private T Do<T>(Func<T> work)
    {
        lock (_lock)
            return work();
    }
}
