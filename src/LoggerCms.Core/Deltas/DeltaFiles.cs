using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>Delta files as the shell shows them.</summary>
internal static class DeltaFiles
{
    /// <summary>
    /// The delta files of a folder, in the order in which they were written, or one file, whatever its name is. The last segment of a running
    /// node may show a torn tail: the group that is being written.
    /// </summary>
    /// <exception cref="LoggerCmsException">InvalidOption: there is no such file or folder. AccessDenied: it cannot be read.</exception>
    public static IEnumerable<DeltaFileInfo> Find(IFileLayer files, string path, CancellationToken cancellationToken)
    {
        try
        {
            if (files.Find(path) is not null)
                return [Info(DeltaFolder.InspectFile(files, path, cancellationToken))];
            var reports = DeltaFolder.Inspect(files, path, cancellationToken);
            return reports.Count > 0 || Directory.Exists(path) ? [.. reports.Select(Info)] : throw NotFound(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotReadable(path, exception);
        }
    }

    /// <summary>Refuses what is no folder: that there is nothing to bring in must not be said of what was not looked at.</summary>
    /// <exception cref="LoggerCmsException">InvalidOption, with the path.</exception>
    public static void CheckFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            File.Exists(path) ? $"'{path}' is a file, not a folder of delta files." : $"There is no folder '{path}' that {Environment.UserName} may see on this machine.",
            "Give the folder of a node's delta files, as Get-CmsNode shows it as DeltaPath.");
    }

    /// <exception cref="LoggerCmsException">InvalidOption: there is no such file. AccessDenied: it cannot be read.</exception>
    public static DeltaFileReader Open(IFileLayer files, string path)
    {
        try
        {
            return DeltaFileReader.Open(files, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotReadable(path, exception);
        }
    }

    public static DeltaFileInfo Info(DeltaFileReport report) => new()
    {
        Path = report.Path,
        State = report.MissingBefore is null ? report.End.State : DeltaFileState.Damaged,
        Version = report.Version,
        SystemId = report.Header?.Journal.SystemId,
        NodeId = report.Header?.Journal.NodeId,
        Side = report.Header?.Journal.Side,
        Epoch = report.Header?.Journal.Epoch,
        Sequence = report.Header?.Sequence,
        Records = report.Records,
        FirstUpdateKey = report.FirstKey,
        LastUpdateKey = report.LastKey,
        Bytes = report.Length,
        DurableBytes = report.DurableEnd,
        Detail = Detail(report),
    };

    private static string? Detail(DeltaFileReport report)
    {
        if (report.MissingBefore is { } missing)
            return $"The segment {missing} before it is missing, while older ones are there.";
        if (report.IsVoid)
            return "No segment goes on from it: its node could not use it, and nothing in it was acknowledged.";
        return report.End switch
        {
            { State: DeltaFileState.TornTail } end => $"{end.Bytes} bytes from byte {end.Offset} on were never acknowledged: {end.Reason}.",
            { State: DeltaFileState.Damaged } end => $"At byte {end.Offset}: {end.Reason}.",
            { Reason: { } reason } => char.ToUpperInvariant(reason[0]) + reason[1..] + ".",
            _ => null,
        };
    }

    private static LoggerCmsException NotFound(string path) => new(
        ErrorCodes.InvalidOption, $"There is no delta file or folder '{path}'.", "Give the folder that Get-CmsNode shows as DeltaPath, or a file.");

    private static LoggerCmsException NotReadable(string path, Exception exception) => exception is FileNotFoundException or DirectoryNotFoundException
        ? NotFound(path)
        : new LoggerCmsException(
            ErrorCodes.AccessDenied,
            $"'{path}' cannot be read by {Environment.UserName}: {exception.Message}",
            "Run it as the account of the node, or as an administrator.",
            innerException: exception);
}
