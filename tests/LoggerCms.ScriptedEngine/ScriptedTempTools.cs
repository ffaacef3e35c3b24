namespace LoggerCms.Databases;

/// <summary>
/// Temp tools that do what the name of a folder says: <c>fail-CODE</c> throws, <c>denied</c> lacks access, anything else passes.
/// </summary>
public sealed class ScriptedTempTools : ITempTools
{
    public Task<IReadOnlyList<TempAccessCheck>> TestAsync(TempAccessRequest request, CancellationToken cancellationToken)
    {
        var account = request.Account ?? request.ServiceName ?? $"{request.ProcessId}";
        var checks = new List<TempAccessCheck>();
        foreach (var path in request.Path)
        {
            Play(path);
            var denied = Path.GetFileName(path) == "denied";
            foreach (var check in new[] { "Rights", "Overall" })
            {
                checks.Add(new TempAccessCheck
                {
                    Path = path,
                    Account = account,
                    Check = check,
                    Passed = !denied,
                    Cause = denied ? TempAccessCause.AccessDenied : TempAccessCause.None,
                    Method = TempCheckMethod.Probed,
                    Detail = $"{request.RequiredBytes}",
                    Remedy = denied ? "the remedy" : null,
                });
            }
        }

        return Task.FromResult<IReadOnlyList<TempAccessCheck>>(checks);
    }

    public async Task<TempAclResult> RepairAsync(TempRepairRequest request, CancellationToken cancellationToken)
    {
        Play(request.Path);
        var plan = new TempAclResult
        {
            Path = request.Path,
            Account = request.Account,
            Right = request.Right,
            Status = TempAclStatus.Cancelled,
            Changes = [$"add user:{request.Account}:rwx"],
            Before = $"Force={request.Force}",
            After = "after",
        };
        var go = request.Confirm is null || await request.Confirm(plan).ConfigureAwait(false);
        return plan with
        {
            Id = new Guid(5, 0, 0, new byte[8]),
            Status = request.WhatIf ? TempAclStatus.WhatIf : go ? TempAclStatus.Repaired : TempAclStatus.Cancelled,
            Verified = Path.GetFileName(request.Path) != "denied",
            Method = TempCheckMethod.Probed,
        };
    }

    public Task<TempAclResult> RestoreAsync(TempRestoreRequest request, CancellationToken cancellationToken)
        => Task.FromResult(new TempAclResult
        {
            Path = request.Path ?? $"{request.Id}",
            Account = "svc",
            Right = TempRight.Modify,
            Status = request.WhatIf ? TempAclStatus.WhatIf : TempAclStatus.Restored,
            Before = "before",
            After = "after",
        });

    private static void Play(string path)
    {
        if (Path.GetFileName(path) is { } name && name.StartsWith("fail-", StringComparison.Ordinal))
            throw new LoggerCmsException(name[5..], $"'{path}' did as its name says.", $"Remedy of {name[5..]}.");
    }
}
