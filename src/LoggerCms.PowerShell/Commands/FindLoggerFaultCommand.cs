using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Says what is wrong, from the traces of one side, of both, or of a folder.</summary>
[Cmdlet(VerbsCommon.Find, "LoggerFault", DefaultParameterSetName = "Path")]
[OutputType(typeof(LoggerFault))]
public sealed class FindLoggerFaultCommand : AsyncPSCmdlet
{
    private readonly List<string> _path = [];
    private readonly List<string> _sideA = [];
    private readonly List<string> _sideB = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>Traces or folders of traces; the side is found out from what they say.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The same, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("FullName", "TracePath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Traces of side A.</summary>
    [Parameter(ParameterSetName = "Side")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] SideA { get; set; } = [];

    /// <summary>Traces of side B.</summary>
    [Parameter(ParameterSetName = "Side")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] SideB { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Collect(Path, _path, isLiteral: false);
        Collect(LiteralPath, _path, isLiteral: true);
        Collect(SideA, _sideA, isLiteral: false);
        Collect(SideB, _sideB, isLiteral: false);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_path.Count + _sideA.Count + _sideB.Count == 0)
            return;
        var request = new FaultRequest { Path = [.. _path.Distinct()], SideA = [.. _sideA.Distinct()], SideB = [.. _sideB.Distinct()] };
        var target = string.Join(", ", request.SideA.Concat(request.SideB).Concat(request.Path));
        var faults = Run("Reading traces", target, (work, token) => work.TraceTools.FindFaultsAsync(request, token)) ?? [];
        foreach (var fault in faults)
            WriteObject(fault);
        if (faults.Count == 0)
            WriteVerbose($"No rule found a fault in {target}.");
    }

    // From a pipeline many objects may name one trace: it is read once, at the end.
    private void Collect(string[] given, List<string> files, bool isLiteral)
    {
        var many = SideA.Length + SideB.Length + Path.Length + LiteralPath.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var path in given)
        {
            if (MyInvocation.ExpectingInput && !_seen.Add(path))
                continue;
            files.AddRange(Run(
                "Looking for traces", path, (_, _) => Task.FromResult(TracePaths.Resolve(SessionState.Path, path, isLiteral, takesFolders: true)), many) ?? []);
        }
    }
}
