using System.Runtime.CompilerServices;

namespace LoggerCms.Databases;

/// <summary>
/// An engine that does what the file name of a side says, so that the shell's side can be tested in every case:
/// <c>fail-CODE</c> throws, <c>crash</c> throws an untyped exception, <c>hang</c> waits until it is cancelled,
/// <c>flood</c> tells far too much, <c>same</c> has nothing to send. Anything else succeeds.
/// Each call is noted in the file that LOGGERCMS_SCRIPT_LOG names.
/// </summary>
public sealed class ScriptedEngine : ISideEngine
{
    public const int FloodRows = 20_000;

    public async Task<SideState> GetSideStateAsync(
        SideStateRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        await PlayAsync(request.Side, progress, cancellationToken).ConfigureAwait(false);
        return new SideState
        {
            Side = request.Side.Name ?? request.Side.DataSource,
            Provider = request.Side.Provider,
            Database = request.Side.DataSource,
            Tables = 1,
            Rows = 3,
            Bytes = 99,
            Checksum = new string('a', 64),
            SchemaVersion = "1",
            SortOrder = "BINARY",
            Isolation = "nothing",
            Notes = ["a note on the state"],
            TableStates = [new TableState { Table = "Agent Team", Rows = 3, Bytes = 99, Sum = "0" }],
            Elapsed = TimeSpan.FromSeconds(1),
        };
    }

    public async Task<SideComparison> CompareAsync(
        ComparisonRequest request, Func<RowDifference, ValueTask>? onDifference, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        await PlayAsync(request.Destination, progress, cancellationToken).ConfigureAwait(false);
        var count = Script(request.Destination) == "flood" ? FloodRows : 2;
        for (var i = 0; onDifference is not null && i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await onDifference(new RowDifference { Table = "t", Key = $"{i}", Kind = RowDifferenceKind.Different, Columns = ["name"] }).ConfigureAwait(false);
            if (i % 1000 == 0)
                Note($"difference {i}");
        }

        return new SideComparison
        {
            Source = $"{request.Source}",
            Destination = $"{request.Destination}",
            Equal = false,
            Scope = "all tables",
            ComparedBy = "Rows",
            Tables = 1,
            RowsOnlyInSource = 0,
            RowsOnlyInDestination = 0,
            RowsDifferent = count,
            RowsSettled = 0,
            RowsEqual = 1,
            Elapsed = TimeSpan.FromSeconds(1),
        };
    }

    public async Task<StateTransferResult> TransferAsync(
        StateTransferRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        Note($"transfer WhatIf={request.WhatIf} TempPath={request.TempPath} LockTimeout={request.LockTimeout} Table={string.Join(',', request.Table)}");
        var result = Result(StateTransferStatus.Completed) with { Source = $"{request.Source}", Destination = $"{request.Destination}" };
        try
        {
            await PlayAsync(request.Destination, progress, cancellationToken).ConfigureAwait(false);
            if (Script(request.Destination) == "same")
                return result with { Status = StateTransferStatus.AlreadyInState };
            if (request.WhatIf)
                return result with { Status = StateTransferStatus.WhatIf };

            var plan = new TransferPlan { Mode = result.Mode, ModeReason = result.ModeReason, RowsToInsert = 1, RowsToUpdate = 2, RowsToDelete = 3, Bytes = 4 };
            if (request.Confirm is not null && !await request.Confirm(plan).ConfigureAwait(false))
            {
                Note("not confirmed");
                return result with { Status = StateTransferStatus.Cancelled };
            }

            Note("first change");
            return result;
        }
        catch (OperationCanceledException)
        {
            Note("cancelled");
            return result with { Status = StateTransferStatus.Cancelled };
        }
    }

    public Task<StateTransferResult> ResumeAsync(ResumeRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        Note($"resume {request.Id}");
        return Task.FromResult(Result(StateTransferStatus.Completed) with { Id = request.Id });
    }

    public Task<StateTransferResult> UndoAsync(UndoRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        Note($"undo {request.Id} WhatIf={request.WhatIf}");
        return Task.FromResult(Result(request.WhatIf ? StateTransferStatus.WhatIf : StateTransferStatus.Completed) with { Undoes = request.Id });
    }

