namespace LoggerCms.Core.Temp.Linux;

/// <summary>Finds the least change of a folder's rights that gives one account what it lacks, and nobody else anything.</summary>
internal static class PosixGrant
{
    /// <summary>By an entry for the account; where it is the owner already, by the owner's bits.</summary>
    public static FolderRights ByEntry(FolderRights rights, LinuxAccount account, int wanted)
    {
        var acl = AclOf(rights);
        if (acl.Decide(account, rights.Owner, rights.Group, wanted).Granted)
            return rights;
        if (account.User == rights.Owner)
            return With(rights, acl.With(AclTag.Owner, acl.Of(AclTag.Owner) | wanted));
        acl = MakeRoom(acl, wanted);
        return With(rights, acl.With(AclTag.User, acl.Of(AclTag.User, account.User) | wanted, account.User));
    }

    /// <summary>Makes the account the owner; the one before keeps what it had, by an entry of its own.</summary>
    public static FolderRights ByOwnership(FolderRights rights, LinuxAccount account)
    {
        var acl = AclOf(rights);
        if (rights.Owner == account.User)
            return (acl.Of(AclTag.Owner) & PosixAcl.All) == PosixAcl.All ? rights : With(rights, acl.With(AclTag.Owner, PosixAcl.All));

        // Root needs no entry: lists do not bind it.
        var kept = acl.Of(AclTag.Owner);
        if (rights.Owner != 0)
            acl = MakeRoom(acl, kept).With(AclTag.User, kept, rights.Owner);
        return With(rights, acl.With(AclTag.Owner, PosixAcl.All)) with { Owner = account.User };
    }

    /// <summary>
    /// Where the file system keeps no lists: by the owner's bits, or by handing the folder to the account's own group.
    /// That is done only where the group is the account's alone and nobody loses or gains by the change.
    /// </summary>
    /// <exception cref="LoggerCmsException">AclNotPossible.</exception>
    public static FolderRights ByMode(FolderRights rights, LinuxAccount account, int wanted, string path)
    {
        var acl = AclOf(rights);
        if (acl.Decide(account, rights.Owner, rights.Group, wanted).Granted)
            return rights;
        if (account.User == rights.Owner)
            return With(rights, acl.With(AclTag.Owner, acl.Of(AclTag.Owner) | wanted));
        var why = acl.Of(AclTag.OwningGroup) != acl.Of(AclTag.Other) && rights.Group != account.Group
            ? $"members of group {LinuxAccount.GroupName(rights.Group)} would lose or gain rights"
            : PrivateGroup.WhoElse(account) is { } other ? $"group {LinuxAccount.GroupName(account.Group)} is also {other}'s" : null;
        if (why is not null)
        {
            throw new LoggerCmsException(
                ErrorCodes.AclNotPossible,
                $"The file system of '{path}' keeps no access lists, and by mode bits alone the right cannot be given to {account.Name} and nobody else: {why}. Nothing was changed.",
                $"Make the account the owner: {TempRemedy.Repair(path, account.Name, TempRight.FullControl)}");
        }

        return With(rights, acl.With(AclTag.OwningGroup, acl.Of(AclTag.OwningGroup) | wanted)) with { Group = account.Group };
    }

    public static PosixAcl AclOf(FolderRights rights)
        => rights.Acl is { } stored ? PosixAcl.FromBytes(Convert.FromHexString(stored)) : PosixAcl.FromMode(rights.Mode);

    /// <summary>
    /// Lets rights through the mask. A mask that has to grow would give back what it took from the entries, so these are
    /// first cut down to what they give in effect.
    /// </summary>
    private static PosixAcl MakeRoom(PosixAcl acl, int through)
    {
        var mask = acl.Mask ?? acl.Of(AclTag.OwningGroup);
        if (acl.Mask is not null && (mask & through) != through)
            acl = new PosixAcl(acl.Entries.Select(e => e.Tag is AclTag.User or AclTag.OwningGroup or AclTag.Group ? e with { Rights = acl.Effective(e) } : e));
        return acl.With(AclTag.Mask, mask | through);
    }

    private static FolderRights With(FolderRights rights, PosixAcl acl) => rights with
    {
        Mode = (rights.Mode & ~0x1ffu) | acl.ToMode(),
        Acl = acl.Mask is null ? null : Convert.ToHexStringLower(acl.ToBytes()),
    };
}

/// <summary>Whether an account's first group is its own.</summary>
internal static class PrivateGroup
{
    private const string AccountFile = "/etc/passwd";

    /// <summary>Another account of the group; null where none is known. A group of another name than the account's is never taken for private.</summary>
    public static string? WhoElse(LinuxAccount account)
    {
        if (LinuxAccount.GroupName(account.Group) != account.Name)
            return "other accounts";
        if (LinuxAccount.Members(account.Group).FirstOrDefault(m => m != account.Name) is { } member)
            return member;
        var number = FormattableString.Invariant($"{account.Group}");
        return File.ReadLines(AccountFile)
            .Select(line => line.Split(':'))
            .FirstOrDefault(parts => parts.Length > 3 && parts[3] == number && parts[0] != account.Name)?[0];
    }
}
