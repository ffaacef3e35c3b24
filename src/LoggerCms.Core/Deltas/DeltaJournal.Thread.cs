using System.Security.Cryptography;

namespace LoggerCms.Core.Deltas;

/// <summary>What the journal's thread does.</summary>
internal sealed partial class DeltaJournal
{
    private readonly ITimer _timer;

    // The thread's own; the active segment is changed under the gate, because the state tells of it.
    private DeltaSegment? _active;
    private PendingGroup? _inFlight;
    private Task<DeltaSegment>? _spare;
    private long _nextSequence;
    private bool _needsNext;
    private bool _triedLast;
    private long _failedAt;
    private long _lastGroupAt;

    // Under the gate.
    private bool _isWaiting;
    private bool _timerFired;
    private bool _timerArmed;
    private bool _keepMarker;
    private long _durableKey;
    private long _records;
    private long _groups;
    private long _syncs;
    private DateTimeOffset? _failedSince;
    private Exception? _failure;

    private enum Step
    {
        Write,
        Mark,
        Roll,
        Retry,
        End,
    }

    private void Run()
    {
        Exception? ended = null;
        try
        {
            for (var step = Next(); step != Step.End; step = Next())
            {
                try
                {
                    Do(step);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    OnFailure(exception);
                }
            }
        }
        catch (Exception exception)
        {
            // A callback that threw, or a mistake of ours: nothing is acknowledged any more, and every caller learns why.
            ended = exception;
        }

        End(ended);
    }

    /// <summary>Waits for something to do. What is to be written is taken here.</summary>
    private Step Next()
    {
        Gather();
        lock (_gate)
        {
            while (true)
            {
                if (_failedSince is null)
                {
                    if (TakePending())
                        return Step.Write;
                    if (_rollAsked is not null)
                        return Step.Roll;
                    if (_closing)
                        return _keepMarker && !_active!.IsMarked ? Step.Mark : Step.End;
                    if (!_active!.IsMarked && MarkIsDue())
                        return Step.Mark;
                }
                else if (_closing)
                {
                    if (_triedLast)
                        return Step.End;
                    _triedLast = true;
                    TakePending();
                    return Step.Retry;
                }
                else if (_timerFired)
                {
                    _timerFired = false;
                    TakePending();
                    return Step.Retry;
                }

                _isWaiting = true;
                Monitor.Wait(_gate);
                _isWaiting = false;
            }
        }
    }

    private bool TakePending()
    {
        if (_inFlight is not null || _pending.Count == 0 || (_isHeld && !_mayTake && !_closing))
            return _inFlight is not null;
        _mayTake = false;
        _inFlight = _pending;
        _pending = _idleGroup ?? new PendingGroup();
        _idleGroup = null;
        return true;
    }

    /// <summary>Whether nothing was appended for long enough; otherwise sees to it that the thread looks again then.</summary>
    private bool MarkIsDue()
    {
        var left = _options.MarkAfter - _time.GetElapsedTime(_lastGroupAt);
        if (left <= TimeSpan.Zero)
            return true;
        if (!_timerArmed)
            Arm(left);
        return false;
    }

    private void Do(Step step)
    {
        switch (step)
        {
            case Step.Roll:
                Roll();
                return;
            case Step.Mark:
                PutBackRemoved();
                _active!.Mark();
                return;
            case Step.Retry:
                PutBackRemoved();
                break;
        }

        if (_needsNext || _active!.IsGivenUp || (_inFlight is { } next && !_active.HasRoom(next.FrameLength)))
            OpenNext(_inFlight?.FrameLength ?? 0);
        if (_inFlight is { } group)
        {
            _active!.Append(group);
            Publish(group);
        }

        lock (_gate)
            (_failedSince, _failure) = (null, null);
        MakeSpare();
    }

    private void Publish(PendingGroup group)
    {
        _lastGroupAt = _time.GetTimestamp();
        lock (_gate)
        {
            _durableKey = group.LastKey;
            _records += group.Count;
            _groups++;

            // Those who are about to be answered, and those who already wait again.
            _expected = group.Count + _pending.Count;
        }

        _onDurable?.Invoke(group.LastKey);
        _inFlight = null;
        group.Complete();
        lock (_gate)
            _idleGroup = group;
    }

    private void Roll()
    {
        try
        {
            if (_active!.LastKey <= _rollThrough && _active.DurableEnd >= _options.TrimRollBytes)
                OpenNext(0);
        }
        finally
        {
            AnswerRoll();
        }
    }

