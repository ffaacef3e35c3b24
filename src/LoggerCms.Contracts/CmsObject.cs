using System.Text.Json;

namespace LoggerCms;

/// <summary>An object as a caller sees it.</summary>
public sealed record CmsObjectInfo
{
    public required long Id { get; init; }

    public required string Cuid { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>From the root, as <c>/Sales/Q1</c>.</summary>
    public required string Path { get; init; }

    public required long ParentId { get; init; }

    public required long OwnerId { get; init; }

    /// <summary>The owner's name.</summary>
    public required string Owner { get; init; }

    public required int Version { get; init; }

    public required long UpdateKey { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Modified { get; init; }

    /// <summary>
    /// A JSON object. Types that JSON does not have are objects with one name: <c>{"$decimal":"1.00"}</c>, <c>$double</c>, <c>$date</c>,
    /// <c>$guid</c>, <c>$binary</c>. Null is no value and is refused. A date is ISO 8601, UTC where it names no offset.
    /// </summary>
    public JsonElement Properties { get; init; }

    /// <summary>Of an export with rights: what the caller may see of them; otherwise null.</summary>
    public CmsObjectRights? Rights { get; init; }

    /// <summary>Of an export with rights, of a user or group: the groups that it is a direct member of; otherwise null.</summary>
    public IReadOnlyList<CmsGroupName>? Groups { get; init; }
}

/// <summary>A group, by what finds it in another system.</summary>
public sealed record CmsGroupName
{
    public required long Id { get; init; }

    /// <summary>Null where the caller may not see it.</summary>
    public string? Cuid { get; init; }

    /// <summary>Null where the caller may not see it.</summary>
    public string? Name { get; init; }
}

/// <summary>The owner and the own access list of an object, by what means the same in another system.</summary>
public sealed record CmsObjectRights
{
    /// <summary>Null where the owner was removed.</summary>
    public string? OwnerCuid { get; init; }

    public required bool InheritFromFolder { get; init; }

    public required bool InheritFromGroups { get; init; }

    public required IReadOnlyList<CmsObjectRight> Entries { get; init; }
}

/// <summary>An entry of <see cref="CmsObjectRights"/>.</summary>
public sealed record CmsObjectRight
{
    /// <summary>The user or group; what an export says of it besides is for finding it in another system.</summary>
    public required long PrincipalId { get; init; }

    public string? PrincipalCuid { get; init; }

    public string? Principal { get; init; }

    /// <summary><c>User</c> or <c>UserGroup</c>.</summary>
    public string? PrincipalKind { get; init; }

    public required string Right { get; init; }

    /// <summary><c>Granted</c> or <c>Denied</c>.</summary>
    public required string Value { get; init; }
}

/// <summary>Changes that are made all together or not at all.</summary>
public sealed record CmsChangeRequest
{
    /// <summary>A version 7 id of the caller's: the same request sent again gets its first answer; another version is refused. Null for a caller that never tries again.</summary>
    public Guid? RequestId { get; init; }

    /// <summary>Plan the changes as they would be made, with every check, and answer what would change; nothing is.</summary>
    public bool WhatIf { get; init; }

    public required IReadOnlyList<CmsChange> Changes { get; init; }
}

/// <summary>One change. Which properties it has depends on <see cref="Operation"/>.</summary>
public sealed record CmsChange
{
    /// <summary><c>Create</c>, <c>Update</c>, <c>Move</c>, <c>Remove</c>, <c>SetRight</c> or <c>SetInheritance</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>The object; of <c>Create</c> none.</summary>
    public long? Id { get; init; }

    /// <summary>The version that is to be changed; another is <c>VersionConflict</c>.</summary>
    public int? ExpectedVersion { get; init; }

    /// <summary>The CUID that the object was read with; another is <c>ObjectNotFound</c>: every system counts its ids from the same number.</summary>
    public string? ExpectedCuid { get; init; }

    public string? Kind { get; init; }

    public string? Name { get; init; }

    public long? ParentId { get; init; }

    public string? Cuid { get; init; }

    public long? OwnerId { get; init; }

    /// <summary>Of <c>Create</c> and <c>Update</c>: the whole access list; null leaves it. Principals are told by their ids here.</summary>
    public CmsObjectRights? Rights { get; init; }

    /// <summary>Properties to set, in the form of <see cref="CmsObjectInfo.Properties"/>.</summary>
    public JsonElement? Properties { get; init; }

    /// <summary>Names of properties to take away.</summary>
    public IReadOnlyList<string>? RemoveProperties { get; init; }

    /// <summary>Of <c>Remove</c>: with everything below.</summary>
    public bool Recurse { get; init; }

    /// <summary>Of <c>SetRight</c>: whose.</summary>
    public long? PrincipalId { get; init; }

    /// <summary>Of <c>SetRight</c>: which; null with <see cref="RightValue"/> <c>NotSpecified</c> takes all of the principal's entries.</summary>
    public string? Right { get; init; }

    /// <summary>Of <c>SetRight</c>: <c>Granted</c>, <c>Denied</c> or <c>NotSpecified</c>.</summary>
    public string? RightValue { get; init; }

    /// <summary>Of <c>SetInheritance</c>.</summary>
    public bool? InheritFromFolder { get; init; }

    /// <summary>Of <c>SetInheritance</c>.</summary>
    public bool? InheritFromGroups { get; init; }
}

/// <summary>The answer to a <see cref="CmsChangeRequest"/>.</summary>
public sealed record CmsChangeAnswer
{
    /// <summary>One for each object that was changed, in order.</summary>
    public required IReadOnlyList<CmsChangedObject> Changed { get; init; }

    /// <summary>True where an earlier try of the same request had made the changes.</summary>
    public required bool Repeated { get; init; }

    /// <summary>On how many nodes the changes are durable; 0 where they were planned only.</summary>
    public required int DurableOn { get; init; }
}

/// <summary>What became of one object.</summary>
public sealed record CmsChangedObject
{
    public required long Id { get; init; }

    /// <summary>0 where it was removed.</summary>
    public required int Version { get; init; }

    public required long UpdateKey { get; init; }
}

/// <summary>A page of objects.</summary>
public sealed record CmsObjectPage
{
    public required IReadOnlyList<CmsObjectInfo> Objects { get; init; }

    /// <summary>Asks for the next page; null at the end.</summary>
    public string? Next { get; init; }
}

/// <summary>An error as it comes over the wire.</summary>
public sealed record CmsError
{
    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    public required string Message { get; init; }

    public required string Remedy { get; init; }
}
