using System.Runtime.InteropServices;
using System.Text;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>The checks of one folder for one account.</summary>
internal sealed class LinuxChecks
{
    private const int LongestPath = 4095;

    /// <summary>The longest name that a transfer makes in its temp folder.</summary>
    private static readonly int s_longestFile = $"loggercms-{Guid.Empty:N}.spool.partial".Length;

    private readonly LinuxAccount _account;
    private readonly FolderView _view;
    private readonly string _path;
    private readonly long _required;
    private readonly TempCheckList _list;
    private readonly LinuxAccount _caller = LinuxAccount.Current();
    private string _end;

    public LinuxChecks(LinuxAccount account, FolderView view, string path, long required, string? note)
    {
        _account = account;
        _view = view;
        _path = path;
        _end = path;
        _required = required;
        _list = new TempCheckList(view.NameOf(path), account.Name);
        if (note is not null)
            _list.Pass("Subject", TempCheckMethod.Read, note);
        else if (view.ProcessId is not null)
            _list.Pass("Subject", TempCheckMethod.Read, $"'{path}' as process {view.ProcessId} sees it");
    }

    /// <summary>Whether this very process stands for the account. A process of root may hold less than root.</summary>
    private bool IsCaller => _account.User == _caller.User
        && (_account.Capabilities is null || (_caller.User != 0 && !_account.Overrides && _account.Groups.SetEquals(_caller.Groups)));

    /// <summary>How this process reaches the folder itself: links followed as the view's owner would.</summary>
    private string Reached => _view.Root + _end;

    /// <summary>The folder itself by its name here, for what is not done through a link.</summary>
    private string Real => _view.NameOf(_end);

    public async Task<IReadOnlyList<TempAccessCheck>> RunAsync(CancellationToken cancellationToken)
    {
        if (!IsShortEnough())
            return _list.Finish();
        var walk = PathWalk.Of(_view, _path);
        if (!Exists(walk))
            return _list.Finish();
        Links(walk);
        foreach (var parent in walk.Parents)
            Parent(parent);
        if (_list.Checks.All(c => c.Check != "Parents"))
            _list.Pass("Parents", TempCheckMethod.Computed, "every folder on the way can be passed");
        var figures = Mount();
        Rights(walk);
        var room = Room(figures);
        await ProbeAsync(room, figures, cancellationToken).ConfigureAwait(false);
        return _list.Finish();
    }

    /// <summary>Whether the folder can be passed, which is all that a folder on the way is for.</summary>
    public async Task<TempAccessCheck> TraverseAsync(CancellationToken cancellationToken)
    {
        var walk = PathWalk.Of(_view, _path);
        if (!Exists(walk))
            return _list.Checks[^1];
        var (can, why) = !IsCaller && ChildProbe.WhyNot(_view) is null
            ? await ChildProbe.TraverseAsync(_view, _account, _end, cancellationToken).ConfigureAwait(false)
            : (null, string.Empty);
        if (can == true)
            _list.Pass("Parents", TempCheckMethod.Probed, why);
        else if (can == false)
            _list.Fail("Parents", TempAccessCause.AccessDenied, TempCheckMethod.Probed, why, TempRemedy.Test(_list.Path, _account.Name));
        else if (!Parent(walk.Steps[^1]))
            return _list.Checks[^1];
        else
            _list.Pass("Parents", TempCheckMethod.Computed, "the folder can be passed; this was computed, not tried");
        return _list.Checks[^1];
    }

    private bool IsShortEnough()
    {
        var length = Encoding.UTF8.GetByteCount(_path) + 1 + s_longestFile;
        var longest = _path.Split('/').Max(Encoding.UTF8.GetByteCount);
        if (length > LongestPath || longest > byte.MaxValue)
        {
            _list.Fail(
                "PathLength",
                TempAccessCause.PathTooLong,
                TempCheckMethod.Computed,
                $"with the files in it the path has {length} bytes (at most {LongestPath}), its longest name {longest} (at most {byte.MaxValue})",
                "Start-StateTransfer -TempPath # with a shorter path; for a service, set its TMPDIR to one");
            return false;
        }

        _list.Pass("PathLength", TempCheckMethod.Computed, $"{length} of {LongestPath} bytes with the files in it");
        return true;
    }

