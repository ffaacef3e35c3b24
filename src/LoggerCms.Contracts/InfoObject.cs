using System.Collections;

namespace LoggerCms;

/// <summary>An object as the shell shows it: <see cref="CmsObjectInfo"/> with values of .NET for its properties.</summary>
public sealed record InfoObject
{
    public required long Id { get; init; }

    public required string Cuid { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>From the root, as <c>/Root Folder/Sales/Q1</c>.</summary>
    public required string Path { get; init; }

    public required long ParentId { get; init; }

    public required long OwnerId { get; init; }

    public required string Owner { get; init; }

    public required int Version { get; init; }

    public required long UpdateKey { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Modified { get; init; }

    /// <summary>
    /// By name, whatever the case: string, long, decimal, double, bool, DateTimeOffset, Guid, byte[], an array of those, or a dictionary.
    /// </summary>
    public required IDictionary Properties { get; init; }
}
