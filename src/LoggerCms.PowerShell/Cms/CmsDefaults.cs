using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// The connection that a command without -Connection goes by. Each runspace has its own, so that a Connect-Cms in one changes nothing for what runs in
/// another; a new one begins with that of the oldest shell, and never with that of a job. All of it on the pipeline thread.
/// </summary>
internal static class CmsDefaults
{
    private static readonly Lock Gate = new();

    // By the runspace's number, which grows. The connection of one may be closed already: then commands fail, and do not go by the admin profile.
    private static readonly SortedDictionary<int, (CmsSession? Session, bool IsShell)> s_sessions = [];

    /// <summary>This runspace's; null where its commands go by the admin profile.</summary>
    public static CmsSession? Current
    {
        get
        {
            lock (Gate)
                return Own();
        }
    }

    /// <summary>Gives this runspace another one.</summary>
    /// <returns>The one before.</returns>
    public static CmsSession? Replace(CmsSession? session)
    {
        lock (Gate)
        {
            var before = Own();
            s_sessions[Runspace.DefaultRunspace.Id] = s_sessions[Runspace.DefaultRunspace.Id] with { Session = session };
            return before;
        }
    }

    /// <summary>Whether it is any runspace's.</summary>
    public static bool Has(CmsSession session)
    {
        lock (Gate)
            return s_sessions.Values.Any(one => one.Session?.Id == session.Id);
    }

    private static CmsSession? Own()
    {
        var runspace = Runspace.DefaultRunspace;
        if (s_sessions.TryGetValue(runspace.Id, out var own))
            return own.Session;
        var shells = s_sessions.Where(one => one.Value.IsShell && one.Key < runspace.Id);
        var session = shells.FirstOrDefault().Value.Session;
        runspace.StateChanged += (_, change) => Forget(runspace.Id, change.RunspaceStateInfo.State);
        s_sessions[runspace.Id] = (session, IsShell());
        return session;
    }

    // What Start-ThreadJob, ForEach-Object -Parallel and others make without a host has the default one.
    private static bool IsShell() => ScriptBlock.Create("$Host.Name").Invoke() is not [{ BaseObject: "Default Host" }];

    private static void Forget(int runspace, RunspaceState state)
    {
        if (state is not (RunspaceState.Closed or RunspaceState.Broken))
            return;
        (CmsSession? Session, bool IsShell) left;
        lock (Gate)
            s_sessions.Remove(runspace, out left);
        if (left.Session is { } session)
            _ = Task.Run(() => CmsSessions.LeaveAsync(session, isClosing: false, CancellationToken.None));
    }
}
