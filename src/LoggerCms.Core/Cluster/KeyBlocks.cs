using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Gives out object ids and update keys from blocks whose ends are durable in the system database. An epoch begins above the ends that it found,
/// so that nothing is used twice, whatever happened to the numbers in between. The caller holds the write order.
/// </summary>
internal sealed class KeyBlocks(ISystemDatabase database, long epoch, SystemDatabaseState state, ClusterOptions options)
{
    private long _objectId = Math.Max(state.ObjectIdEnd, SystemObjects.LastReservedId);
    private long _updateKey = state.UpdateKeyEnd;
    private long _objectIdEnd = state.ObjectIdEnd;
    private long _updateKeyEnd = state.UpdateKeyEnd;

    /// <summary>The last update key that was given out, or the end of what others used.</summary>
    public long LastUpdateKey => Volatile.Read(ref _updateKey);

    /// <summary>What may be given out without asking the database again.</summary>
    public (long ObjectId, long UpdateKey) Ends => (Volatile.Read(ref _objectIdEnd), Volatile.Read(ref _updateKeyEnd));

    /// <summary>Called once the database has other ends, before anything of them is given out; must not throw.</summary>
    public Action<(long ObjectId, long UpdateKey)>? Reserved { get; init; }

    /// <summary>True when half of a block is used up.</summary>
    public bool RunsLow => Remaining(_objectIdEnd, ref _objectId) < options.ObjectIdBlock / 2
        || Remaining(_updateKeyEnd, ref _updateKey) < options.UpdateKeyBlock / 2;

    /// <summary>Where the next numbers are taken from.</summary>
    public (long ObjectId, long UpdateKey) Mark => (_objectId, _updateKey);

    /// <exception cref="BlockUsedUpException">The block is used up.</exception>
    public long NextObjectId() => _objectId < Volatile.Read(ref _objectIdEnd) ? ++_objectId : throw UsedUp("object ids");

    /// <exception cref="BlockUsedUpException">The block is used up.</exception>
    public long NextUpdateKey() => _updateKey < Volatile.Read(ref _updateKeyEnd) ? ++_updateKey : throw UsedUp("update keys");

    /// <summary>
    /// Takes back what was given out since, for a change that was not made: nobody has the numbers, and requests that are refused would use up what
    /// those of others need.
    /// </summary>
    public void GiveBack((long ObjectId, long UpdateKey) mark)
    {
        Volatile.Write(ref _objectId, mark.ObjectId);
        Volatile.Write(ref _updateKey, mark.UpdateKey);
    }

    /// <summary>Makes sure of a whole block of both. Never at the same time as a flush.</summary>
    public async Task ReserveAsync(CancellationToken cancellationToken)
    {
        var objectIdEnd = Volatile.Read(ref _objectId) + options.ObjectIdBlock;
        var updateKeyEnd = Volatile.Read(ref _updateKey) + options.UpdateKeyBlock;
        await database.ReserveAsync(epoch, objectIdEnd, updateKeyEnd, cancellationToken).ConfigureAwait(false);
        if (Ends != (objectIdEnd, updateKeyEnd))
            Reserved?.Invoke((objectIdEnd, updateKeyEnd));
        Volatile.Write(ref _objectIdEnd, objectIdEnd);
        Volatile.Write(ref _updateKeyEnd, updateKeyEnd);
    }

    /// <summary>Numbers for a plan, which belong to nothing: the next ones as they are now, without a block and without a database.</summary>
    public KeyBlocks ForPlan() => new(database, epoch, state, options)
    {
        _objectId = _objectId,
        _updateKey = _updateKey,
        _objectIdEnd = long.MaxValue,
        _updateKeyEnd = long.MaxValue,
    };

    /// <summary>The same above all that is used.</summary>
    /// <param name="above">The plan's update keys come after it.</param>
    public static KeyBlocks ForPlan(long above)
        => new(null!, 0, new SystemDatabaseState(Guid.Empty, null, above, above, 0, 0, 0, []), new ClusterOptions()) { _objectIdEnd = long.MaxValue, _updateKeyEnd = long.MaxValue };

    private static long Remaining(long end, ref long at) => end - Volatile.Read(ref at);

    private static BlockUsedUpException UsedUp(string what) => new(new LoggerCmsException(
        ErrorCodes.NodeNotReady,
        $"The block of {what} is used up, and the system database could not be asked for another.",
        "Bring the system database back; look at Get-CmsNode for the reason."));
}

/// <summary>No number is left: nothing was done, and with another block it can be.</summary>
internal sealed class BlockUsedUpException(LoggerCmsException failure) : Exception(failure.Message)
{
    /// <summary>For who has waited for another block in vain.</summary>
    public LoggerCmsException Failure => failure;
}
