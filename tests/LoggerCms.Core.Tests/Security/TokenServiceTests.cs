using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Core.Tests.Tracing;

namespace LoggerCms.Core.Tests.Security;

public sealed class TokenServiceTests
{
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly TokenService _tokens;

    public TokenServiceTests() => _tokens = new TokenService(_clock);

    [Fact]
    public void ATokenHoldsOnceItsEntryIsAppliedAndUntilItExpires()
    {
        var issued = _tokens.Issue(31, "nightly load", TimeSpan.FromHours(2));
        Assert.Equal(TokenVerdict.Unknown, _tokens.Verify(issued.Text).Verdict);
        _tokens.Apply(issued.Entry);
        Assert.Equal(new TokenCheck(TokenVerdict.Valid, issued.Entry.Key.Id, 31), _tokens.Verify(issued.Text));
        _clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(TokenVerdict.Valid, _tokens.Verify(issued.Text).Verdict);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TokenVerdict.Expired, _tokens.Verify(issued.Text).Verdict);
        Assert.Empty(_tokens.Outlived(_clock.GetUtcNow()));
        Assert.Equal([issued.Entry.Key.Id], _tokens.Outlived(_clock.GetUtcNow() + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void AUserHasSoManyTokensInForce()
    {
        List<IssuedToken> issued = [.. Enumerable.Range(0, TokenService.MostInForce).Select(_ => Apply(_tokens.Issue(31, "x", TimeSpan.FromHours(1))))];
        var refused = Assert.Throws<LoggerCmsException>(() => _tokens.Issue(31, "one more", TimeSpan.FromHours(1)));
        Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        Assert.NotNull(_tokens.Issue(32, "of another", TimeSpan.FromHours(1)));
        _tokens.Apply(_tokens.Revoke(issued[0].Entry.Key.Id)!);
        Apply(_tokens.Issue(31, "in its place", TimeSpan.FromHours(1)));
        Assert.Throws<LoggerCmsException>(() => _tokens.Issue(31, "one more", TimeSpan.FromHours(1)));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(_tokens.Issue(31, "later", TimeSpan.FromHours(1)));
    }

    [Fact]
    public void RevokedTokensShutNobodyOutAndThoseThatWereRevokedFirstAreForgottenBeyondANumber()
    {
        var oldest = Apply(_tokens.Issue(31, "made first, revoked last", TokenService.MaxLifetime));
        List<Guid> revoked = [];
        for (var i = 0; i < TokenService.MostRevoked; i++)
        {
            var issued = Apply(_tokens.Issue(31, "x", TokenService.MaxLifetime));
            _tokens.Apply(_tokens.Revoke(issued.Entry.Key.Id)!);
            revoked.Add(issued.Entry.Key.Id);
        }

        Apply(_tokens.Issue(31, "logon", TimeSpan.FromHours(1)));
        _tokens.Apply(_tokens.Revoke(Apply(_tokens.Issue(32, "of another", TokenService.MaxLifetime)).Entry.Key.Id)!);
        Assert.Empty(_tokens.Outlived(_clock.GetUtcNow()));
        _tokens.Apply(_tokens.Revoke(oldest.Entry.Key.Id)!);
        Assert.Equal([revoked[0]], _tokens.Outlived(_clock.GetUtcNow()));
    }

    [Fact]
    public void ARevocationHoldsOnceAppliedAndIsNeverTakenBack()
    {
        var issued = Apply(_tokens.Issue(31, "x", TimeSpan.FromDays(1)));
        var revoked = _tokens.Revoke(issued.Entry.Key.Id)!;
        Assert.Equal(TokenVerdict.Valid, _tokens.Verify(issued.Text).Verdict);
        _tokens.Apply(revoked);
        Assert.Equal(TokenVerdict.Revoked, _tokens.Verify(issued.Text).Verdict);
        _tokens.Apply(issued.Entry);
        Assert.Equal(TokenVerdict.Revoked, _tokens.Verify(issued.Text).Verdict);
        Assert.Null(_tokens.Revoke(issued.Entry.Key.Id));
        Assert.Null(_tokens.Revoke(Guid.NewGuid()));
        _tokens.Remove(issued.Entry.Key.Id);
        Assert.Equal(TokenVerdict.Unknown, _tokens.Verify(issued.Text).Verdict);
    }

    [Fact]
    public void TheTextHasItsFormAndTheEntryNotTheSecret()
    {
        var issued = _tokens.Issue(31, "x", TimeSpan.FromDays(1));
        Assert.Matches("^lcms_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{43}$", issued.Text);
        var secret = new byte[TokenText.SecretBytes];
        Assert.True(TokenText.TryParse(issued.Text, out var id, secret));
        Assert.Equal(issued.Entry.Key, new LocalKey(LocalClass.Token, id));
        Assert.Equal(-1, issued.Entry.Content.AsSpan().IndexOf(secret.AsSpan(0, 8)));
        Assert.DoesNotContain(issued.Text, issued.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AnyOtherTextIsUnknownWhateverIsWrongWithIt()
    {
        var issued = Apply(_tokens.Issue(31, "x", TimeSpan.FromDays(1)));
        var other = Apply(_tokens.Issue(32, "y", TimeSpan.FromDays(1)));
        foreach (var text in new[]
        {
            "", "lcms_", issued.Text + "A", issued.Text[..^1], "LCMS" + issued.Text[4..], " " + issued.Text[1..], issued.Text[..28] + other.Text[28..],
            issued.Text[..28] + new string('=', 43), issued.Text[..28] + new string(' ', 43), issued.Text[..28] + new string('é', 43),
        })
        {
            Assert.Equal(new TokenCheck(TokenVerdict.Unknown, Guid.Empty, 0), _tokens.Verify(text));
        }
    }

    [Fact]
    public void NoChangedCharacterPasses()
        => SeededRounds.Run(5000, random =>
        {
            var tokens = new TokenService(_clock);
            var issued = tokens.Issue(31, "x", TimeSpan.FromDays(1));
            tokens.Apply(issued.Entry);
            var text = issued.Text.ToCharArray();
            // The last character of each part, of which only some bits count, twice as often.
            var at = random.Next(4) switch { 0 => text.Length - 1, 1 => 26, _ => random.Next(text.Length) };
            var was = text[at];
            text[at] = random.Next(2) == 0 ? (char)random.Next(1, 300) : (char)random.Next('A', 'z' + 1);
            Assert.Equal(text[at] == was, tokens.Verify(text).Verdict == TokenVerdict.Valid);
        });

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        var issued = _tokens.Issue(31, "Größe 🙂", TimeSpan.FromDays(1));
        var read = TokenEntry.Decode(issued.Entry);
        Assert.Equal((31, "Größe 🙂", false, issued.Entry.ExpiresUs), (read.PrincipalId, read.Name, read.IsRevoked, read.ExpiresUs));
        Assert.Equal(issued.Entry.Content, read.Encode().Content);
    }

    [Fact]
    public void AnyBytesAreReadOrRefusedAsATypedError()
        => SeededRounds.Run(4_000, random =>
        {
            var entry = _tokens.Issue(random.NextInt64(1, long.MaxValue), new string('n', random.Next(201)), TimeSpan.FromDays(1)).Entry;
            var bytes = entry.Content.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var token = TokenEntry.Decode(entry with { Content = bytes });
                _tokens.Apply(entry with { Content = bytes });
                TokenService.Describe(new FakeView(), token, null);
            }
            catch (LoggerCmsException exception)
            {
                Assert.Contains(exception.Code, new[] { ErrorCodes.DatabaseDamaged, ErrorCodes.FormatNotSupported });
            }
        });

    [Fact]
    public void TheListTellsWhenATokenWasLastUsedAndNeverItsSecret()
    {
        var issued = Apply(_tokens.Issue(BuiltIn.Administrator, "x", TimeSpan.FromDays(1)));
        Assert.Null(Assert.Single(_tokens.List()).LastUsed);
        _clock.Advance(TimeSpan.FromMinutes(5));
        _tokens.Verify(issued.Text);
        var (entry, lastUsed) = Assert.Single(_tokens.List());
        Assert.Equal(_clock.GetUtcNow(), lastUsed);
        var shown = TokenService.Describe(new FakeView(), entry, lastUsed);
        Assert.Equal(("Administrator", "x", false, TimeSpan.FromDays(1)), (shown.Principal, shown.Name, shown.Revoked, shown.Expires - shown.Created));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4000)]
    public void ALifetimeOutOfBoundsIsRefused(int days)
        => Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => _tokens.Issue(31, "x", TimeSpan.FromDays(days))).Code);

    [Theory]
    [InlineData("\u001b[31mred")]
    [InlineData("gpj.\u202Eexe")]
    [InlineData("two\u2028lines")]
    [InlineData("two\nlines")]
    [InlineData("\u009b1m")]
    public void ANameThatATerminalObeysIsRefused(string name)
        => Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => _tokens.Issue(31, name, TimeSpan.FromDays(1))).Code);

    [Fact]
    public void AGoodTokenIsVerifiedWithoutAllocating()
    {
        var issued = Apply(_tokens.Issue(31, "x", TimeSpan.FromDays(1)));
        _tokens.Verify(issued.Text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            _tokens.Verify(issued.Text);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private IssuedToken Apply(IssuedToken issued)
    {
        _tokens.Apply(issued.Entry);
        return issued;
    }
}
