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
    public void TheWaitOfAnAddressDoublesUpToItsBound()
    {
        for (var i = 0; i < 6; i++)
            _throttle.Begin(Attacker, $"account{i}");
        for (var seconds = 1; seconds < 900; seconds *= 2)
        {
            Assert.True(IsRefused(Attacker, "other"));
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.True(IsRefused(Attacker, "other"), $"{seconds} s");
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            _throttle.Begin(Attacker, $"again{seconds}");
        }

        _clock.Advance(LogonThrottle.LongestForAddress);
        _throttle.Begin(Attacker, "other");
        _clock.Advance(FailureTable<string>.Forgotten);
        for (var i = 0; i < 6; i++)
            _throttle.Begin(Attacker, $"account{i}");
    }

    [Fact]
    public void TriesSideBySideDoNotSlipThrough()
        => Assert.Equal(6, Enumerable.Range(0, 100).Count(_ => !IsRefused(Attacker, "x")));

    [Fact]
    public void ManyAddressesAtOneAccountGetOneTryAMinute()
    {
        var through = 0;
        for (var i = 0; i < 600; i++)
        {
            if (!IsRefused(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), "Administrator"))
                through++;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        // 11 at once, 6 while the wait doubles, then one a minute of the rest.
        Assert.InRange(through, 17, 11 + 6 + 10);
    }

    [Fact]
    public void NobodyLocksTheAdministratorOut()
    {
        _throttle.Succeeded(_throttle.Begin(Home, "Administrator"));
        for (var i = 0; i < 5000; i++)
        {
            IsRefused(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), "administrator");
            if (i % 100 == 0)
                _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        // Where the account is known from, and on the machine itself.
        Assert.True(IsRefused(IPAddress.Parse("203.0.113.9"), "Administrator"));
        _throttle.Succeeded(_throttle.Begin(Home, "ADMINISTRATOR"));
        _throttle.Succeeded(_throttle.Begin(IPAddress.Loopback, "Administrator"));
        // And from anywhere else a minute after the last try of others.
        _clock.Advance(LogonThrottle.LongestForAccount);
        Assert.False(IsRefused(IPAddress.Parse("203.0.113.9"), "Administrator"));
    }

    [Fact]
    public void AKnownAddressIsSlowedDownToo()
    {
        _throttle.Succeeded(_throttle.Begin(Home, "Ann"));
        Assert.Equal(6, Enumerable.Range(0, 100).Count(_ => !IsRefused(Home, "Ann")));
    }

    [Fact]
    public void OnesOwnAccountDoesNotWipeOutGuessesAtOthers()
    {
        var through = 0;
        for (var i = 0; i < 100; i++)
        {
            if (!IsRefused(Attacker, "Ann"))
                through++;
            if (i < 5)
                _throttle.Succeeded(_throttle.Begin(Attacker, "mallory"));
        }

        Assert.Equal(6, through);
    }

    [Fact]
    public void WhoHasANetworkOfAddressesIsOneClient()
        => Assert.Equal(6, Enumerable.Range(0, 100).Count(i => !IsRefused(IPAddress.Parse($"2001:db8::{i:x}"), $"account{i}")));

    [Fact]
    public void AMappedAddressIsTheAddress()
    {
        Assert.Equal(6, Enumerable.Range(0, 100).Count(i => !IsRefused(i % 2 == 0 ? Attacker : Attacker.MapToIPv6(), $"account{i}")));
    }

    [Fact]
    public void WhatIsHeldIsBounded()
    {
        for (var i = 0; i < 60_000; i++)
            IsRefused(new IPAddress(new byte[] { 10, (byte)(i >> 16), (byte)(i >> 8), (byte)i }), $"account{i}");
        Assert.InRange(_throttle.Count, 1, 40_000);
    }

    private bool IsRefused(IPAddress address, string account)
    {
        try
        {
            _throttle.Begin(address, account);
            return false;
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.LimitExceeded)
        {
            return true;
        }
    }
}
