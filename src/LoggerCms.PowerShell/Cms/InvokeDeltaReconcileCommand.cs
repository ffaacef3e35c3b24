using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Brings delta files into a system database, each change once and only once: by the node that serves it, or without one.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "DeltaReconcile", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "Node")]
[OutputType(typeof(DeltaReconcileResult))]
public sealed class InvokeDeltaReconcileCommand : CmsCmdlet
{
    /// <summary>The folder of the delta files, on the node's machine; the node's own where it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Node")]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Database", Mandatory = true)]
    [Alias("DeltaPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The system database, which no node serves.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Database")]
    [SideConnectionTransformation]
    public SideConnection? Database { get; set; }

    /// <summary>What becomes of changes whose objects were changed since.</summary>
    [Parameter]
    public ConflictPolicy ConflictPolicy { get; set; }

    /// <summary>Give damaged files another name and go on without them.</summary>
    [Parameter]
    public SwitchParameter SetDamagedAside { get; set; }

    private string Where => Database is null ? "the node's system database" : Database.ToString();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var request = new CmsReconcileRequest
        {
            Path = Path is null || (Database is null && System.IO.Path.IsPathFullyQualified(Path)) ? Path : ResolvePath(Path),
            ConflictPolicy = ConflictPolicy,
            SetDamagedAside = SetDamagedAside,
        };
        DeltaReconcileResult? result = null;
        if (IsWhatIf || WouldAsk)
        {
            result = Reconcile(request with { WhatIf = true });
            if (result is null)
                return;
        }

        var plan = result is null ? "" : Describe(result);
        var may = ShouldProcess(
            $"Bring delta files into {Where}. {plan}", $"Bring these delta files into {Where}? Files that were brought in are removed.\n{plan}", "Delta reconcile");
        if (may)
            result = Reconcile(request);
        else if (!IsWhatIf)
            return;
        if (result is null)
            return;
        ReconcileOutput.Warn(this, result);
        WriteObject(result);
    }

    private DeltaReconcileResult? Reconcile(CmsReconcileRequest request)
    {
        var activity = request.WhatIf ? "Looking at delta files" : "Bringing delta files in";
        var target = (object?)Path ?? Connection;
        return Database is null
            ? Ask(activity, target, (client, token) => client.ReconcileAsync(request, token), MyInvocation.ExpectingInput)
            : Run(activity, target, (work, token) => work.CmsTools.ReconcileAsync(Database, request, token), MyInvocation.ExpectingInput);
    }

    private static string Describe(DeltaReconcileResult plan)
        => $"{plan.Path}: {plan.Files} files, {plan.Records} records; {plan.Applied} to apply, {plan.AlreadyThere + plan.Repeated} there already, "
            + $"{plan.Conflicts.Count} conflicts, {plan.SetAside.Count} damaged files.";
}
