namespace LoggerCms;

/// <summary>Asks a node for a backup.</summary>
public sealed record CmsBackupRequest
{
    /// <summary>A new folder on the node's machine.</summary>
    public required string Path { get; init; }
}

/// <summary>Asks for a backup to be put back.</summary>
public sealed record CmsRestoreRequest
{
    /// <summary>The folder that a backup was written to.</summary>
    public required string Path { get; init; }

    /// <summary>The system database to fill. What it holds is replaced.</summary>
    public required SideConnection Database { get; init; }

    /// <summary>The node's data folder, for its authority and delta files; null leaves them out.</summary>
    public string? DataPath { get; init; }

    /// <summary>Replace a system database that holds objects already.</summary>
    public bool Force { get; init; }

    /// <summary>Check everything and say what would be done.</summary>
    public bool WhatIf { get; init; }
}

/// <summary>A backup of a side at one update key.</summary>
public sealed record CmsBackupInfo
{
    public required string Path { get; init; }

    public required Guid SystemId { get; init; }

    public required string Side { get; init; }

    /// <summary>Everything up to here is in it.</summary>
    public required long UpdateKey { get; init; }

    public required long Objects { get; init; }

    public required long Bytes { get; init; }

    /// <summary>SHA-256 over the objects' file, in hexadecimal.</summary>
    public required string Checksum { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>The version of the form.</summary>
    public required int Version { get; init; }

    /// <summary>Of a restore, the delta files of the data folder that were set aside, or would be: changes that the backup may not have.</summary>
    public IReadOnlyList<string> SetAside { get; init; } = [];
}
