using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>What a caller wants changed: all of it or nothing.</summary>
internal sealed record WriteRequest
{
    /// <summary>
    /// A version 7 id, whose time says whether an answer to an earlier try may be forgotten already; empty where the caller never tries again. Of a
    /// reconcile the once-only id.
    /// </summary>
    public required Guid RequestId { get; init; }

    /// <summary>Of what is asked, so that one id is not two requests'; 0 where it is not known.</summary>
    public long Fingerprint { get; init; }

    /// <summary>
    /// Makes a change again that was acknowledged before: its id is looked for by the reconciler, and no limit that came since stands against it.
    /// </summary>
    public bool IsReconcile { get; init; }

    public required long PrincipalId { get; init; }

    public required string ClientAddress { get; init; }

    /// <summary>Throws <c>Forbidden</c> where the caller may not; null for the node itself.</summary>
    public required IWriteGuard? Guard { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<WriteOperation> Operations { get; init; }

    /// <summary>The caller has gone: no object is read back for it any more. What is on its way to the disk by then is done.</summary>
    public CancellationToken Gone { get; init; }

    /// <summary>Whether its plan may keep everybody waiting; otherwise it ends with <see cref="TakesLongException"/> when it turns out that it would.</summary>
    public bool MayTakeLong { get; init; } = true;

    /// <summary>A change about whose right was decided before, and that nobody sends again.</summary>
    public static WriteRequest Decided(long principalId, string clientAddress, params IReadOnlyList<WriteOperation> operations) => new()
    {
        RequestId = Guid.Empty,
        PrincipalId = principalId,
        ClientAddress = clientAddress,
        Guard = null,
        Operations = operations,
    };
}

/// <summary>Decides what the caller of one request may do.</summary>
internal interface IWriteGuard
{
    /// <summary>Said before anything is asked about it.</summary>
    void Begin(WriteOperation operation)
    {
    }

    /// <summary>
    /// Asked of each object that a request names, or removes with another, before anything else is said or asked of it: whether the caller may know
    /// that it exists.
    /// </summary>
    bool MaySee(IObjectView view, CmsObject one);

    /// <summary>
    /// Asked of an object that is to be changed, before anything of it is held against what it is to become: whether the caller may change that at all.
    /// Otherwise whoever asks for what is so already would be told that it is, and would make a version.
    /// </summary>
    /// <exception cref="LoggerCmsException">Forbidden, naming the right and the object.</exception>
    void DemandToTouch(IObjectView view, CmsObject one, ChangeObject change);

    /// <summary>Asked for each change before it is made, and before a tree is searched for it.</summary>
    /// <param name="view">What the change would be made to.</param>
    /// <param name="before">The object; null where one is made.</param>
    /// <param name="after">The object after the change; null where it is removed.</param>
    /// <exception cref="LoggerCmsException">Forbidden, naming the right and the object.</exception>
    void Demand(IObjectView view, CmsObject? before, CmsObject? after);
}

internal abstract record WriteOperation;

/// <summary>Makes an object in a folder.</summary>
internal sealed record CreateObject : WriteOperation
{
    public required string Kind { get; init; }

    public required long ParentId { get; init; }

    public required string Name { get; init; }

    /// <summary>Null makes a new one.</summary>
    public string? Cuid { get; init; }

    /// <summary>Null for the caller.</summary>
    public long? OwnerId { get; init; }

    public byte[] Properties { get; init; } = [];

    public byte[] AccessList { get; init; } = [];
}

/// <summary>Changes an object. What is null stays as it is.</summary>
internal sealed record ChangeObject : WriteOperation
{
    public required long Id { get; init; }

    /// <summary>Another version is <c>VersionConflict</c>; null changes whatever version is there.</summary>
    public int? ExpectedVersion { get; init; }

    /// <summary>Another CUID is <c>ObjectNotFound</c>; null changes whatever object has the id.</summary>
    public string? ExpectedCuid { get; init; }

    public string? Name { get; init; }

    /// <summary>The folder to move it to.</summary>
    public long? ParentId { get; init; }

    public long? OwnerId { get; init; }

    public Func<byte[], byte[]>? Properties { get; init; }

    public Func<byte[], byte[]>? AccessList { get; init; }
}

/// <summary>Removes an object.</summary>
internal sealed record RemoveObject : WriteOperation
{
    public required long Id { get; init; }

    public int? ExpectedVersion { get; init; }

    public string? ExpectedCuid { get; init; }

    /// <summary>With everything below it; otherwise a folder that is not empty is <c>InvalidObject</c>.</summary>
    public bool Recurse { get; init; }
}

/// <summary>A change of an earlier epoch, as it stands in a delta file: made again whatever the version is now, because that was decided before.</summary>
internal sealed record RepeatChange(Change Original) : WriteOperation;

/// <summary>Puts a side-local entry.</summary>
internal sealed record PutLocal(LocalEntry Entry) : WriteOperation;

/// <summary>
/// Puts the answer that is kept for the once-only id of what the request makes again: with its objects as the request leaves them, because their next
/// changes in the older files are held against that.
/// </summary>
internal sealed record PutOnceOnly(LocalEntry Entry) : WriteOperation;

/// <summary>Removes a side-local entry.</summary>
internal sealed record RemoveLocal(LocalKey Key) : WriteOperation;

/// <param name="Changed">One for each object that was changed, in order.</param>
/// <param name="Repeated">True when this is the answer to an earlier try of the same request.</param>
internal sealed record WriteAnswer(IReadOnlyList<ChangedObject> Changed, bool Repeated);

/// <param name="Id">Of the object.</param>
/// <param name="Version">After the change; 0 where it was removed.</param>
/// <param name="UpdateKey">Of the change.</param>
internal readonly record struct ChangedObject(long Id, int Version, long UpdateKey);
