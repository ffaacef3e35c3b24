using System.Management.Automation;
using LoggerCms.PowerShell.Engine;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Shows delta files, also those of another machine, or their records. Changes nothing.</summary>
[Cmdlet(VerbsCommon.Get, "DeltaFile")]
[OutputType(typeof(DeltaFileInfo), typeof(DeltaRecordInfo))]
public sealed class GetDeltaFileCommand : AsyncPSCmdlet
{
    private const int Batch = 200;

    /// <summary>Delta files, or folders of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "DeltaPath", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Emit the records in place of the files.</summary>
    [Parameter]
    public SwitchParameter Record { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            Run(
                $"Reading {path}",
                path,
                async (work, token) =>
                {
                    var full = ShellPath.Resolve(SessionState.Path, path);
                    await (Record ? WriteAsync(work, Records(full, token), token) : WriteAsync(work, EngineHost.GetCmsTools().GetDeltaFiles(full, token), token))
                        .ConfigureAwait(false);
                    return full;
                },
                Path.Length > 1 || MyInvocation.ExpectingInput);
        }
    }

    private static IEnumerable<DeltaRecordInfo> Records(string path, CancellationToken cancellationToken)
    {
        var tools = EngineHost.GetCmsTools();
        return tools.GetDeltaFiles(path, cancellationToken)
            .Where(file => file.State is not (DeltaFileState.NotADeltaFile or DeltaFileState.UnknownVersion))
            .SelectMany(file => tools.GetDeltaRecords(file.Path, cancellationToken));
    }

    private async Task WriteAsync<T>(Work work, IEnumerable<T> items, CancellationToken cancellationToken)
    {
        foreach (var batch in items.Chunk(Batch))
        {
            await work.Queue.InvokeAsync(
                () =>
                {
                    foreach (var item in batch)
                        WriteObject(item);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }
}
