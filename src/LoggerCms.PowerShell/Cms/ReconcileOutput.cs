using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>What of a reconcile needs a look.</summary>
internal static class ReconcileOutput
{
    public static void Warn(Cmdlet cmdlet, DeltaReconcileResult? result)
    {
        if (result is null)
            return;
        if (result.Conflicts.Count > 0)
            cmdlet.WriteWarning($"{result.Conflicts.Count} changes in delta files met objects that were changed since; Conflicts has both versions of each.");
        if (result.SetAside.Count > 0)
            cmdlet.WriteWarning($"Files to look at (Get-DeltaFile -Record): {string.Join(", ", result.SetAside)}");
        if (result.AuditPath is { } audit)
            cmdlet.WriteWarning($"The audit events of these changes wait in '{audit}': move its files into the folder 'audit' of a node's data folder before that node starts.");
    }
}
