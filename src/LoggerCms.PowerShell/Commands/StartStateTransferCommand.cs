using System.Management.Automation;
using LoggerCms.PowerShell.Jobs;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Brings the destination to the state of the source.</summary>
[Cmdlet(VerbsLifecycle.Start, "StateTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StateTransferResult), typeof(Job))]
public sealed class StartStateTransferCommand : PairCmdlet
{
    /// <summary>What is sent.</summary>
    [Parameter]
    public StateTransferMode Mode { get; set; } = StateTransferMode.Auto;

    /// <summary>Whether the sender writes its state to a temporary file first.</summary>
    [Parameter]
    public SpoolMode Spool { get; set; } = SpoolMode.File;

    /// <summary>Go on without a spool when the temp folder cannot be used.</summary>
    [Parameter]
    public SwitchParameter AllowStreaming { get; set; }

    /// <summary>The folder of the spool.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TempPath { get; set; }

    /// <summary>What is compared inside the transaction before it commits.</summary>
    [Parameter]
    public VerifyLevel? Verify { get; set; }

    /// <summary>Make tables that the destination lacks, between databases of one make.</summary>
    [Parameter]
    public SwitchParameter CreateMissingTables { get; set; }

    /// <summary>How long to wait for the destination's writers.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Megabytes a second at most; 0 means no bound.</summary>
    [Parameter]
    [ValidateRange(0d, 1e9)]
    public double ThrottleMBps { get; set; }

    /// <summary>Transfer although the destination is ahead or diverged.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Ask first, then go on in a job that ends with this shell.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var request = ReadScope(new StateTransferRequest
        {
            Source = Source,
            Destination = Destination,
            Mode = Mode,
            Spool = Spool,
            AllowStreaming = AllowStreaming,
            TempPath = TempPath is null ? null : ResolvePath(TempPath),
            Verify = Verify,
            CreateMissingTables = CreateMissingTables,
            LockTimeout = LockTimeout,
            ThrottleMBps = ThrottleMBps,
            Force = Force,
        });

        if (AsJob && !IsWhatIf)
            StartJob(request);
        else if (Transfer(request, IsWhatIf) is { } result)
        {
            if (result.Status == StateTransferStatus.WhatIf)
                Ask(Describe(result));
            TransferOutput.Write(this, result);
        }
    }

    private StateTransferResult? Transfer(StateTransferRequest request, bool whatIf)
        => Run(
            $"State transfer {ProgressText.Short(Source)} -> {ProgressText.Short(Destination)}",
            Destination,
            (work, token) => work.Engine.TransferAsync(
                request with
                {
                    WhatIf = whatIf,
                    Confirm = whatIf ? null : plan => AskAsync(work, plan, token),
                },
                work.Progress,
                token));

    private async ValueTask<bool> AskAsync(Work work, TransferPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            return await work.Queue.InvokeAsync(() => Ask(plan.ToString()), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped at the question, or it could not be asked: that is a No.
            return false;
        }
    }

    // The question comes before the job: a job has nobody to ask. So the comparison runs once more in the job,
    // unless nothing would be asked anyway.
    private void StartJob(StateTransferRequest request)
    {
        var mayWrite = true;
        if (WouldAsk)
        {
            if (Transfer(request, whatIf: true) is not { } plan)
                return;
            mayWrite = plan.Status == StateTransferStatus.WhatIf;
            if (mayWrite && !Ask(Describe(plan)))
                return;
        }

        var job = new StateTransferJob(request with { Confirm = _ => new(mayWrite) }, MyInvocation.Line);
        JobRepository.Add(job);
        job.Start();
        WriteObject(job);
    }

    private bool Ask(string plan)
        => ShouldProcess(
            $"Bring {Destination} to the state of {Source}. {plan}",
            $"Bring {Destination} to the state of {Source}? Its rows are overwritten; the old ones go into an undo file first.\n{plan}",
            "State transfer");

    private static string Describe(StateTransferResult result)
        => $"{result.Mode}: insert {result.RowsInserted}, update {result.RowsUpdated}, delete {result.RowsDeleted} rows ({result.ModeReason})";
}
