using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using LoggerCms.Core.Files;

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

    public DateTimeOffset Written { get; init; }

    /// <summary>When its transaction was about to commit: transfers into one side are told apart by that, because a resumed one began long before.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>What the destination wrote down then: later transfers into it have a higher one, also where a clock was set back.</summary>
    public long? Ordinal { get; init; }
}

/// <summary>
/// The owner-only folder of transfer records, undo files and stop requests on this machine:
/// <c>LOGGERCMS_HOME</c>, otherwise <c>loggercms</c> in the user's local application data.
/// </summary>
internal sealed class TransferStore
{
    /// <summary>How long spools and undo files are kept before <c>Clear-StateTransferTemp</c> takes them unasked.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromDays(30);

    /// <summary>What to do when the folder of records and undo files cannot be used.</summary>
    public const string FolderRemedy = "Give the account access to the folder and room in it, or set LOGGERCMS_HOME to another.";

    private static readonly JsonSerializerOptions Json = new(ChangeFile.Json) { WriteIndented = true };

    private static readonly ConcurrentDictionary<Guid, bool> RunningHere = new();

    private readonly TimeProvider _time;
    private volatile bool _folderIsDurable;

    /// <param name="time">The clock.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    /// <param name="files">Where records, undo files and spools are; null for this machine's files.</param>
    public TransferStore(TimeProvider time, string? home = null, IFileLayer? files = null)
    {
        FileLayer = files ?? SystemFiles.Instance;
        _time = time;
        Folder = LoggerHome.Folder("transfers", home);
    }

    public IFileLayer FileLayer { get; }

    public string Folder { get; }

    public string TracePath(Guid id) => Path.Combine(Folder, $"{id:N}.trace");

    /// <summary>The transfer's spool where it is there and complete: a spool has its own name no sooner than all of it is on the disk.</summary>
    public string? FindSpool(TransferRecord record) => record.Result.SpoolPath is { } spool && FileLayer.Find(spool) is not null ? spool : null;

    public string UndoPath(Guid id) => Path.Combine(Folder, $"{id:N}.undo");

    /// <summary>The transfer runs in this process until <see cref="Ended"/>, whether its end can be written to its record or not.</summary>
    public static void Begun(Guid id) => RunningHere[id] = true;

    public static void Ended(Guid id) => RunningHere.TryRemove(id, out _);

