using System.Management.Automation;
using System.Management.Automation.Host;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Pipeline;

/// <summary>
/// Runs the engine on a task while the pipeline thread writes what it tells. Stopping only cancels;
/// the cmdlet ends when the engine has left everything as it should be.
/// </summary>
public abstract class AsyncPSCmdlet : PSCmdlet, IDisposable
{
    private static int s_activity;

    // No timer and no link: nothing to dispose, so a late StopProcessing cannot meet a disposed source.
    private readonly CancellationTokenSource _stop = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Cancels, because EndProcessing does not run when an upstream command fails.</summary>
    protected virtual void Dispose(bool disposing) => Cancel();

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => Cancel();

    private protected bool IsWhatIf => Preference("WhatIf", "WhatIfPreference") is { } value && LanguagePrimitives.IsTrue(value);

    private bool IsVerbose
        => MyInvocation.BoundParameters.TryGetValue("Verbose", out var verbose)
            ? LanguagePrimitives.IsTrue(verbose)
            : GetVariableValue("VerbosePreference") is { } preference && LanguagePrimitives.ConvertTo<ActionPreference>(preference) != ActionPreference.SilentlyContinue;

    /// <summary>Whether ShouldProcess would ask for a cmdlet of high impact.</summary>
    private protected bool WouldAsk => WouldAskAt(ConfirmImpact.High);

    /// <summary>Whether ShouldProcess would ask for a cmdlet of that impact.</summary>
    private protected bool WouldAskAt(ConfirmImpact impact)
    {
        if (MyInvocation.BoundParameters.TryGetValue("Confirm", out var confirm))
            return LanguagePrimitives.IsTrue(confirm);
        var preference = GetVariableValue("ConfirmPreference") is { } value ? LanguagePrimitives.ConvertTo<ConfirmImpact>(value) : ConfirmImpact.High;
        return preference != ConfirmImpact.None && impact >= preference;
    }

    /// <summary>As every cmdlet's; where nobody can be asked, that is a typed failure.</summary>
    private protected new bool ShouldProcess(string target, string action) => Ask(() => base.ShouldProcess(target, action));

    /// <inheritdoc cref="ShouldProcess(string, string)"/>
    private protected new bool ShouldProcess(string description, string warning, string caption)
        => Ask(() => base.ShouldProcess(description, warning, caption));

    /// <inheritdoc cref="ShouldProcess(string, string)"/>
    private protected new bool ShouldContinue(string query, string caption) => Ask(() => base.ShouldContinue(query, caption));

    /// <summary>Runs work to its end; a failure is reported against <paramref name="target"/> and gives null.</summary>
    /// <param name="activity">What the progress bar says.</param>
    /// <param name="target">The user's input.</param>
    /// <param name="work">Runs on a task and must not touch PowerShell but through the queue.</param>
    /// <param name="oneOfMany">
    /// Null where the cmdlet cannot go on without it: any failure ends it. False for its only input: that it is not there is a non-terminating error,
    /// as of Get-Item, and any other failure ends it. True for one input of several: no failure ends it that is of this input alone.
    /// </param>
    private protected T? Run<T>(
        string activity, object? target, Func<Work, CancellationToken, Task<T>> work, bool? oneOfMany = null)
        where T : class
    {
        try
        {
            return RunOnTask(activity, work);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception e) when (e is not (PipelineStoppedException or RuntimeException or FlowControlException))
        {
            var goesOn = oneOfMany is { } many && !EndsAll(e) && (many || ErrorRecords.IsNotThere(e));
            Report(ErrorRecords.From(e, target), goesOn);
            return null;
        }
    }

    /// <summary>Writes an error, or ends the cmdlet with it.</summary>
    internal void Report(ErrorRecord record, bool goesOn)
    {
        if (!goesOn)
            ThrowTerminatingError(record);
        if (EndsAtError)
            BeforeErrorEnds();
        WriteError(record);
    }

    /// <summary>Whether the user has any error end all.</summary>
    internal bool EndsAtError
        => Preference("ErrorAction", "ErrorActionPreference") is { } value && LanguagePrimitives.ConvertTo<ActionPreference>(value) == ActionPreference.Stop;

    /// <summary>Does what was gathered of the inputs before the one that an error is about to end all with.</summary>
    private protected virtual void BeforeErrorEnds()
    {
    }

    /// <summary>
    /// Before the pipeline brings anything: ends the cmdlet where a parameter was written whose variable has no value. What is left out often means all, or
    /// the caller. Parameters with <see cref="AllowNullAttribute"/> may be so.
    /// </summary>
    private protected void RefuseNulls()
    {
        foreach (var (parameter, value) in MyInvocation.BoundParameters)
        {
            if (value is not null || MyInvocation.MyCommand.Parameters[parameter].Attributes.OfType<AllowNullAttribute>().Any())
                continue;
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, $"-{parameter} is given and has no value.", $"Give it a value, or leave -{parameter} out."), null));
        }
    }

    /// <summary>Whether a failure would be met by every other input as well: then it ends the cmdlet.</summary>
    private protected virtual bool EndsAll(Exception failure) => false;

    /// <summary>What a user's text names in the file system; one that names nothing there ends the cmdlet.</summary>
    private protected string ResolvePath(string path) => OrEnd(() => ShellPath.Resolve(SessionState.Path, path), path);

    /// <summary>Gives what <paramref name="read"/> gives; its failure ends the cmdlet.</summary>
    private protected T OrEnd<T>(Func<T> read, object target)
    {
        try
        {
            return read();
        }
        catch (LoggerCmsException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e, target));
            throw;
        }
    }

    private T RunOnTask<T>(string activity, Func<Work, CancellationToken, Task<T>> work)
    {
        var queue = new PipelineQueue();
        var activityId = Interlocked.Increment(ref s_activity);
        ProgressRecord? shown = null;
        var progress = new CoalescedProgress(queue, value => WriteProgress(shown = ProgressText.Record(activityId, activity, value)));
        var told = IsVerbose ? (text => queue.TryPost(() => WriteVerbose(text))) : (Action<string>?)null;
        var task = Task.Run(() =>
        {
            CmsCalls.Told = told;
            return work(new Work(queue, progress), _stop.Token);
        });
        try
        {
            queue.Pump(task, Cancel);
        }
        finally
        {
            if (shown is not null && !_stop.IsCancellationRequested)
            {
                shown.RecordType = ProgressRecordType.Completed;
                WriteProgress(shown);
            }
        }

        return task.GetAwaiter().GetResult();
    }

    private bool Ask(Func<bool> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e) when (e is PSInvalidOperationException or HostException)
        {
            var failure = new LoggerCmsException(
                ErrorCodes.ConfirmationNotPossible,
                $"{MyInvocation.MyCommand.Name} has to ask before it goes on, and nobody can be asked here: {e.Message} Nothing was changed.",
                "See what it would do with -WhatIf, and give -Confirm:$false to go on without being asked.",
                innerException: e);
            ThrowTerminatingError(ErrorRecords.From(failure, MyInvocation.MyCommand.Name));
            throw;
        }
    }

    // On a pool thread: a driver's cancel may take a moment, and whoever stops the pipeline waits for this to return.
    private void Cancel() => _ = _stop.CancelAsync();

    private object? Preference(string parameter, string variable)
        => MyInvocation.BoundParameters.TryGetValue(parameter, out var value) ? value : GetVariableValue(variable);
}