    private void AnswerRoll()
    {
        TaskCompletionSource? asked;
        lock (_gate)
            (asked, _rollAsked) = (_rollAsked, null);
        asked?.SetResult();
    }

    /// <summary>Begins the next segment; the one before stays the active one where that fails.</summary>
    private void OpenNext(int frameLength)
    {
        _needsNext = true;
        PutBackRemoved();
        var length = Math.Max(_options.SegmentBytes, (long)DeltaFormat.HeaderSize + frameLength + DeltaFormat.FrameHeaderSize);
        var segment = TakeSpare(length) ?? DeltaSegment.Make(_files, _folder, _header, _nextSequence++, length);
        var before = _active;
        try
        {
            segment.Begin(new DeltaSegmentHeader
            {
                Journal = _header,
                JournalId = _journalId,
                Room = segment.Length,
                Sequence = segment.Sequence,
                PreviousSequence = before?.Sequence ?? 0,
                PreviousEnd = before?.DurableEnd ?? 0,
                KeyBefore = before?.LastKey ?? _keyBefore,
                Salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
                CreatedUs = UnixTime.Us(_time.GetUtcNow()),
            });
        }
        catch
        {
            Discard(segment);
            throw;
        }

        lock (_gate)
        {
            Close(before);
            _active = segment;
            _sequence = segment.Sequence;
        }

        _needsNext = false;
        Begun?.Invoke(segment.Sequence);
    }

    private void Close(DeltaSegment? segment)
    {
        if (segment is null)
            return;
        _closed.Add(new ClosedSegment(segment, segment.LastKey));
        _syncs += segment.Syncs;
    }

    private void Discard(DeltaSegment segment)
    {
        if (segment.Discard())
            return;
        lock (_gate)
            _closed.Add(new ClosedSegment(segment, _active?.LastKey ?? 0));
    }

    private void MakeSpare()
    {
        if (!_options.MakeAhead || _spare is not null || _active!.DurableEnd < _active.Length / 2)
            return;
        var sequence = _nextSequence++;
        _spare = Task.Run(() => DeltaSegment.Make(_files, _folder, _header, sequence, _options.SegmentBytes));
    }

    private DeltaSegment? TakeSpare(long length)
    {
        if (_spare is not { } making)
            return null;
        _spare = null;
        try
        {
            var spare = making.GetAwaiter().GetResult();
            if (spare.Length >= length)
                return spare;
            Discard(spare);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is made now, and what stands against it still is told then.
        }

        return null;
    }

    private void OnFailure(Exception exception)
    {
        var again = _failedSince is not null;
        if (!again)
            _failedAt = _time.GetTimestamp();
        lock (_gate)
        {
            _failure = exception;
            _failedSince ??= _time.GetUtcNow();

            // The first time another file is tried at once.
            _timerFired = !again;
            if (again)
                Arm(_options.RetryEvery);
        }

        if (again && (_closing || _time.GetElapsedTime(_failedAt) >= _options.FailAfter))
            FailWaiting(exception);
    }

    private void FailWaiting(Exception exception)
    {
        AnswerRoll();
        PendingGroup? pending = null;
        lock (_gate)
        {
            _failing = DeltaFailure.NotWritten(exception, _folder);
            if (_pending.Count > 0)
                (pending, _pending) = (_pending, new PendingGroup());
        }

        var failure = new DeltaAppendFailure(_failing, null, 0);
        if (_inFlight is { } group)
        {
            _inFlight = null;
            if (group.Attempted)
                failure = new DeltaAppendFailure(_failing, DeltaFailure.Unknown(exception, _folder), group.LastKey);
            group.Fail(failure.Unknown ?? failure.NotWritten);
        }

        pending?.Fail(failure.NotWritten);
        _onFailed?.Invoke(failure);
        lock (_gate)
            _failing = null;
    }

    private void End(Exception? because)
    {
        lock (_gate)
        {
            _closing = true;
            if (because is not null)
                (_endedBy, _failure, _failedSince) = (DeltaFailure.NotWritten(because, _folder), because, _failedSince ?? _time.GetUtcNow());
        }

        FailWaiting(because ?? _failure ?? new IOException("The journal was closed."));
        if (TakeSpare(0) is { } spare)
            Discard(spare);
        lock (_gate)
        {
            Close(_active);
            _active = null;
            foreach (var (segment, _) in _closed)
                segment.LetGo();
        }

        _ended.SetResult();
    }

    private void Arm(TimeSpan after)
    {
        _timerArmed = true;
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            (_timerFired, _timerArmed) = (true, false);
            Monitor.Pulse(_gate);
        }
    }
}
