using LoggerCms.Core.Deltas;
using LoggerCms.CrashableFiles;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>
/// Writers append and trim on a disk that fails by its plan and then loses its power; what they were told is kept, and held against what is
/// there afterwards. Several such lives can follow one another on the same folder.
/// </summary>
internal sealed class JournalRound(int seed)
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();
    private readonly List<long> _submitted = [];
    private readonly HashSet<long> _acknowledged = [];
    private readonly HashSet<long> _failed = [];
    private readonly HashSet<long> _unknown = [];
    private long _nextKey = 1;
    private long _trimmed;
    private int _epoch;

    public CrashableDisk Disk { get; private set; } = NewDisk(seed);

    public int Acknowledged => _acknowledged.Count;

    public int Failed => _failed.Count + _unknown.Count;

    public async Task LiveAsync(CrashPlan plan, int appends)
    {
        var options = Small with
        {
            SegmentBytes = 4096 << _random.Next(3),
            MakeAhead = _random.Next(2) == 0,
            FailAfter = TimeSpan.FromMilliseconds(_random.Next(2) * 2),
            MarkAfter = _random.Next(2) == 0 ? TimeSpan.FromTicks(1) : TimeSpan.FromSeconds(1),
        };
        Disk.Begin(plan);
        DeltaJournal journal;
        try
        {
            journal = DeltaJournal.Create(Disk, Folder, Header(++_epoch), options);
        }
        catch (LoggerCmsException failure) when (failure.Code == ErrorCodes.JournalFailed)
        {
            // It could not even begin.
            Survive();
            return;
        }

        var writers = Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Task.Run(() => WriteAsync(journal, appends)));
        await Task.WhenAll(writers);
        Survive();
        await journal.DisposeAsync();
    }

    /// <summary>What must hold of what is there now.</summary>
    public void Check()
    {
        foreach (var report in DeltaFolder.Inspect(Disk, Folder, CancellationToken.None))
            Assert.True(report.IsUsable, $"{Path.GetFileName(report.Path)}: {report.End}, {report.MissingBefore}");
        var keys = Keys(Disk);
        for (var i = 1; i < keys.Count; i++)
            Assert.True(keys[i] > keys[i - 1], $"{keys[i]} comes after {keys[i - 1]}");
        var there = keys.ToHashSet();
        Assert.Empty(there.Except(_submitted));
        Assert.True(!there.Overlaps(_failed), $"{string.Join(' ', there.Intersect(_failed).Take(5))} had failed and is there");
        var lost = _acknowledged.Where(k => k > _trimmed && !there.Contains(k)).Order().ToList();
        Assert.True(lost.Count == 0, $"{string.Join(' ', lost.Take(5))} was acknowledged and is gone");
    }

    /// <summary>Nothing that the node applied is missing below something that is there.</summary>
    public void CheckNoGap(long from)
    {
        var there = Keys(Disk).Where(k => k >= from).ToHashSet();
        if (there.Count == 0)
            return;
        var last = there.Max();
        var missing = _submitted.Where(k => k >= from && k > _trimmed && k < last && !there.Contains(k) && !_failed.Contains(k) && !_unknown.Contains(k)).ToList();
        Assert.True(missing.Count == 0, $"{string.Join(' ', missing.Take(5))} is missing before {last}");
    }

    public long NextKey => _nextKey;

    private async Task WriteAsync(DeltaJournal journal, int appends)
    {
        for (var i = 0; i < appends && Disk.Survivor is null; i++)
        {
            long key;
            ValueTask append;
            bool trim;
            lock (_lock)
            {
                key = _nextKey++;
                _submitted.Add(key);
                append = journal.AppendAsync(key);
                trim = _random.Next(12) == 0;
                if (_random.Next(40) == 0)
                    Disk.MakeRoom();
            }

            try
            {
                await append;
                lock (_lock)
                    _acknowledged.Add(key);
                if (trim)
                    await TrimAsync(journal);
            }
            catch (LoggerCmsException failure) when (failure.Code is ErrorCodes.JournalFailed or ErrorCodes.OutcomeUnknown)
            {
                lock (_lock)
                    (failure.Code == ErrorCodes.JournalFailed ? _failed : _unknown).Add(key);
            }
        }
    }

    private async Task TrimAsync(DeltaJournal journal)
    {
        long through;
        lock (_lock)
            _trimmed = through = Math.Max(_trimmed, journal.State.DurableKey - _random.Next(20));
        try
        {
            await journal.TrimAsync(through);
        }
        catch (LoggerCmsException failure) when (failure.Code == ErrorCodes.JournalFailed)
        {
            // What is not removed now is removed by the next trim.
        }
    }

    private void Survive()
    {
        if (Disk.Survivor is null)
            Disk.PullThePlug();
        Disk = Disk.Survivor!;
    }
}
