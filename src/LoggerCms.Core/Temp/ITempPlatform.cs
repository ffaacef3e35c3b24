namespace LoggerCms.Core.Temp;

/// <summary>Whose access is asked for, and for which folders.</summary>
/// <param name="Account">The account's name.</param>
/// <param name="Folders">As the account's process would name them.</param>
internal abstract record TempSubject(string Account, IReadOnlyList<string> Folders);

/// <summary>A service that could not be found out: nothing more can be asked.</summary>
/// <param name="Account">The account where that much is known, otherwise the service's name.</param>
/// <param name="Folder">The folder asked for, or empty.</param>
/// <param name="Why">What stood in the way.</param>
/// <param name="Remedy">The command that finds it out.</param>
internal sealed record UnknownSubject(string Account, string Folder, string Why, string Remedy) : TempSubject(Account, [Folder]);

/// <summary>What only one system knows about temp folders.</summary>
internal interface ITempPlatform
{
    /// <exception cref="LoggerCmsException">AccountNotFound or ProcessNotFound.</exception>
    Task<TempSubject> FindAsync(TempAccessRequest request, CancellationToken cancellationToken);

    /// <summary>Checks one of the subject's folders.</summary>
    Task<IReadOnlyList<TempAccessCheck>> CheckAsync(TempSubject subject, string folder, long requiredBytes, CancellationToken cancellationToken);

    /// <summary>Holds a folder open for a change of its rights, without following a link.</summary>
    /// <exception cref="LoggerCmsException">UnsafeLink, TempFolderUnusable, AccountNotFound.</exception>
    IAclFolder Open(string path, string account);

    /// <summary>Checks that the account has a right on a folder on the way; null where it cannot be found out.</summary>
    Task<TempAccessCheck> CheckTraverseAsync(TempSubject subject, string folder, CancellationToken cancellationToken);
}

/// <summary>A folder held open. Everything works on what was opened, wherever its path leads by now.</summary>
internal interface IAclFolder : IDisposable
{
    FolderIdentity Identity { get; }

    /// <summary>Why this folder is changed only when forced; null where nothing speaks against it.</summary>
    string? WhyProtected();

    /// <summary>The rights as they are now.</summary>
    FolderRights Read();

    /// <summary>The rights with the least more that gives the account the right, and nobody else more than before.</summary>
    /// <exception cref="LoggerCmsException">AclNotPossible.</exception>
    FolderRights Grant(FolderRights rights, TempRight right);

    /// <summary>How one state of the rights differs from another, an entry a line.</summary>
    IReadOnlyList<string> Compare(FolderRights before, FolderRights after);

    string Describe(FolderRights rights);

    /// <exception cref="LoggerCmsException">AccessDenied, TempFolderUnusable, AclNotPossible.</exception>
    void Write(FolderRights rights);

    /// <summary>Whether the path still leads to the folder that is held open.</summary>
    bool IsStillThere();
}

/// <summary>What tells one folder from another that took its place.</summary>
internal sealed record FolderIdentity
{
    /// <summary>Linux: major and minor number of the device; Windows: the volume's serial number.</summary>
    public required string Device { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>When it was made, in 100 ns since 0001, because inode numbers are used again; null where the file system does not tell.</summary>
    public long? Born { get; init; }
}

/// <summary>The rights of a folder, so that they can be written back as they were.</summary>
internal sealed record FolderRights
{
    /// <summary>Linux: permission bits with set-group-id and sticky.</summary>
    public uint Mode { get; init; }

    public uint Owner { get; init; }

    public uint Group { get; init; }

    /// <summary>Linux: the access list as stored, in hexadecimal; null where there are only mode bits.</summary>
    public string? Acl { get; init; }

    /// <summary>Windows: owner, group and access list as SDDL.</summary>
    public string? Sddl { get; init; }
}
