using System.Management.Automation.Runspaces;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// The connection that a command without -Connection goes by. Each runspace has its own, so that a Connect-Cms in one changes nothing for what runs in
/// another; a new one begins with that of the oldest, the shell's. All of it on the pipeline thread.
/// </summary>
internal static class CmsDefaults
{
    private static readonly Lock Gate = new();

    // By the runspace's number, which grows. The connection of one may be closed already: then commands fail, and do not go by the admin profile.
    private static readonly SortedDictionary<int, CmsSession?> s_sessions = [];

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
            s_sessions[Runspace.DefaultRunspace.Id] = session;
            return before;
        }
    }

    /// <summary>Whether it is any runspace's.</summary>
    public static bool Has(CmsSession session)
    {
        lock (Gate)
            return s_sessions.Values.Any(one => one?.Id == session.Id);
    }

    private static CmsSession? Own()
    {
        var runspace = Runspace.DefaultRunspace;
        if (s_sessions.TryGetValue(runspace.Id, out var own))
            return own;
        var oldest = s_sessions.FirstOrDefault();
        runspace.StateChanged += (_, change) => Forget(runspace.Id, change.RunspaceStateInfo.State);
        return s_sessions[runspace.Id] = oldest.Key < runspace.Id ? oldest.Value : null;
    }

    private static void Forget(int runspace, RunspaceState state)
    {
        if (state is not (RunspaceState.Closed or RunspaceState.Broken))
            return;
        CmsSession? left;
        lock (Gate)
            s_sessions.Remove(runspace, out left);
        if (left is not null)
            _ = Task.Run(() => CmsSessions.LeaveAsync(left, isClosing: false, CancellationToken.None));
    }
}
