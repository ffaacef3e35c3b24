using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>What the cmdlets that change a folder's rights share: the question, and how a result is written.</summary>
public abstract class TempAclCmdlet : AsyncPSCmdlet
{
    private protected async ValueTask<bool> AskAsync(Work work, TempAclResult plan, string action, CancellationToken cancellationToken)
    {
        var changes = string.Join("; ", plan.Changes);
        try
        {
            return await work.Queue.InvokeAsync(
                () => ShouldProcess($"{action} '{plan.Path}': {changes}.", $"{action} '{plan.Path}'?\n{changes}", "Rights of a temp folder"),
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped at the question, or it could not be asked: that is a No.
            return false;
        }
    }

    private protected void Write(TempAclResult result)
    {
        if (result.Verified == false)
            WriteWarning($"'{result.Path}' still cannot be used by {result.Account} ({result.Cause}): {result.Detail} {result.Remedy}");
        WriteObject(result);
    }
}
