namespace LoggerCms.Core.RunTimeImage;

/// <summary>One version of one object. It never changes; a change makes another.</summary>
internal sealed class CmsObject
{
    /// <summary>Stands for properties that were dropped from memory: compared by reference, and not a valid bag, so that nobody takes it for an empty one.</summary>
    public static readonly byte[] NotInMemory = [0];

    /// <summary>Set by a reader while the image has a memory limit: what was not read since the last sweep is dropped first. Not part of the version.</summary>
    internal bool WasRead;

    /// <summary>Greater than 0; never used twice, also after a delete.</summary>
    public required long Id { get; init; }

    /// <summary>The id that stays the same when an object is taken to another system; unique, compared by ordinal.</summary>
    public required string Cuid { get; init; }

    /// <summary>One of <see cref="ObjectKinds"/> or any other name; one string instance a kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The folder it lies in; 0 only for the root.</summary>
    public required long ParentId { get; init; }

    /// <summary>Unique within its folder, whatever the case.</summary>
    public required string Name { get; init; }

    public required long OwnerId { get; init; }

    /// <summary>1 when made, and one more with each change: what optimistic concurrency compares.</summary>
    public required int Version { get; init; }

    /// <summary>The change that made this version.</summary>
    public required long UpdateKey { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long CreatedUs { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long ModifiedUs { get; init; }

    /// <summary>
    /// The encoded property bag; empty for none. Nobody may write to it. Where the run time image has a memory limit it may be
    /// <see cref="NotInMemory"/>: then <see cref="IPropertySource.GetAsync"/> gives the same version with them.
    /// </summary>
    public required byte[] Properties { get; init; }

    /// <summary>The encoded access list; empty for one that has no entry and inherits.</summary>
    public byte[] AccessList { get; init; } = [];

    /// <summary>Whether <see cref="Properties"/> were dropped from memory.</summary>
    public bool IsSkeleton => ReferenceEquals(Properties, NotInMemory);

    /// <summary>The same version with other bytes for its properties: those read back, or <see cref="NotInMemory"/>.</summary>
    public CmsObject With(byte[] properties) => new()
    {
        Id = Id,
        Cuid = Cuid,
        Kind = Kind,
        ParentId = ParentId,
        Name = Name,
        OwnerId = OwnerId,
        Version = Version,
        UpdateKey = UpdateKey,
        CreatedUs = CreatedUs,
        ModifiedUs = ModifiedUs,
        Properties = properties,
        AccessList = AccessList,
    };
}
