namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// A side's system database as its node uses it. Every failure is a <see cref="LoggerCmsException"/>: <c>ServerUnreachable</c>,
/// <c>ConnectionLost</c>, <c>DiskFull</c>, <c>DatabaseNotFound</c>, <c>NotADatabase</c>, <c>FormatNotSupported</c> … A connection that broke is
/// made again by the next call. What writes holds the lease as it was taken through this object: besides the epoch, the node and the system's
/// identity must be those of then, or it is <c>EpochLost</c>, because the name may lead to another system's database by now; and the epoch's last key
/// must not be below one that was seen committed through this object, or it is <c>DatabaseWentBack</c>. Calls of <see cref="LoadAsync"/> and <see cref="FindAsync"/> may run beside a flush; the others come one at a time.
/// </summary>
internal interface ISystemDatabase : IAsyncDisposable
{
    /// <summary>The database for messages; never a secret.</summary>
    string Name { get; }

    /// <summary>Makes the tables where they are missing. An unknown format version is refused and left untouched.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes the lease by compare-and-set: refused with <c>SideInService</c>, naming the holder, where another node's lease is in force, unless
    /// <paramref name="takeOver"/>. The same node id takes its own lease again. The epoch is the next above the last one, and above
    /// <paramref name="usedEpoch"/>; its row in the epochs starts with <see cref="EpochEnd.LastKey"/> = <see cref="SystemDatabaseState.UpdateKeyEnd"/>,
    /// below which the epoch assigns nothing.
    /// </summary>
    Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken);

    /// <summary>Gives the lease back at a clean stop: the row stays, with its epoch, and has expired. Nothing where the epoch is another's by now.</summary>
    Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Moves the durable ends of the blocks that ids and update keys come from; neither ever goes back. The first statement checks the epoch.
    /// </summary>
    Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken);

    /// <summary>Hands over every object once, in no order, from several threads at a time when the database can be read side by side.</summary>
    Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken);

    /// <summary>The object as the database has it; null too where, since the lease was taken, another system's database is in its place.</summary>
    Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the batch in one transaction whose first statement is an UPDATE of the lease row WHERE the epoch is the batch's: other than one
    /// row is <c>EpochLost</c>, and nothing was written. When the answer to COMMIT is lost, <c>OutcomeUnknown</c>: the caller reads the state and
    /// compares the epoch's last key; writing the same batch again is right in any case. <c>DestinationInUse</c> where somebody else holds a lock
    /// for longer than the database waits (on SQLite a reader is enough): nothing was written, and the next flush may go through.
    /// </summary>
    Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a whole content in the place of all objects and side-local entries, in one transaction under the check of the epoch, as
    /// <see cref="FlushAsync"/> has it. From then on it is another database, to which nothing belongs that knew the old identity.
    /// </summary>
    Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken);

    /// <summary>Side-local entries of a class (tokens, once-only requests), in no order.</summary>
    Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken);
}

/// <param name="Identity">Made when the tables were; a restore makes another.</param>
/// <param name="Lease">Null before the first node.</param>
/// <param name="ObjectIdEnd">No id up to and including this one may be given out again.</param>
/// <param name="UpdateKeyEnd">
/// The same for update keys, as far as nodes gave them out. Objects that came by another way, as a state transfer into a stopped side brings them,
/// may have higher ones: whoever loads the objects takes the highest of theirs and of this.
/// </param>
/// <param name="LastUpdateKey">The last change that a node flushed.</param>
/// <param name="Objects">How many objects it holds.</param>
/// <param name="Bytes">About how many bytes they are.</param>
/// <param name="Epochs">For each epoch, who flushed and up to which key.</param>
internal sealed record SystemDatabaseState(
    Guid Identity, Lease? Lease, long ObjectIdEnd, long UpdateKeyEnd, long LastUpdateKey, long Objects, long Bytes, IReadOnlyList<EpochEnd> Epochs)
{
    /// <summary>False where the server is set not to wait for its disk: what it commits does not survive its machine's power loss.</summary>
    public bool IsSynced { get; init; } = true;
}

/// <summary>Who may write the system database. After a clean stop it is not in force.</summary>
internal sealed record Lease(long Epoch, Guid NodeId, string NodeName, bool InForce)
{
    /// <summary>The holder's name where it is a reconcile without a node.</summary>
    public const string OfReconcile = "reconcile";
}

/// <summary>An entry (epoch, key) is in the database if and only if the key is not above <paramref name="LastKey"/>.</summary>
internal sealed record EpochEnd(long Epoch, Guid NodeId, long LastKey);

/// <summary>
/// The changes of an interval, each object once, as it is after the last of them. Order within the transaction: deletes before puts, and the
/// names of puts may swap, so a unique index over (parent, name) must not fail on the way.
/// </summary>
internal sealed record FlushBatch
{
    public required long Epoch { get; init; }

    /// <summary>The last change that the batch covers: it becomes the epoch's end.</summary>
    public required long LastUpdateKey { get; init; }

    /// <summary>Objects made or changed; the database may have them or not.</summary>
    public required IReadOnlyList<CmsObject> Put { get; init; }

    /// <summary>Ids of objects that are gone; the database may have them or not.</summary>
    public required IReadOnlyList<long> Remove { get; init; }

    public required IReadOnlyList<LocalEntry> PutLocal { get; init; }

    public required IReadOnlyList<LocalKey> RemoveLocal { get; init; }

    /// <summary>About how much there is to write.</summary>
    public long Bytes { get; init; }
}

/// <summary>All that a system database is to hold.</summary>
internal sealed record SystemContent
{
    public required long Epoch { get; init; }

    /// <summary>The database's new identity.</summary>
    public required Guid Identity { get; init; }

    /// <summary>As of a flush.</summary>
    public required long LastUpdateKey { get; init; }

    /// <summary>In the order of their ids; read once and while the transaction is open, so that they need not be in memory together.</summary>
    public required IEnumerable<CmsObject> Objects { get; init; }

    public required IReadOnlyList<LocalEntry> Local { get; init; }
}

/// <summary>What is kept in side-local tables: never transferred, never part of a checksum.</summary>
internal enum LocalClass : byte
{
    Token = 1,
    Request = 2,
}

internal readonly record struct LocalKey(LocalClass Class, Guid Id);

/// <param name="Key">Its class and id.</param>
/// <param name="ExpiresUs">Microseconds since 1970 UTC, for clearing what has expired.</param>
/// <param name="Content">Opaque to the database.</param>
internal sealed record LocalEntry(LocalKey Key, long ExpiresUs, byte[] Content);
