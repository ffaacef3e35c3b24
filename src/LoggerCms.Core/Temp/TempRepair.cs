namespace LoggerCms.Core.Temp;

/// <summary>
/// Repairs and restores the rights of a folder. The order is the point: hold the folder open, plan, ask, look again,
/// save durably, write, look again, verify as the account.
/// </summary>
internal sealed class TempRepair(ITempPlatform platform, AclStore store)
{
    public async Task<TempAclResult> RepairAsync(TempRepairRequest request, CancellationToken cancellationToken)
    {
        var path = FullPath(request.Path);
        using var folder = platform.Open(path, request.Account);
        if (!request.Force && folder.WhyProtected() is { } why)
        {
            throw new LoggerCmsException(
                ErrorCodes.FolderProtected,
                $"The rights of '{path}' were not changed: {why}.",
                $"Give the account a temp folder of its own, or insist: {TempRemedy.Repair(path, request.Account, request.Right)} -Force");
        }

        var before = folder.Read();
        var after = folder.Grant(before, request.Right);
        var result = new TempAclResult
        {
            Path = path,
            Account = request.Account,
            Right = request.Right,
            Status = TempAclStatus.AlreadyGranted,
            Changes = folder.Compare(before, after),
            Before = folder.Describe(before),
            After = folder.Describe(after),
        };
        if (before == after)
            return await VerifyAsync(result, cancellationToken).ConfigureAwait(false);
        if (!await ConfirmedAsync(request.Confirm, result).ConfigureAwait(false) || request.WhatIf)
            return NotDone(result, request.WhatIf);

        cancellationToken.ThrowIfCancellationRequested();
        RequireSame(folder, path, before);
        var saved = Save(folder, path, request, before, after);
        Change(folder, path, saved);
        return await VerifyAsync(
            result with { Id = saved.Id, Status = TempAclStatus.Repaired, DescriptorPath = store.PathOf(saved.Id) }, cancellationToken).ConfigureAwait(false);
    }

    public async Task<TempAclResult> RestoreAsync(TempRestoreRequest request, CancellationToken cancellationToken)
    {
        var saved = request.Id is { } id ? store.Get(id) : store.GetNewest(FullPath(request.Path ?? string.Empty));
        using var folder = platform.Open(saved.Path, saved.Account);
        var now = folder.Read();
        var result = new TempAclResult
        {
            Id = saved.Id,
            Path = saved.Path,
            Account = saved.Account,
            Right = saved.Right,
            Status = TempAclStatus.AlreadyRestored,
            Changes = folder.Compare(now, saved.Before),
            Before = folder.Describe(now),
            After = folder.Describe(saved.Before),
            DescriptorPath = store.PathOf(saved.Id),
        };
        if (!request.Force)
            RequireAsLeft(folder, saved, now);
        if (!await ConfirmedAsync(now == saved.Before ? null : request.Confirm, result).ConfigureAwait(false) || request.WhatIf)
            return NotDone(result, request.WhatIf);

        cancellationToken.ThrowIfCancellationRequested();
        if (now != saved.Before)
        {
            RequireSame(folder, saved.Path, now);
            if (now != saved.After)
            {
                // Somebody's later change is about to go: it can be brought back in its turn.
                var later = saved with { Id = Guid.CreateVersion7(), Identity = folder.Identity, Before = now, After = saved.Before, Saved = store.Now };
                store.Save(later);
                result = result with { Id = later.Id, DescriptorPath = store.PathOf(later.Id) };
                Change(folder, saved.Path, later);
            }
            else
            {
                Write(folder, saved.Before, now);
                result = result with { Id = null, DescriptorPath = null };
            }

            result = result with { Status = TempAclStatus.Restored };
        }
        else
        {
            result = result with { Id = null, DescriptorPath = null };
        }

        store.Remove(saved.Id);
        return result;
    }

    private AclDescriptor Save(IAclFolder folder, string path, TempRepairRequest request, FolderRights before, FolderRights after)
    {
        var saved = new AclDescriptor
        {
            Id = Guid.CreateVersion7(),
            Path = path,
            Identity = folder.Identity,
            Account = request.Account,
            Right = request.Right,
            Before = before,
            After = after,
            Saved = store.Now,
        };
        store.Save(saved);
        return saved;
    }

