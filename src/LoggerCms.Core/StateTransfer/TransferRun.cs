using System.Diagnostics;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// One transfer while it runs: its record, the phase it is in, what it may still be asked to stop. Not thread-safe but for the token.
/// </summary>
internal sealed class TransferRun : IDisposable
{
    private readonly TransferStore _store;
    private readonly TimeProvider _time;
    private readonly IProgress<TransferProgress>? _progress;
    private readonly CancellationTokenSource _cancel;
    private readonly ITimer _stopWatch;
    private readonly long _started;
    private readonly List<PhaseResult> _phases = [];
    private long _phaseStarted;

    public TransferRun(TransferRecord record, TransferStore store, TimeProvider time, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        Record = record;
        _store = store;
        _time = time;
        _progress = progress;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _started = time.GetTimestamp();
        _stopWatch = time.CreateTimer(_ => WatchForStop(), null, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));
        Meter = new Comparison.ProgressMeter(progress, time);
    }

    public TransferRecord Record { get; private set; }

    public StateTransferResult Result => Record.Result;

    public Guid Id => Record.Result.Id;

    public Comparison.ProgressMeter Meter { get; }

    public CancellationToken Token => _cancel.Token;

    public StateTransferPhase Phase { get; private set; }

    public static TransferRecord NewRecord(
        StateTransferRequest request, StateTransferMode mode, TimeProvider time, Guid? undoes = null, string? destinationName = null)
    {
        using var process = Process.GetCurrentProcess();
        return new TransferRecord
        {
            Result = new StateTransferResult
            {
                Id = Guid.CreateVersion7(),
                Status = StateTransferStatus.Running,
                Mode = mode,
                ModeReason = mode == StateTransferMode.Auto ? "not chosen yet" : "asked for",
                Source = request.Source.Name ?? request.Source.ToString(),
                Destination = destinationName ?? request.Destination.Name ?? request.Destination.ToString(),
                StartedAt = time.GetUtcNow(),
                Undoes = undoes,
            },
            Source = request.Source.ToString(),
            Destination = request.Destination.ToString(),
            Table = request.Table,
            ExcludeTable = request.ExcludeTable,
            ProfilePath = request.ProfilePath,
            Verify = request.Verify,
            ProcessId = Environment.ProcessId,
            ProcessStart = process.StartTime.ToUniversalTime(),
        };
    }

    /// <summary>The record of a transfer that goes on in this process.</summary>
    public static TransferRecord Again(TransferRecord record)
    {
        using var process = Process.GetCurrentProcess();
        return record with
        {
            Result = record.Result with { Status = StateTransferStatus.Running, ErrorCode = null, ErrorMessage = null, Remedy = null },
            ProcessId = Environment.ProcessId,
            ProcessStart = process.StartTime.ToUniversalTime(),
        };
    }

    public void Begin(StateTransferPhase phase)
    {
        Phase = phase;
        _phaseStarted = _time.GetTimestamp();
        Meter.Begin(phase);
    }

    public void End(string? detail = null, string result = "Done")
        => _phases.Add(new PhaseResult { Phase = Phase, Result = result, Detail = detail, Elapsed = _time.GetElapsedTime(_phaseStarted) });

    public void Skip(StateTransferPhase phase, string reason)
        => _phases.Add(new PhaseResult { Phase = phase, Result = "Skipped", Detail = reason, Elapsed = TimeSpan.Zero });

    public void Note(string note) => Set(Result with { Notes = [.. Result.Notes, note] });

    public void Set(StateTransferResult result)
        => Record = Record with { Result = result with { Phases = [.. _phases], Elapsed = _time.GetElapsedTime(_started) } };

    public void Set(TransferRecord record) => Record = record;

    /// <summary>Writes the record as it stands.</summary>
    public void Save()
    {
        Set(Result);
        _store.Save(Record);
    }

    /// <summary>The end: the record is written with this status and returned as the result.</summary>
    public StateTransferResult Finish(StateTransferStatus status)
    {
        Set(Result with { Status = status });
        _store.Save(Record);
        return Result;
    }

    /// <summary>The end by a failure: the record says what it was, and the exception to throw is returned.</summary>
    public LoggerCmsException Fail(LoggerCmsException failure, StateTransferStatus status = StateTransferStatus.Failed)
    {
        End(failure.Message, "Failed");
        var typed = failure.In(Phase.ToString());
        Set(Result with { ErrorCode = typed.Code, ErrorMessage = typed.Message, Remedy = typed.Remedy });
        Finish(status);
        return typed;
    }

    public void Dispose()
    {
        _stopWatch.Dispose();
        _cancel.Dispose();
    }

    private void WatchForStop()
    {
        if (_store.TakeStopRequest(Id))
            _cancel.Cancel();
    }
}

/// <summary>Both sides of a transfer while it runs.</summary>
internal sealed record OpenSides(ISide Source, ISide Destination) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync().ConfigureAwait(false);
        await Destination.DisposeAsync().ConfigureAwait(false);
    }
}