    /// <exception cref="LoggerCmsException">DiskFull or TempFolderUnusable.</exception>
    public void Save(TransferRecord record)
    {
        try
        {
            Write(record);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, Folder, FolderRemedy);
        }
    }

    private void Write(TransferRecord record)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(record with { Written = _time.GetUtcNow() }, Json);
        var path = RecordPath(record.Result.Id);
        try
        {
            if (_folderIsDurable)
            {
                FileLayer.Replace(path, bytes);
                return;
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody removed the folder since.
        }

        FileLayer.MakeFolder(Folder);
        FileLayer.Replace(path, bytes);
        _folderIsDurable = true;
    }

    /// <summary>
    /// All records that can be read, newest first; one that cannot stops nobody but <see cref="Get"/>. A running one whose process is gone is shown as
    /// interrupted.
    /// </summary>
    public IReadOnlyList<TransferRecord> List()
        => [.. FileLayer.List(Folder)
            .Where(f => f.Path.EndsWith(".json", StringComparison.Ordinal))
            .Select(f => TryRead(f.Path)).OfType<TransferRecord>().OrderByDescending(r => r.Result.StartedAt)];

    /// <exception cref="LoggerCmsException">TransferNotFound.</exception>
    public TransferRecord Get(Guid id)
        => Find(id) ?? throw new LoggerCmsException(
            ErrorCodes.TransferNotFound,
            $"No state transfer {id} is recorded on this machine for this user.",
            "Get-StateTransfer lists the records; look on the machine and as the user that ran it.");

    /// <summary>The record of a transfer; null where there is none.</summary>
    public TransferRecord? Find(Guid id) => Read(RecordPath(id));

    /// <summary>Notes on a transfer that another has undone it, after which its undo file is of no use.</summary>
    public void NoteUndone(TransferRecord record)
    {
        Save(record with { Result = record.Result with { Status = StateTransferStatus.Undone, UndoPath = null } });
        FileLayer.Delete(UndoPath(record.Result.Id));
    }

    /// <summary>Asks a running transfer to cancel; one that has ended stays as it is.</summary>
    public void RequestStop(Guid id)
    {
        if (Get(id).Result.Status != StateTransferStatus.Running)
            return;
        try
        {
            FileLayer.Create(StopPath(id)).Dispose();
        }
        catch (IOException) when (FileLayer.Find(StopPath(id)) is not null)
        {
            // Asked already.
        }
    }

    /// <summary>Whether the transfer was asked to cancel. Never throws: a request that cannot be taken now is there the next time.</summary>
    public bool TakeStopRequest(Guid id)
    {
        if (FileLayer.Find(StopPath(id)) is null)
            return false;
        try
        {
            FileLayer.Delete(StopPath(id));
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
        FileLayer.Delete(UndoPath(id));
        FileLayer.Delete(UndoPath(id) + FileLayerExtensions.PartialSuffix);
    }

    public IReadOnlyList<TransferFile> Files()
    {
        var files = new List<TransferFile>();
        var spools = new HashSet<string>(StringComparer.Ordinal);
        var records = List();
        var running = records.Where(r => r.Result.Status == StateTransferStatus.Running).Select(r => r.Result.Id).ToHashSet();
        foreach (var record in records)
        {
            if (record.Result.SpoolPath is not { } spool || running.Contains(record.Result.Id))
                continue;
            foreach (var path in new[] { spool, spool + FileLayerExtensions.PartialSuffix })
            {
                if (FileLayer.Find(path) is not { } file)
                    continue;
                spools.Add(path);
                files.Add(Describe(file, path == spool ? "Spool" : "Partial", record.Result.Id));
            }
        }

        foreach (var file in FileLayer.List(Folder))
        {
            var path = file.Path;
            var name = Path.GetFileName(path);
            if (!Guid.TryParseExact(name.Split('.')[0], "N", out var id) || spools.Contains(path) || running.Contains(id))
                continue;
            var kind = Path.GetExtension(path) switch
            {
                ".undo" => "Undo",
                ".json" => "Record",
                ".trace" => "Trace",
                _ => "Partial",
            };
            files.Add(Describe(file, kind, id));
        }

        return files;
    }

    public void Remove(TransferFile file)
    {
        if (Files().FirstOrDefault(f => f.Path == file.Path) is not { } known)
        {
            // A spool went with its record.
            if (FileLayer.Find(file.Path) is null)
                return;
            throw new LoggerCmsException(
                ErrorCodes.TransferNotFound,
                $"'{file.Path}' is no file that a state transfer left.",
                "Clear-StateTransferTemp without a path lists the files that can be removed.");
        }

        // Without its record nobody would know of a spool.
        if (known.Kind == "Record" && TryRead(known.Path)?.Result.SpoolPath is { } spool)
        {
            FileLayer.DeleteForGood(spool);
            FileLayer.DeleteForGood(spool + FileLayerExtensions.PartialSuffix);
        }

        FileLayer.DeleteForGood(known.Path);
    }

    private static TransferFile Describe(FileEntry file, string kind, Guid id) => new()
    {
        Path = file.Path,
        Kind = kind,
        Id = id,
        Size = file.Length,
        Created = file.Written,
        Expires = file.Written + KeepFor,
    };

    private string RecordPath(Guid id) => Path.Combine(Folder, $"{id:N}.json");

    private string StopPath(Guid id) => Path.Combine(Folder, $"{id:N}.stop");

    private TransferRecord? TryRead(string path)
    {
        try
        {
            return Read(path);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.FormatNotSupported)
        {
            return null;
        }
    }

    private TransferRecord? Read(string path)
    {
        TransferRecord? record;
        try
        {
            using var file = FileLayer.Open(path);
            var bytes = new byte[file.Length];
            record = JsonSerializer.Deserialize<TransferRecord>(bytes.AsSpan(0, file.ReadFully(bytes, 0)), Json);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // There is none, or another process removed it since it was listed.
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
            return record with { Result = Interrupted(record.Result, FindSpool(record) is not null) };
        return record;
    }

    /// <summary>The result of a transfer whose process ended without an answer.</summary>
    private static StateTransferResult Interrupted(StateTransferResult result, bool hasSpool)
        => result with
        {
            Status = StateTransferStatus.Interrupted,
            ErrorMessage = "The process that ran it ended before it could say whether the destination was changed.",
            Remedy = hasSpool
                ? $"Resume-StateTransfer -Id {result.Id} looks whether it was committed, and goes on with what it had prepared where it was not."
                : $"Get-StateTransfer -Id {result.Id} -Settle looks whether it was committed. {AfterSettling(result.Id)}",
        };

    /// <summary>What can be done with a transfer whose end was found out.</summary>
    public static string AfterSettling(Guid id)
        => $"What was committed is undone by Undo-StateTransfer -Id {id}; what was not is started again with Start-StateTransfer, and Clear-StateTransferTemp -Id {id} removes what it left.";

    private static bool IsAlive(TransferRecord record)
    {
        try
        {
            using var process = Process.GetProcessById(record.ProcessId);

            // Process ids are used again; the same process has the same start, to the clock's grain.
            return (process.StartTime.ToUniversalTime() - record.ProcessStart.UtcDateTime).Duration() < TimeSpan.FromSeconds(2)
                && (record.ProcessId != Environment.ProcessId || RunningHere.ContainsKey(record.Result.Id));
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
