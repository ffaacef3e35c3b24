using System.Management.Automation;
using System.Security.Cryptography;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Brings an exported object and all below it into a folder.</summary>
[Cmdlet(VerbsData.Import, "CmsObject", SupportsShouldProcess = true, DefaultParameterSetName = "Lines")]
[OutputType(typeof(CmsImportedObject))]
public sealed class ImportCmsObjectCommand : NodeCmdlet
{
    private readonly List<string> _lines = [];

    /// <summary>The file that Export-CmsObject wrote.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "File", ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = string.Empty;

    /// <summary>The lines of an export.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Lines", ValueFromPipeline = true)]
    [AllowEmptyString]
    public string InputObject { get; set; } = string.Empty;

    /// <summary>The folder that the exported object goes to.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Keep the objects' CUIDs, and know those that are there by them.</summary>
    [Parameter]
    public SwitchParameter KeepCuid { get; set; }

    /// <summary>Give the objects the owners and access lists of the export.</summary>
    [Parameter]
    public SwitchParameter IncludeRights { get; set; }

    /// <summary>What becomes of objects that are there already.</summary>
    [Parameter]
    [ValidateSet("Fail", "Skip", "Overwrite")]
    public string Update { get; set; } = "Fail";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "File")
            Import(FilePath, ReadLines);
        else
            _lines.Add(InputObject);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == "Lines" && _lines.Count > 0)
            Import("input", () => _lines);
    }

    private IEnumerable<string> ReadLines()
    {
        var path = ShellPath.Resolve(SessionState.Path, FilePath);
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LoggerCmsException(
                e is UnauthorizedAccessException ? ErrorCodes.AccessDenied : ErrorCodes.ObjectNotFound,
                $"The file '{path}' cannot be read: {e.Message}",
                $"Get-Item '{path.Replace("'", "''", StringComparison.Ordinal)}'",
                innerException: e);
        }
    }

    // Read once to see that it is whole, before the first object is made.
    private void Import(string input, Func<IEnumerable<string>> lines)
    {
        var folder = Ask("Checking", Destination, async (client, token) =>
        {
            var found = await client.GetObjectByPathAsync(CmsPath.Normal(Destination), token).ConfigureAwait(false);
            if (IsWhatIf)
                await Checks.DemandAsync(client, found.Id, "Add", token).ConfigureAwait(false);
            return found;
        })!;
        var count = Run("Checking the export", input, (_, token) => Task.FromResult<object>(Verify(lines(), token)))!;
        var go = ShouldProcess(folder.Path, $"Import {count} objects from {input}");
        if (!go && !IsWhatIf)
            return;
        var options = new ImportOptions(folder.Id, folder.Path, KeepCuid, Enum.Parse<ImportPolicy>(Update, ignoreCase: true), IncludeRights, !go);
        var lease = Lease();
        Run("Importing", input, (work, token) => UseAsync(lease, client => ImportAsync(client, work, options, lines(), token), token));
    }

    private static long Verify(IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (number, objects) = (0L, 0L);
        var (hasHeader, hasEnd) = (false, false);
        foreach (var line in lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            number++;
            if (line.Length == 0)
                continue;
            if (hasEnd)
                throw Damaged($"Line {number} comes after the end.");
            var read = ExportFile.Read(line, number);
            hasHeader |= read.Kind == ExportLine.Header;
            if (read.Kind == ExportLine.End)
            {
                hasEnd = true;
                if (read.Objects != objects || read.Sha256 != ExportFile.Hexadecimal(hash))
                    throw Damaged($"It holds {objects} objects; its end says {read.Objects} and another checksum.");
                continue;
            }

            objects += read.Kind == ExportLine.Object ? 1 : 0;
            ExportFile.Add(hash, line);
        }

        // What somebody wrote by hand has neither; what was exported has both.
        if (hasHeader && !hasEnd)
            throw Damaged("It has no end: the export was cut off.");
        return objects > 0 || hasEnd ? objects : throw Damaged("It is empty.");
    }

    private async Task<object> ImportAsync(ICmsClient client, Work work, ImportOptions options, IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        var told = new List<Action>();
        var importer = new Importer(
            client,
            options,
            one => told.Add(() => WriteObject(one)),
            (failure, item) => told.Add(() => WriteError(ErrorRecords.From(failure, item.ToString()))));
        var number = 0L;
        foreach (var line in lines)
        {
            number++;
            if (line.Length == 0 || ExportFile.Read(line, number) is not { Object: { } source })
                continue;
            await importer.AddAsync(new ImportItem(source, number), cancellationToken).ConfigureAwait(false);
            await TellAsync(work, told, cancellationToken).ConfigureAwait(false);
        }

        await importer.EndAsync(cancellationToken).ConfigureAwait(false);
        await TellAsync(work, told, cancellationToken).ConfigureAwait(false);
        return this;
    }

    private static async ValueTask TellAsync(Work work, List<Action> told, CancellationToken cancellationToken)
    {
        if (told.Count == 0)
            return;
        await work.Queue.InvokeAsync(
            () =>
            {
                told.ForEach(tell => tell());
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        told.Clear();
    }

    private static LoggerCmsException Damaged(string why)
        => new(ErrorCodes.SpoolDamaged, $"The export is damaged. {why} Nothing was imported.", "Export it again: Export-CmsObject PATH -FilePath FILE.");
}
