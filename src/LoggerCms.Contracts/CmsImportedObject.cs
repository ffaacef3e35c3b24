namespace LoggerCms;

/// <summary>What an import did with one object.</summary>
public sealed record CmsImportedObject
{
    /// <summary>In the input, from 1.</summary>
    public required long Line { get; init; }

    /// <summary><c>Created</c>, <c>Overwritten</c>, <c>Skipped</c>, or under -WhatIf <c>WouldCreate</c>, <c>WouldOverwrite</c>, <c>WouldSkip</c>.</summary>
    public required string Status { get; init; }

    /// <summary>0 where it is not made yet.</summary>
    public required long Id { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string Path { get; init; }

    /// <summary>The object's id in the system that it was exported from.</summary>
    public required long SourceId { get; init; }

    public required string SourceCuid { get; init; }
}