    private bool Exists(PathWalk walk)
    {
        if (walk.End is { } end)
        {
            _end = walk.Last;
            _list.Pass("Exists", TempCheckMethod.Read, "the folder is there");
            if (end.IsFolder)
                _list.Pass("IsFolder", TempCheckMethod.Read, "it is a folder");
            else
                _list.Fail("IsFolder", TempAccessCause.NotAFolder, TempCheckMethod.Read, "it is not a folder", Replace(_list.Path));
            return end.IsFolder;
        }

        var at = _view.Root + walk.Last;
        var said = $"{Marshal.GetPInvokeErrorMessage(walk.Error)} at '{walk.Last}'";
        switch (ProbeCause.Of(walk.Error))
        {
            case TempAccessCause.Missing:
                _list.Fail("Exists", TempAccessCause.Missing, TempCheckMethod.Read, $"there is no '{walk.Last}'", TempRemedy.Make(_list.Path, _account.Name));
                break;
            case TempAccessCause.NotAFolder:
                _list.Fail("Exists", TempAccessCause.NotAFolder, TempCheckMethod.Read, said, Replace(_view.Root + walk.Steps[^1].Path));
                break;
            case TempAccessCause.UnsafeLink:
                _list.Fail("Exists", TempAccessCause.UnsafeLink, TempCheckMethod.Read, $"links lead in a circle at '{walk.Last}'", $"Get-Item -LiteralPath {TempRemedy.Quote(at)} -Force | Format-List FullName, LinkTarget");
                break;
            case TempAccessCause.AccessDenied when IsCaller:
                _list.Fail("Exists", TempAccessCause.AccessDenied, TempCheckMethod.Read, said, TempRemedy.Repair(_view.NameOf(walk.Steps[^1].Path), _account.Name, TempRight.Traverse));
                break;
            default:
                _list.Unknown("Exists", TempCheckMethod.Read, $"{_caller.Name} cannot look at it: {said}", AsRoot());
                break;
        }

        return false;
    }

    /// <summary>A link is safe where only root and the account can turn it.</summary>
    private void Links(PathWalk walk)
    {
        PathStep? folder = null;
        foreach (var step in walk.Steps)
        {
            if (step.Target is null)
            {
                folder = step;
                continue;
            }

            var others = folder!.Stat is { IsSticky: false } stat && (PosixGrant.AclOf(RightsOf(folder)).ToMode() & 0x2) != 0 ? "everybody can write to its folder" : null;
            if (step.Stat.User != 0 && step.Stat.User != _account.User)
                others = $"it is {LinuxAccount.ByNumber(step.Stat.User).Name}'s";
            else if (folder.Stat.User != 0 && folder.Stat.User != _account.User)
                others = $"its folder is {LinuxAccount.ByNumber(folder.Stat.User).Name}'s";
            if (others is null)
                _list.Pass("Link", TempCheckMethod.Read, $"'{step.Path}' is a link to '{step.Target}'");
            else
                _list.Fail("Link", TempAccessCause.UnsafeLink, TempCheckMethod.Computed, $"'{step.Path}' is a link to '{step.Target}', and {others}", $"Remove-Item -LiteralPath {TempRemedy.Quote(_view.Root + step.Path)}; {TempRemedy.Make(_view.Root + step.Path, _account.Name)}");
        }

        if (!walk.Links.Any())
            _list.Pass("Link", TempCheckMethod.Read, "there is no link on the way");
    }

    private bool Parent(PathStep step)
    {
        var decision = Decide(step, PosixAcl.Execute);
        if (!decision.Granted)
        {
            _list.Fail(
                "Parents",
                TempAccessCause.AccessDenied,
                TempCheckMethod.Computed,
                $"{_account.Name} cannot pass '{step.Path}': it has {decision.Why}",
                TempRemedy.Repair(_view.NameOf(step.Path), _account.Name, TempRight.Traverse));
        }

        return decision.Granted;
    }

    private FileSystemFigures? Mount()
    {
        var figures = FileSystemFigures.Of(Reached, out var error);
        if (figures is null)
        {
            _list.Unknown("Mount", TempCheckMethod.Read, $"{_caller.Name} cannot ask the file system: {Marshal.GetPInvokeErrorMessage(error)}", AsRoot());
            return null;
        }

        var mount = MountPoint.Of(_view, _end);
        if (figures.IsReadOnly)
            _list.Fail("Mount", TempAccessCause.ReadOnly, TempCheckMethod.Read, $"the file system is mounted read-only at '{mount?.Path}'", mount?.Remount(_view));
        else
            _list.Pass("Mount", TempCheckMethod.Read, $"mounted writable at '{mount?.Path}'");
        return figures;
    }

