namespace LoggerCms.Client.Tests;

/// <summary>The waits between tries, by a clock that stands still unless told.</summary>
public sealed class RetryTests
{
    private readonly StillClock _clock = new();
    private readonly CmsClientOptions _options = new()
    {
        RetryFor = TimeSpan.FromSeconds(10),
        FirstDelay = TimeSpan.FromMilliseconds(100),
        LongestDelay = TimeSpan.FromSeconds(2),
    };

    [Fact]
    public void Waits_grow_up_to_their_bound_and_differ_from_client_to_client()
    {
        var retries = Enumerable.Range(0, 50).Select(_ => new Retry(_options, _clock)).ToList();
        foreach (var about in new[] { 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2 })
        {
            var waits = retries.Select(retry => retry.Next(null)!.Value.TotalSeconds).ToList();

            Assert.All(waits, wait => Assert.InRange(wait, about * 0.5, about * 1.5));
            Assert.True(waits.Distinct().Count() > 25);
        }
    }

    [Fact]
    public void Never_sooner_than_the_node_asked_for()
        => Assert.All(Enumerable.Range(0, 50), _ => Assert.True(new Retry(_options, _clock).Next(TimeSpan.FromSeconds(3)) >= TimeSpan.FromSeconds(3)));

    [Fact]
    public void When_the_time_is_over_there_is_no_further_try()
    {
        var retry = new Retry(_options, _clock);
        Assert.NotNull(retry.Next(null));

        _clock.Now += TimeSpan.FromSeconds(10);

        Assert.Null(retry.Next(null));
    }

    [Theory]
    [InlineData(Repeat.Always, true, true, true)]
    [InlineData(Repeat.Always, true, false, false)]
    [InlineData(Repeat.IfNotBegun, false, true, true)]
    [InlineData(Repeat.IfNotBegun, true, true, false)]
    [InlineData(Repeat.Never, false, true, false)]
    internal void A_call_is_repeated_only_where_that_is_safe(Repeat repeat, bool begun, bool passing, bool expected)
        => Assert.Equal(expected, new Failure(new LoggerCmsException(ErrorCodes.Unexpected, "x", "y"), begun, passing).AllowsRepeat(repeat));

    private sealed class StillClock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromDays(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
