using System.Net;
using LoggerCms.Core.Security;
using LoggerCms.Core.Tests.Tracing;

namespace LoggerCms.Core.Tests.Security;

public sealed class LogonThrottleTests
{
    private static readonly IPAddress Home = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Attacker = IPAddress.Parse("198.51.100.7");

    private readonly TestClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LogonThrottle _throttle;

    public LogonThrottleTests() => _throttle = new LogonThrottle(_clock);

    [Fact]
    public async Task TheWaitOfAnAddressDoublesUpToItsBound()
    {
        for (var i = 0; i < 6; i++)
            await FailAsync(Attacker, $"account{i}");
        for (var seconds = 1; seconds < 900; seconds *= 2)
        {
            Assert.True(await IsRefusedAsync(Attacker, "other"));
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.True(await IsRefusedAsync(Attacker, "other"), $"{seconds} s");
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            await FailAsync(Attacker, $"again{seconds}");
        }

        _clock.Advance(LogonThrottle.LongestForAddress);
        await FailAsync(Attacker, "other");
        _clock.Advance(FailureTable<string>.Forgotten);
        for (var i = 0; i < 6; i++)
            await FailAsync(Attacker, $"account{i}");
    }

    [Fact]
    public async Task TriesSideBySideDoNotSlipThrough()
    {
        var tries = Enumerable.Range(0, 100).Select(_ => _throttle.BeginAsync(Attacker, "x", Cancellation)).ToList();
        Assert.Equal(6, tries.Count(t => t.IsCompleted));
        foreach (var attempt in tries[..6])
            _throttle.End(await attempt, hasFailed: true);
        foreach (var waiting in tries[6..])
            Assert.Equal(ErrorCodes.LimitExceeded, (await Assert.ThrowsAsync<LoggerCmsException>(() => waiting)).Code);
    }

    [Fact]
    public async Task ManyThatAreRightAtOnceAllGetThrough()
    {
        var most = 0;
        var underWay = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            // Each account is new to the address: nothing but the end of others makes room.
            var attempt = await _throttle.BeginAsync(Home, $"account{i}", Cancellation);
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            await Task.Yield();
            Interlocked.Decrement(ref underWay);
            _throttle.End(attempt, hasFailed: false);
        }));
        Assert.InRange(most, 1, 6);
    }

    [Fact]
    public async Task WhoWaitsForOthersAndLeavesIsForgotten()
    {
        using var leaves = new CancellationTokenSource();
        var tries = Enumerable.Range(0, 6).Select(_ => _throttle.BeginAsync(Attacker, "x", Cancellation)).ToList();
        var waiting = _throttle.BeginAsync(Attacker, "x", leaves.Token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _throttle.End(await tries[0], hasFailed: false);
        await SucceedAsync(Attacker, "x");
    }

    [Fact]
    public async Task ManyAddressesAtOneAccountGetOneTryAMinute()
    {
        var through = 0;
        for (var i = 0; i < 600; i++)
        {
            if (!await IsRefusedAsync(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), "Administrator"))
                through++;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        // 11 at once, 6 while the wait doubles, then one a minute of the rest.
        Assert.InRange(through, 17, 11 + 6 + 10);
    }

    [Fact]
    public async Task NobodyLocksTheAdministratorOut()
    {
        await SucceedAsync(Home, "Administrator");
        for (var i = 0; i < 5000; i++)
        {
            await IsRefusedAsync(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), "administrator");
            if (i % 100 == 0)
                _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        // Where the account is known from, and on the machine itself.
        Assert.True(await IsRefusedAsync(IPAddress.Parse("203.0.113.9"), "Administrator"));
        await SucceedAsync(Home, "ADMINISTRATOR");
        await SucceedAsync(IPAddress.Loopback, "Administrator");
        // And from anywhere else a minute after the last try of others.
        _clock.Advance(LogonThrottle.LongestForAccount);
        Assert.False(await IsRefusedAsync(IPAddress.Parse("203.0.113.9"), "Administrator"));
    }

    [Fact]
    public async Task AKnownAddressIsSlowedDownToo()
    {
        await SucceedAsync(Home, "Ann");
        Assert.Equal(6, await ThroughAsync(_ => (Home, "Ann")));
    }

    [Fact]
    public async Task OnesOwnAccountDoesNotWipeOutGuessesAtOthers()
    {
        var through = 0;
        for (var i = 0; i < 100; i++)
        {
            if (!await IsRefusedAsync(Attacker, "Ann"))
                through++;
            if (i < 5)
                await SucceedAsync(Attacker, "mallory");
        }

        Assert.Equal(6, through);
    }

    [Fact]
    public async Task WhoHasANetworkOfAddressesIsOneClient()
        => Assert.Equal(6, await ThroughAsync(i => (IPAddress.Parse($"2001:db8::{i:x}"), $"account{i}")));

    [Fact]
    public async Task AllAddressesOfThisMachineAreOneClientWhichWaitsFiveSecondsAtMost()
    {
        Assert.Equal(6, await ThroughAsync(i => (new IPAddress([127, 1, (byte)i, 1]), $"account{i}")));
        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(LogonThrottle.LongestForThisMachine);
            await FailAsync(IPAddress.IPv6Loopback, "Ann");
        }

        _clock.Advance(LogonThrottle.LongestForThisMachine);
        await SucceedAsync(IPAddress.Loopback, "Ann");
        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(LogonThrottle.LongestForThisMachine);
            await FailAsync(IPAddress.Loopback, "Ann");
        }
    }

    [Fact]
    public async Task AWallClockThatIsSetBackMakesNoWaitLonger()
    {
        for (var i = 0; i < 6; i++)
            await FailAsync(Attacker, $"account{i}");
        _clock.Set(_clock.GetUtcNow() - TimeSpan.FromHours(6));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await SucceedAsync(Attacker, "other");
    }

    [Fact]
    public void WhoGuessesAtTheOwnPasswordIsSlowedDownAndNobodyElse()
    {
        var guesses = new PasswordGuesses(_clock);
        for (var i = 0; i < 6; i++)
            Assert.False(guesses.IsRight(1, () => false));
        Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => guesses.IsRight(1, () => true)).Code);
        Assert.True(guesses.IsRight(2, () => true));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(guesses.IsRight(1, () => true));
    }

    [Fact]
    public async Task AMappedAddressIsTheAddress()
        => Assert.Equal(6, await ThroughAsync(i => (i % 2 == 0 ? Attacker : Attacker.MapToIPv6(), $"account{i}")));

    [Fact]
    public async Task WhatIsHeldIsBounded()
    {
        for (var i = 0; i < 60_000; i++)
            await IsRefusedAsync(new IPAddress(new byte[] { 10, (byte)(i >> 16), (byte)(i >> 8), (byte)i }), $"account{i}");
        Assert.InRange(_throttle.Count, 1, 40_000);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<int> ThroughAsync(Func<int, (IPAddress Address, string Account)> who)
    {
        var through = 0;
        for (var i = 0; i < 100; i++)
            through += await IsRefusedAsync(who(i).Address, who(i).Account) ? 0 : 1;
        return through;
    }

    private async Task SucceedAsync(IPAddress address, string account) => _throttle.End(await _throttle.BeginAsync(address, account, Cancellation), hasFailed: false);

    private async Task FailAsync(IPAddress address, string account) => _throttle.End(await _throttle.BeginAsync(address, account, Cancellation), hasFailed: true);

    private async Task<bool> IsRefusedAsync(IPAddress address, string account)
    {
        try
        {
            await FailAsync(address, account);
            return false;
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.LimitExceeded)
        {
            return true;
        }
    }
}