    private void Rights(PathWalk walk)
    {
        var folder = walk.Steps[^1];
        var decision = Decide(folder, PosixAcl.All);
        if (folder.Stat.Immutable)
            _list.Fail("Rights", TempAccessCause.AccessDenied, TempCheckMethod.Read, "the folder is immutable", $"chattr -i {TempRemedy.Quote(Real)}");
        else if (decision.Granted)
            _list.Pass("Rights", TempCheckMethod.Computed, $"{_account.Name} has {decision.Why}");
        else
            _list.Fail("Rights", TempAccessCause.AccessDenied, TempCheckMethod.Computed, $"{_account.Name} has {decision.Why}; rwx is needed", TempRemedy.Repair(Real, _account.Name));

        var owner = folder.Stat.User;
        var sticky = folder.Stat.IsSticky ? "sticky: accounts remove only what is theirs" : "not sticky: who can write there can remove files of others";
        _list.Pass("Owner", TempCheckMethod.Read, owner == 0 || owner == _account.User
            ? $"owned by {LinuxAccount.ByNumber(owner).Name}; {sticky}"
            : $"owned by {LinuxAccount.ByNumber(owner).Name}, who can rename and remove what the account puts there; {sticky}");
    }

    /// <summary>How much room there is for the account; null where that is not known.</summary>
    private long? Room(FileSystemFigures? figures)
    {
        if (figures is null)
            return null;
        var free = figures.FreeBytes;
        if (free is null)
            _list.Pass("FreeBytes", TempCheckMethod.Read, "the file system does not tell how much is free");
        else if (_account.User == 0 && free < Math.Max(_required, 1) && figures.FreeBytesForRoot >= Math.Max(_required, 1))
            _list.Unknown("FreeBytes", TempCheckMethod.Read, $"{free} bytes free; more only out of what is kept in reserve for root and others", TempRemedy.ShowLargest(Real));
        else
            _list.Room("FreeBytes", TempAccessCause.DiskFull, free.Value, _required, "bytes", TempRemedy.ShowLargest(Real));
        if (figures.FreeInodes is { } inodes)
            _list.Room("FreeInodes", TempAccessCause.NoInodes, inodes, 1, "inodes", TempRemedy.ShowOldest(Real));
        else
            _list.Pass("FreeInodes", TempCheckMethod.Read, "the file system makes inodes as they are needed");
        return Math.Min(free ?? long.MaxValue, new QuotaChecks(_list, _account, _required).Run(Reached) ?? long.MaxValue);
    }

    private async Task ProbeAsync(long? room, FileSystemFigures? figures, CancellationToken cancellationToken)
    {
        var bytes = FolderProbe.Size(_required, room);
        ProbeResult result;
        if (IsCaller)
        {
            result = FolderProbe.Run(Reached, bytes);
        }
        else if (ChildProbe.WhyNot(_view) is { } why)
        {
            _list.Unknown("Probe", TempCheckMethod.Probed, why, AsRoot());
            return;
        }
        else if (_account is { User: not 0, Overrides: true })
        {
            _list.Unknown("Probe", TempCheckMethod.Probed, "the process holds CAP_DAC_OVERRIDE, which a probe cannot take on");
            return;
        }
        else
        {
            result = await ChildProbe.RunAsync(_view, _account, _path, bytes, cancellationToken).ConfigureAwait(false);
        }

        if (result.Succeeded)
            _list.ProbeSucceeded(result.Detail);
        else if (result.Step.Length == 0)
            _list.Unknown("Probe", TempCheckMethod.Probed, result.Detail);
        else
            ProbeFailed(result, figures);
    }

    private void ProbeFailed(ProbeResult result, FileSystemFigures? figures)
    {
        var noInodes = result.Cause == TempAccessCause.DiskFull && (figures?.FreeInodes == 0 || FileSystemFigures.Of(Reached, out _)?.FreeInodes == 0);
        var cause = noInodes ? TempAccessCause.NoInodes : result.Cause;
        var remedy = cause switch
        {
            TempAccessCause.AccessDenied => TempRemedy.Repair(Real, _account.Name),
            TempAccessCause.NoInodes => TempRemedy.ShowOldest(Real),
            TempAccessCause.DiskFull or TempAccessCause.QuotaExceeded => TempRemedy.ShowLargest(Real),
            _ => TempRemedy.Test(_list.Path, _account.Name),
        };
        _list.Fail("Probe", cause, TempCheckMethod.Probed, $"{result.Step}: {result.Detail}", remedy);
    }

    private AclDecision Decide(PathStep step, int wanted)
    {
        if (_account.Overrides)
            return new AclDecision(true, "rwx: mode bits and lists do not bind it");
        var rights = RightsOf(step);
        return PosixGrant.AclOf(rights).Decide(_account, rights.Owner, rights.Group, wanted);
    }

    private FolderRights RightsOf(PathStep step) => new()
    {
        Mode = step.Stat.Permissions,
        Owner = step.Stat.User,
        Group = step.Stat.Group,
        Acl = AclAttribute.Read(_view.Root + step.Path),
    };

    private string AsRoot() => TempRemedy.AsRoot(TempRemedy.Test(_list.Path, _account.Name, _required));

    private string Replace(string path) => $"Remove-Item -LiteralPath {TempRemedy.Quote(path)} -Confirm; {TempRemedy.Make(_list.Path, _account.Name)}";
}