    public IReadOnlyList<StateTransferResult> GetTransfers(Guid? id)
        => id == Guid.Empty ? [] : [Result(StateTransferStatus.Completed) with { Id = id ?? new Guid(1, 0, 0, new byte[8]) }];

    public Task<StateTransferResult> SettleAsync(Guid id, SideConnection? destination, CancellationToken cancellationToken)
        => Task.FromResult(Result(StateTransferStatus.Completed) with { Id = id });

    public void StopTransfer(Guid id) => Note($"stop {id}");

    public IReadOnlyList<TransferFile> GetTransferFiles()
        => [File("Undo", 1, DateTimeOffset.UtcNow.AddDays(1)), File("Spool", 2, DateTimeOffset.UtcNow.AddDays(-1))];

    public void RemoveTransferFile(TransferFile file) => Note($"remove {file.Kind}");

    public Task<ConfigMessageLogState> EnableLogAsync(EnableLogRequest request, CancellationToken cancellationToken)
    {
        Note($"enable {request.SideName} {request.Retention} {string.Join(',', request.Table)}");
        return GetLogAsync(request.Side, cancellationToken);
    }

    public Task<ConfigMessageLogState> DisableLogAsync(SideConnection side, CancellationToken cancellationToken)
    {
        Note("disable");
        return GetLogAsync(side, cancellationToken);
    }

    public async Task<ConfigMessageLogState> GetLogAsync(SideConnection side, CancellationToken cancellationToken)
    {
        await PlayAsync(side, null, cancellationToken).ConfigureAwait(false);
        return new ConfigMessageLogState { Side = side.Name ?? side.DataSource, Enabled = true, Origin = "A/1", LastUpdateKey = 7, FirstUpdateKey = 1, Entries = 7, Tables = ["t"] };
    }

    public async IAsyncEnumerable<ConfigMessage> ReadLogAsync(
        SideConnection side, string? origin, long afterUpdateKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await PlayAsync(side, null, cancellationToken).ConfigureAwait(false);
        for (var key = afterUpdateKey + 1; key <= 7; key++)
            yield return new ConfigMessage { Origin = origin ?? "A/1", UpdateKey = key, Table = "t", Operation = "Update", Key = "1", At = DateTimeOffset.UnixEpoch };
    }

    public Task<IReadOnlyList<string>> GetTableNamesAsync(SideConnection side, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<string>>(["t"]);

    private static async Task PlayAsync(SideConnection side, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        switch (Script(side))
        {
            case "hang":
                Note("hanging");
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                break;
            case "flood":
                for (var i = 0; i < FloodRows; i++)
                    progress?.Report(new TransferProgress { Phase = StateTransferPhase.Compare, Table = "t", Rows = i, TotalRows = FloodRows });
                break;
            case "crash":
                throw new InvalidTimeZoneException("not a typed failure");
            case { } script when script.StartsWith("fail-", StringComparison.Ordinal):
                throw new LoggerCmsException(script[5..], $"'{side}' did as its name says.", $"Remedy of {script[5..]}.", side.Name, "Connect");
        }
    }

    private static string Script(SideConnection side) => Path.GetFileName(side.DataSource);

    internal static void Note(string text)
    {
        if (Environment.GetEnvironmentVariable("LOGGERCMS_SCRIPT_LOG") is { } path)
            System.IO.File.AppendAllText(path, text + "\n");
    }

    private static TransferFile File(string kind, int id, DateTimeOffset expires)
        => new() { Path = $"/nowhere/{kind}", Kind = kind, Id = new Guid(id, 0, 0, new byte[8]), Size = 5, Created = DateTimeOffset.UnixEpoch, Expires = expires };

    private static StateTransferResult Result(StateTransferStatus status) => new()
    {
        Id = new Guid(9, 0, 0, new byte[8]),
        Status = status,
        Mode = StateTransferMode.Rows,
        ModeReason = "the script says so",
        Source = "A",
        Destination = "B",
        RowsInserted = 1,
        RowsUpdated = 2,
        RowsDeleted = 3,
        Phases = [new PhaseResult { Phase = StateTransferPhase.Connect, Result = "Done", Elapsed = TimeSpan.FromSeconds(1) }],
    };
}
