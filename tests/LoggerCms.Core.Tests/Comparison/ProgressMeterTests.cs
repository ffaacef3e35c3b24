using LoggerCms.Core.Comparison;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class ProgressMeterTests
{
    private readonly ManualTime _time = new();
    private readonly Collector _told = new();

    [Fact]
    public void ItTellsAtMostFourTimesASecond()
    {
        var meter = new ProgressMeter(_told, _time);
        meter.Begin(StateTransferPhase.Compare);
        for (var i = 0; i < 1000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            meter.Add("t", 1, 10);
        }

        Assert.InRange(_told.Reports.Count, 4, 5);
    }

    [Fact]
    public void ItGivesRateAndTimeLeft()
    {
        var meter = new ProgressMeter(_told, _time);
        meter.Begin(StateTransferPhase.Send, totalRows: 400);
        _time.Advance(TimeSpan.FromSeconds(2));
        meter.Add("t", 100, 5000);
        var report = _told.Reports[^1];
        Assert.Equal((StateTransferPhase.Send, "t", 100, 5000), (report.Phase, report.Table, report.Rows, report.Bytes));
        Assert.Equal(400, report.TotalRows);
        Assert.Equal(2500, report.BytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(6), report.TimeLeft);
    }

    [Fact]
    public void TheEndIsAlwaysToldAndEachPhaseCountsAnew()
    {
        var meter = new ProgressMeter(_told, _time);
        meter.Begin(StateTransferPhase.Send);
        meter.Add("t", 7, 70);
        meter.End();
        Assert.Equal(7, _told.Reports[^1].Rows);
        meter.Begin(StateTransferPhase.Apply);
        Assert.Equal((StateTransferPhase.Apply, 0), (_told.Reports[^1].Phase, _told.Reports[^1].Rows));
    }

    private sealed class Collector : IProgress<TransferProgress>
    {
        public List<TransferProgress> Reports { get; } = [];

        public void Report(TransferProgress value) => Reports.Add(value);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by.Ticks;

        public override long GetTimestamp() => _now;
    }
}
