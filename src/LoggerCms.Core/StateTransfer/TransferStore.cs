using System.Diagnostics;
using System.Text.Json;

namespace LoggerCms.Core.StateTransfer;

/// <summary>The durable record of one transfer.</summary>
internal sealed record TransferRecord
{
    public int Format { get; init; } = 1;

    public required StateTransferResult Result { get; init; }

    /// <summary>Connections as text, without passwords.</summary>
    public required string Source { get; init; }

    public required string Destination { get; init; }

    public required IReadOnlyList<string> Table { get; init; }

    public required IReadOnlyList<string> ExcludeTable { get; init; }

    public string? ProfilePath { get; init; }

    public VerifyLevel? Verify { get; init; }

    /// <summary>What tells one destination from another, for undoing last first.</summary>
    public string? DestinationIdentity { get; init; }

    /// <summary>The tables that its transaction locked.</summary>
    public IReadOnlyList<Sides.TableName> Locked { get; init; } = [];

    public required int ProcessId { get; init; }

    public required DateTimeOffset ProcessStart { get; init; }

    /// <summary>The footer of a complete spool was written; a resume may use it.</summary>
    public bool SpoolComplete { get; init; }

    public DateTimeOffset Written { get; init; }
}

/// <summary>
/// The owner-only folder of transfer records, undo files and stop requests on this machine:
/// <c>LOGGERCMS_HOME</c>, otherwise <c>loggercms</c> in the user's local application data.
/// </summary>
internal sealed class TransferStore
{
    /// <summary>How long spools and undo files are kept before <c>Clear-StateTransferTemp</c> takes them unasked.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromDays(30);

    private static readonly JsonSerializerOptions Json = new(ChangeFile.Json) { WriteIndented = true };
    private readonly TimeProvider _time;

    /// <param name="time">The clock.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    public TransferStore(TimeProvider time, string? home = null)
    {
        _time = time;
        Folder = LoggerHome.Folder("transfers", home);
    }

    public string Folder { get; }

    public string UndoPath(Guid id) => Path.Combine(Folder, $"{id:N}.undo");

    /// <exception cref="LoggerCmsException">DiskFull or TempFolderUnusable.</exception>
    public void Save(TransferRecord record)
    {
        try
        {
            Write(record);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, Folder, "Give the account access to the folder and room in it, or set LOGGERCMS_HOME to another.");
        }
    }

    private void Write(TransferRecord record)
    {
        LoggerHome.Make(Folder);
        var path = RecordPath(record.Result.Id);
        var partial = path + FrameWriter.PartialSuffix;
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(partial, options))
        {
            JsonSerializer.Serialize(stream, record with { Written = _time.GetUtcNow() }, Json);
            stream.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <summary>All records, newest first. A running one whose process is gone is shown as interrupted.</summary>
    public IReadOnlyList<TransferRecord> List()
    {
        if (!Directory.Exists(Folder))
            return [];
        return [.. Directory.EnumerateFiles(Folder, "*.json").Select(Read).OfType<TransferRecord>().OrderByDescending(r => r.Result.StartedAt)];
    }

    /// <exception cref="LoggerCmsException">TransferNotFound.</exception>
    public TransferRecord Get(Guid id)
        => (File.Exists(RecordPath(id)) ? Read(RecordPath(id)) : null) ?? throw new LoggerCmsException(
            ErrorCodes.TransferNotFound,
            $"No state transfer {id} is recorded on this machine for this user.",
            "Get-StateTransfer lists the records; look on the machine and as the user that ran it.");

    /// <summary>Asks a running transfer to cancel; one that has ended stays as it is.</summary>
    public void RequestStop(Guid id)
    {
        if (Get(id).Result.Status == StateTransferStatus.Running)
            File.WriteAllBytes(StopPath(id), []);
    }

    /// <summary>Whether the transfer was asked to cancel. Never throws: a request that cannot be taken now is there the next time.</summary>
    public bool TakeStopRequest(Guid id)
    {
        if (!File.Exists(StopPath(id)))
            return false;
        try
        {
            File.Delete(StopPath(id));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes what an attempt that did not commit has left of its undo file.</summary>
    public void RemoveUndo(Guid id)
    {
        File.Delete(UndoPath(id));
        File.Delete(UndoPath(id) + FrameWriter.PartialSuffix);
    }

    public IReadOnlyList<TransferFile> Files()
    {
        var files = new List<TransferFile>();
        if (!Directory.Exists(Folder))
            return files;
        var spools = new HashSet<string>(StringComparer.Ordinal);
        var records = List();
        var running = records.Where(r => r.Result.Status == StateTransferStatus.Running).Select(r => r.Result.Id).ToHashSet();
        foreach (var record in records)
        {
            if (record.Result.SpoolPath is not { } spool || running.Contains(record.Result.Id))
                continue;
            foreach (var path in new[] { spool, spool + FrameWriter.PartialSuffix })
            {
                if (!File.Exists(path))
                    continue;
                spools.Add(path);
                files.Add(Describe(path, path == spool ? "Spool" : "Partial", record.Result.Id));
            }
        }

        foreach (var path in Directory.EnumerateFiles(Folder))
        {
            var name = Path.GetFileName(path);
            if (!Guid.TryParseExact(name.Split('.')[0], "N", out var id) || spools.Contains(path) || running.Contains(id))
                continue;
            var kind = Path.GetExtension(path) switch
            {
                ".undo" => "Undo",
                ".json" => "Record",
                _ => "Partial",
            };
            files.Add(Describe(path, kind, id));
        }

        return files;
    }

    public void Remove(TransferFile file)
    {
        if (!Files().Any(f => f.Path == file.Path))
        {
            throw new LoggerCmsException(
                ErrorCodes.TransferNotFound,
                $"'{file.Path}' is no file that a state transfer left.",
                "Clear-StateTransferTemp without a path lists the files that can be removed.");
        }

        File.Delete(file.Path);
    }

    private static TransferFile Describe(string path, string kind, Guid id)
    {
        var info = new FileInfo(path);
        return new TransferFile
        {
            Path = path,
            Kind = kind,
            Id = id,
            Size = info.Length,
            Created = info.LastWriteTimeUtc,
            Expires = info.LastWriteTimeUtc + KeepFor,
        };
    }

    private string RecordPath(Guid id) => Path.Combine(Folder, $"{id:N}.json");

    private string StopPath(Guid id) => Path.Combine(Folder, $"{id:N}.stop");

    private static TransferRecord? Read(string path)
    {
        TransferRecord? record;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            record = JsonSerializer.Deserialize<TransferRecord>(stream, Json);
        }
        catch (FileNotFoundException)
        {
            // Removed by another process since it was listed.
            return null;
        }
        catch (JsonException exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported,
                $"The transfer record '{path}' cannot be read: {exception.Message}",
                "Move the file out of the folder, or remove it.",
                innerException: exception);
        }

        if (record is { Result.Status: StateTransferStatus.Running } && !IsAlive(record))
            return record with { Result = record.Result with { Status = StateTransferStatus.Interrupted } };
        return record;
    }

    private static bool IsAlive(TransferRecord record)
    {
        try
        {
            using var process = Process.GetProcessById(record.ProcessId);

            // Process ids are used again; the same process has the same start, to the clock's grain.
            return (process.StartTime.ToUniversalTime() - record.ProcessStart.UtcDateTime).Duration() < TimeSpan.FromSeconds(2);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
