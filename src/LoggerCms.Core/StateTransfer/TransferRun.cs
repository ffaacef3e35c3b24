using System.Diagnostics;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// One transfer while it runs: its record, the phase it is in, what it may still be asked to stop. Not thread-safe but for the token.
/// </summary>
internal sealed class TransferRun : IDisposable
{
    private static readonly TimeSpan StopInterval = TimeSpan.FromMilliseconds(500);

    private readonly TransferStore _store;
    private readonly TimeProvider _time;
    private readonly IProgress<TransferProgress>? _progress;
    private readonly CancellationTokenSource _cancel;
    private readonly ITimer _stopWatch;
    private readonly long _started;
    private readonly List<PhaseResult> _phases = [];
    private long _phaseStarted;
    private bool _disposed;
    private bool _toldTraceFailure;

    public TransferRun(TransferRecord record, TransferStore store, TimeProvider time, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        Record = record;
        _store = store;
        _time = time;
        _progress = progress;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _started = time.GetTimestamp();
        _stopWatch = time.CreateTimer(_ => WatchForStop(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _stopWatch.Change(StopInterval, StopInterval);
        Meter = new Comparison.ProgressMeter(progress, time);
        Trace = new TransferTrace(store.TracePath(record.Result.Id), time);
        Set(Result with { TracePath = Trace.Path });
        TransferStore.Begun(Id);
    }

    public TransferTrace Trace { get; }

    public TransferRecord Record { get; private set; }

    public Files.IFileLayer Files => _store.FileLayer;

    public StateTransferResult Result => Record.Result;

    public Guid Id => Record.Result.Id;

    public Comparison.ProgressMeter Meter { get; }

    public CancellationToken Token => _cancel.Token;

    public StateTransferPhase Phase { get; private set; }

    /// <summary>The destination's transaction has committed; nothing that fails afterwards takes that back.</summary>
    public bool Committed { get; set; }

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
            Result = record.Result with
            {
                Status = StateTransferStatus.Running,
                RowsInserted = 0,
                RowsUpdated = 0,
                RowsDeleted = 0,
                BytesSent = 0,
                Verified = VerifyLevel.None,
                Equal = null,
                Checksum = null,
                UndoPath = null,
                ErrorCode = null,
                ErrorMessage = null,
                Remedy = null,
            },
            ProcessId = Environment.ProcessId,
            ProcessStart = process.StartTime.ToUniversalTime(),
        };
    }

    public void Begin(StateTransferPhase phase)
    {
        Phase = phase;
        _phaseStarted = _time.GetTimestamp();
        Meter.Begin(phase);
        Trace.Begin(phase, Result);
    }

    public void End(string? detail = null, string result = "Done")
        => Add(new PhaseResult { Phase = Phase, Result = result, Detail = detail, Elapsed = _time.GetElapsedTime(_phaseStarted) });

    public void Skip(StateTransferPhase phase, string reason)
        => Add(new PhaseResult { Phase = phase, Result = "Skipped", Detail = reason, Elapsed = TimeSpan.Zero });

    public void Note(string note)
    {
        Trace.Note(note);
        Set(Result with { Notes = [.. Result.Notes, note] });
    }

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
        Trace.Finish(Result);
        NoteTraceFailure();
        _store.Save(Record);
        _store.TakeStopRequest(Id);
        return Result;
    }

    /// <summary>The end of a transfer that committed, whatever failed afterwards.</summary>
    public StateTransferResult FinishCommitted(Exception failure)
    {
        Note($"It committed, but cleaning up failed: {failure.Message}");
        try
        {
            return Finish(StateTransferStatus.Completed);
        }
        catch (LoggerCmsException unsaved)
        {
            Note($"Its record could not be written: {unsaved.Message}");
            return Result;
        }
    }

    /// <summary>The end by a failure: the record says what it was, and the exception to throw is returned.</summary>
    public LoggerCmsException Fail(LoggerCmsException failure, StateTransferStatus status = StateTransferStatus.Failed)
    {
        End(failure.Message, "Failed");
        var typed = failure.In(Phase.ToString());
        Trace.Fail(Id, typed);
        Set(Result with { ErrorCode = typed.Code, ErrorMessage = typed.Message, Remedy = typed.Remedy });
        try
        {
            Finish(status);
        }
        catch (LoggerCmsException unsaved)
        {
            // What went wrong first says more than that its record could not be written either.
            Note($"Its record could not be written: {unsaved.Message}");
        }

        return typed.At(Result.TracePath);
    }

    public void Dispose()
    {
        lock (_stopWatch)
            _disposed = true;
        TransferStore.Ended(Id);
        _stopWatch.Dispose();
        _cancel.Dispose();
        Trace.Dispose();
    }

    private void Add(PhaseResult phase)
    {
        _phases.Add(phase);
        Trace.End(phase);
    }

    /// <summary>A trace that could not be written is told once, and never ends a transfer.</summary>
    private void NoteTraceFailure()
    {
        if (Trace.Failure is not { } failure || _toldTraceFailure)
            return;
        _toldTraceFailure = true;
        Set(Result with { TracePath = Trace.Path, Notes = [.. Result.Notes, $"The trace could not be written, or not all of it: {failure}"] });
    }

    /// <summary>Runs on a timer's thread, where an exception would end the caller's process.</summary>
    private void WatchForStop()
    {
        lock (_stopWatch)
        {
            if (!_disposed && _store.TakeStopRequest(Id))
                _ = _cancel.CancelAsync();
        }
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
