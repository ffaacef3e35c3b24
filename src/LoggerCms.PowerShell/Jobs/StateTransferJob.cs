using System.Management.Automation;
using LoggerCms.PowerShell.Engine;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Jobs;

/// <summary>A state transfer in the background of this shell. It ends with the shell; its durable record stays.</summary>
internal sealed class StateTransferJob : Job, IProgress<TransferProgress>
{
    private static readonly TimeSpan StopWait = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly StateTransferRequest _request;
    private readonly string _activity;
    private Task? _work;

    public StateTransferJob(StateTransferRequest request, string command)
        : base(command)
    {
        _request = request;
        _activity = $"State transfer {ProgressText.Short(request.Source)} -> {ProgressText.Short(request.Destination)}";
        PSJobTypeName = "StateTransferJob";
    }

    public override string StatusMessage => JobStateInfo.State.ToString();

    public override bool HasMoreData => Output.Count + Error.Count + Warning.Count + Verbose.Count > 0;

    public override string Location => Environment.MachineName;

    public void Start()
    {
        SetJobState(JobState.Running);
        _work = Task.Run(RunAsync);
    }

    /// <summary>Cancels, and waits a while for the destination to be as it was.</summary>
    public override void StopJob()
    {
        if (_work is not { IsCompleted: false } work)
            return;

        SetJobState(JobState.Stopping);
        _ = _stop.CancelAsync();
        _ = Task.WaitAny([work], StopWait);
    }

    void IProgress<TransferProgress>.Report(TransferProgress value)
    {
        // Only the latest is of use to Receive-Job.
        Progress.Clear();
        Progress.Add(ProgressText.Record(Id, _activity, value));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _ = _stop.CancelAsync();
        base.Dispose(disposing);
    }

    private async Task RunAsync()
    {
        try
        {
            var result = await EngineHost.Get().TransferAsync(_request, this, _stop.Token).ConfigureAwait(false);
            Verbose.Add(new VerboseRecord($"Mode {result.Mode}: {result.ModeReason}"));
            foreach (var note in result.Notes)
                Warning.Add(new WarningRecord(note));
            Output.Add(PSObject.AsPSObject(result));
            SetJobState(_stop.IsCancellationRequested && result.Status == StateTransferStatus.Cancelled ? JobState.Stopped : JobState.Completed);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            SetJobState(JobState.Stopped);
        }
        catch (Exception e)
        {
            Error.Add(ErrorRecords.From(e, _request.Destination));
            SetJobState(JobState.Failed);
        }
    }
}