    /// <summary>Writes what was saved as the state after; whatever goes wrong, the state before is back and the descriptor gone.</summary>
    private void Change(IAclFolder folder, string path, AclDescriptor saved)
    {
        try
        {
            Write(folder, saved.After, saved.Before);
            if (folder.IsStillThere())
                return;
            folder.Write(saved.Before);
            throw Moved(path);
        }
        catch (LoggerCmsException)
        {
            if (folder.Read() == saved.Before)
                store.Remove(saved.Id);
            throw;
        }
    }

    private static void Write(IAclFolder folder, FolderRights rights, FolderRights before)
    {
        try
        {
            folder.Write(rights);
        }
        catch (LoggerCmsException)
        {
            // Owner and list are two calls; the first may have gone through.
            if (folder.Read() != before)
                folder.Write(before);
            throw;
        }

        if (folder.Read() is var now && now != rights)
        {
            folder.Write(before);
            throw new LoggerCmsException(
                ErrorCodes.AclNotPossible,
                $"The file system did not keep the rights as they were written ({folder.Describe(now)}); they were set back.",
                "Use a temp folder on a local file system.");
        }
    }

    private async Task<TempAclResult> VerifyAsync(TempAclResult result, CancellationToken cancellationToken)
    {
        var subject = await platform.FindAsync(new TempAccessRequest { Account = result.Account, Path = [result.Path] }, cancellationToken).ConfigureAwait(false);
        var check = result.Right == TempRight.Traverse
            ? await platform.CheckTraverseAsync(subject, result.Path, cancellationToken).ConfigureAwait(false)
            : (await platform.CheckAsync(subject, result.Path, 0, cancellationToken).ConfigureAwait(false))[^1];
        return result with { Verified = check.Passed, Method = check.Method, Cause = check.Cause, Detail = check.Detail, Remedy = check.Remedy };
    }

    /// <summary>Between the plan and the change there was a question, and so time.</summary>
    private static void RequireSame(IAclFolder folder, string path, FolderRights planned)
    {
        if (!folder.IsStillThere())
            throw Moved(path);
        if (folder.Read() is var now && now != planned)
        {
            throw new LoggerCmsException(
                ErrorCodes.AclChanged,
                $"The rights of '{path}' were changed meanwhile, to {folder.Describe(now)}. Nothing was changed.",
                "Run the command again.");
        }
    }

    private static void RequireAsLeft(IAclFolder folder, AclDescriptor saved, FolderRights now)
    {
        if (folder.Identity != saved.Identity)
        {
            throw new LoggerCmsException(
                ErrorCodes.AclChanged,
                $"'{saved.Path}' is not the folder whose rights were saved: it was device {saved.Identity.Device}, inode {saved.Identity.Inode}, and is device {folder.Identity.Device}, inode {folder.Identity.Inode}{(folder.Identity.Inode == saved.Identity.Inode ? ", made later" : string.Empty)}. Nothing was changed.",
                $"Restore-TempAcl -Id {saved.Id} -Force gives the rights to the folder that is there now.");
        }

        if (now != saved.Before && now != saved.After)
        {
            throw new LoggerCmsException(
                ErrorCodes.AclChanged,
                $"The rights of '{saved.Path}' were changed since the repair: {string.Join("; ", folder.Compare(saved.After, now))}. Nothing was changed.",
                $"Restore-TempAcl -Id {saved.Id} -Force takes those changes back too, and saves them first.");
        }
    }

    private static LoggerCmsException Moved(string path) => new(
        ErrorCodes.UnsafeLink,
        $"'{path}' was replaced while it was repaired. Neither the folder that was there nor what is there now has new rights.",
        $"Find out who did that (Get-Item {TempRemedy.Quote(path)} | Format-List *), then run the command again.");

    /// <summary>Under WhatIf the result says how it would be.</summary>
    private static TempAclResult NotDone(TempAclResult result, bool whatIf)
        => whatIf ? result with { Status = TempAclStatus.WhatIf } : result with { Status = TempAclStatus.Cancelled, After = result.Before };

    private static async ValueTask<bool> ConfirmedAsync(Func<TempAclResult, ValueTask<bool>>? confirm, TempAclResult result)
        => confirm is null || await confirm(result).ConfigureAwait(false);

    private static string FullPath(string path)
        => Path.IsPathFullyQualified(path)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))
            : throw new LoggerCmsException(ErrorCodes.InvalidOption, $"'{path}' is not an absolute path.", "Give the whole path.");
}
