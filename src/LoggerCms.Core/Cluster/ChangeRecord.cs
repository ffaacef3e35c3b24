using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>The changes of one request: they are all there, in the delta file, in the image and in the database, or none is.</summary>
internal sealed record ChangeRecord
{
    public required long Epoch { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long TimeUs { get; init; }

    /// <summary>Who asked; 0 for the node itself.</summary>
    public required long PrincipalId { get; init; }

    /// <summary>From where; empty for the node itself.</summary>
    public required string ClientAddress { get; init; }

    /// <summary>The client's once-only id; empty for none.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>The request's; 0 where it is not known.</summary>
    public long Fingerprint { get; init; }

    /// <summary>In the order of their update keys.</summary>
    public required Change[] Changes { get; init; }

    public long FirstUpdateKey => Changes[0].UpdateKey;

    public long LastUpdateKey => Changes[^1].UpdateKey;
}

/// <summary>One change.</summary>
internal abstract record Change
{
    public required long UpdateKey { get; init; }
}

/// <summary>An object was made or changed.</summary>
internal sealed record PutChange : Change
{
    /// <summary>The object after the change; its update key is the change's.</summary>
    public required CmsObject Object { get; init; }

    /// <summary>The update key of the version before; 0 where the object was made.</summary>
    public required long BeforeKey { get; init; }
}

/// <summary>An object was removed.</summary>
internal sealed record RemoveChange : Change
{
    public required long Id { get; init; }

    /// <summary>The update key of the last version.</summary>
    public required long BeforeKey { get; init; }

    /// <summary>What it was, for the audit and for a conflict's report.</summary>
    public required string Kind { get; init; }

    public required string Name { get; init; }
}

/// <summary>A side-local entry was made or changed.</summary>
internal sealed record PutLocalChange : Change
{
    public required LocalEntry Entry { get; init; }
}

/// <summary>A side-local entry was removed.</summary>
internal sealed record RemoveLocalChange : Change
{
    public required LocalKey Key { get; init; }
}
