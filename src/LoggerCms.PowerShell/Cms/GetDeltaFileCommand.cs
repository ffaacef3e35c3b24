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
    private const long MostBytes = 4 << 20;

    /// <summary>Delta files, or folders of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "DeltaPath", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Emit the records, with what they change, in place of the files.</summary>
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
                    await (Record
                        ? WriteAsync(work, Records(full, token), one => one.Bytes, token)
                        : WriteAsync(work, EngineHost.GetCmsTools().GetDeltaFiles(full, token), _ => 0, token)).ConfigureAwait(false);
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
            .SelectMany(file => tools.GetDeltaRecords(file, cancellationToken));
    }

    private async Task WriteAsync<T>(Work work, IEnumerable<T> items, Func<T, long> bytesOf, CancellationToken cancellationToken)
    {
        List<T> batch = [];
        var bytes = 0L;
        foreach (var item in items)
        {
            batch.Add(item);
            bytes += bytesOf(item);
            if (batch.Count < Batch && bytes < MostBytes)
                continue;
            await WriteAsync(work, batch, cancellationToken).ConfigureAwait(false);
            (batch, bytes) = ([], 0);
        }

        await WriteAsync(work, batch, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync<T>(Work work, List<T> batch, CancellationToken cancellationToken)
        => await work.Queue.InvokeAsync(
            () =>
            {
                batch.ForEach(item => WriteObject(item));
                return true;
            },
            cancellationToken).ConfigureAwait(false);
}
