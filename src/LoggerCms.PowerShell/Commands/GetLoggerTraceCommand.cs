using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Reads traces of Loggers, other ICM processes and this module's transfers as objects.</summary>
[Cmdlet(VerbsCommon.Get, "LoggerTrace", DefaultParameterSetName = "Path")]
[OutputType(typeof(LoggerTraceLine))]
public sealed class GetLoggerTraceCommand : AsyncPSCmdlet
{
    private ITraceTextParser? _parser;

    /// <summary>The trace files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The trace files, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("FullName", "TracePath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Text of a trace, line by line or as a whole.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Text")]
    [AllowEmptyString]
    public string Text { get; set; } = string.Empty;

    /// <summary>Only messages at or after this point.</summary>
    [Parameter]
    public TraceTime? After { get; set; }

    /// <summary>Only messages at or before this point.</summary>
    [Parameter]
    public TraceTime? Before { get; set; }

    /// <summary>Only so many of the last messages of each trace.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>The date of the first message, for a trace without a date line.</summary>
    [Parameter]
    public DateTime? Date { get; set; }

    /// <summary>Go on as the file grows, until stopped.</summary>
    [Parameter(ParameterSetName = "Path")]
    [Parameter(ParameterSetName = "LiteralPath")]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Text")
        {
            // No task a line: a parser only computes.
            _parser ??= Run("Reading text", null, (work, _) => Task.FromResult(work.TraceTools.CreateTextParser(Request(string.Empty))))!;
            Write(_parser.Add(Text));
            return;
        }

        var isLiteral = ParameterSetName == "LiteralPath";
        var given = isLiteral ? LiteralPath : Path;
        var many = given.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var path in given)
        {
            var files = Run(
                "Looking for traces", path, (_, _) => Task.FromResult(TracePaths.Resolve(SessionState.Path, path, isLiteral, takesFolders: false)), many) ?? [];
            if (Wait && (many || files.Count > 1))
            {
                ThrowTerminatingError(ErrorRecords.From(
                    new LoggerCmsException(ErrorCodes.InvalidOption, "-Wait follows one trace at a time.", "Name one file, or start a shell for each."), path));
            }

            foreach (var file in files)
                Run($"Reading {System.IO.Path.GetFileName(file)}", path, (work, token) => ReadAsync(work, Request(file), token), many || files.Count > 1);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_parser is not null)
            Write(_parser.End());
    }

    private TraceReadRequest Request(string file) => new()
    {
        Path = file,
        Wait = Wait,
        After = After,
        Before = Before,
        Tail = Tail,
        Date = Date is { } date ? DateOnly.FromDateTime(date) : null,
    };

    private async Task<string> ReadAsync(Work work, TraceReadRequest request, CancellationToken cancellationToken)
    {
        // The next batch is read while one is written, and no more: a batch may hold megabytes, and the queue would take hundreds.
        var writing = Task.FromResult(true);
        await foreach (var batch in work.TraceTools.ReadAsync(request, cancellationToken).ConfigureAwait(false))
        {
            await writing.ConfigureAwait(false);
            writing = work.Queue.InvokeAsync(() => Write(batch), cancellationToken).AsTask();
        }

        await writing.ConfigureAwait(false);
        return request.Path;
    }

    private bool Write(TraceBatch batch)
    {
        foreach (var line in batch.Lines)
            WriteObject(line);
        foreach (var note in batch.Notes)
            WriteWarning(note);
        return true;
    }
}
