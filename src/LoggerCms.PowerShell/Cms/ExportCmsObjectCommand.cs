using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Writes an object and all below it, as of one moment, as JSON lines.</summary>
[Cmdlet(VerbsData.Export, "CmsObject", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportCmsObjectCommand : ObjectTargetCmdlet
{
    private (ObjectTarget Target, string Path)? _held;

    /// <summary>The file to write; the lines go down the pipeline when left out.</summary>
    [Parameter(Position = 1)]
    [Alias("OutFile")]
    [OneForAll]
    [ValidateNotNullOrEmpty]
    public string? FilePath { get; set; }

    /// <summary>With the owner and the access list of each object whose rights you may see.</summary>
    [Parameter]
    public SwitchParameter IncludeRights { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string MeantByPath => "Give the file as -FilePath. ";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var targets = Targets();
        if (FilePath is null)
        {
            foreach (var target in targets)
                List($"Exporting {target}", target.Input, (client, token) => LinesAsync(client, target, IncludeRights, token), line => line, oneOfMany: IsOneOfMany);
            return;
        }

        if (targets.Count + (_held is null ? 0 : 1) > 1)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(
                    ErrorCodes.InvalidOption,
                    "A file takes one object with all below it, and more than one is named; nothing was written.",
                    "Export the folder that they are in, or each to a file of its own: … | ForEach-Object { Export-CmsObject -Id $_.Id \"./$($_.Id).jsonl\" }"),
                FilePath));
        }

        if (targets is not [var only])
            return;
        var path = ResolvePath(FilePath);
        RequirePlace(path);
        _held = (only, path);
    }

    // Not before the pipeline is over, which may bring another: a file of the first alone would look like one of all.
    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_held is not var (target, path) || Ask("Reading objects", target.Input, target.ReadAsync, IsOneOfMany) is not { } found || !ShouldProcess(path, $"Export {found.Path}"))
            return;
        if (Ask($"Exporting {found.Path}", FilePath, (client, token) => WriteAsync(client, target, path, token)) is { } file)
            WriteObject(file);
    }

    private void RequirePlace(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(path);
        var why = Directory.Exists(path) ? "is a folder" : folder is not null && !Directory.Exists(folder) ? $"cannot be made: there is no folder '{folder}'" : null;
        if (why is not null)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, $"'{path}' {why}.", "Give -FilePath as the name of a file in a folder that exists."), FilePath));
        }

        if (File.Exists(path) && !Force)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.NameInUse, $"The file '{path}' is there already.", "Give another name, or -Force to replace it."), FilePath));
        }
    }

    private static async IAsyncEnumerable<string> LinesAsync(
        ICmsClient client, ObjectTarget target, bool includeRights, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var root = await target.ReadAsync(client, cancellationToken).ConfigureAwait(false);
        var line = ExportFile.Header(root, includeRights);
        ExportFile.Add(hash, line);
        yield return line;
        var objects = 0L;
        await foreach (var one in client.ExportAsync(root.Id, includeRights, cancellationToken).ConfigureAwait(false))
        {
            objects++;
            line = ExportFile.Object(one);
            ExportFile.Add(hash, line);
            yield return line;
        }

        yield return ExportFile.End(objects, hash);
    }

    // Under another name until it is whole, so that a file of that name is never half an export; for its owner alone.
    private async Task<FileInfo> WriteAsync(ICmsClient client, ObjectTarget target, string path, CancellationToken cancellationToken)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using (var stream = new FileStream(partial, options))
            {
                await using (var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" })
                {
                    await foreach (var line in LinesAsync(client, target, IncludeRights, cancellationToken).ConfigureAwait(false))
                        await writer.WriteLineAsync(line.AsMemory(), cancellationToken).ConfigureAwait(false);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: Force);
            return new FileInfo(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException or IOException)
        {
            throw new LoggerCmsException(
                e is UnauthorizedAccessException ? ErrorCodes.AccessDenied : ErrorCodes.TempFolderUnusable,
                $"The file '{path}' cannot be written: {e.Message}",
                "Give -FilePath in a folder that exists, that you may write to, and that has room.",
                innerException: e);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }
}
