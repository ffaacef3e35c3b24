using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests;

/// <summary>What becomes of what was got by a token or a password once that is over.</summary>
public sealed class OwnTokenTests : IAsyncLifetime
{
    private const long Guest = SystemObjects.Guest;

    private CmsNode _node = null!;
    private NodeService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        _service = new NodeService(_node);
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_token_by_a_token_ends_with_it_where_its_holder_does_not_manage_tokens()
    {
        var hour = await MakeAsync(Guest);
        var issued = (await IssueAsync(hour)).Token;
        Assert.Equal(UnixTime(hour), issued.Expires);
        Assert.True((await IssueAsync(hour, lifetime: TimeSpan.FromMinutes(1))).Token.Expires < issued.Expires);
        var administrators = await IssueAsync(await MakeAsync(SystemObjects.Administrator), forUser: Guest);
        Assert.Equal(TimeSpan.FromDays(3650), administrators.Token.Expires - administrators.Token.Created);
        Assert.Equal(TimeSpan.FromDays(3650), (await IssueAsync(await MakeAsync(SystemObjects.Administrator))).Token is var own ? own.Expires - own.Created : default);
    }

    [Fact]
    public async Task What_was_revoked_issues_no_token()
    {
        var own = await MakeAsync(Guest);
        var access = _service.Begin(Guest);
        await _service.RevokeAsync(access, own.Id, "");
        Assert.Equal(ErrorCodes.Unauthenticated, (await Assert.ThrowsAsync<LoggerCmsException>(() => IssueAsync(own))).Code);
    }

    [Theory]
    [InlineData("new password")]
    [InlineData(null)]
    public async Task A_password_that_is_set_or_taken_away_ends_all_tokens_of_the_user_but_the_callers(string? password)
    {
        var administrator = _service.Begin(SystemObjects.Administrator);
        await _service.SetPasswordAsync(administrator, Guest, new CmsPassword { New = "old password" }, "", cancellationToken: TestContext.Current.CancellationToken);
        var (used, other, ofAnother) = (await MakeAsync(Guest), await MakeAsync(Guest), await MakeAsync(SystemObjects.Administrator));
        await _service.SetPasswordAsync(_service.Begin(Guest), Guest, new CmsPassword { Current = "old password", New = password }, "", used.Id, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((false, true, false), (IsRevoked(used), IsRevoked(other), IsRevoked(ofAnother)));
        await _service.SetPasswordAsync(administrator, Guest, new CmsPassword { New = password }, "", ofAnother.Id, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((true, false), (IsRevoked(used), IsRevoked(ofAnother)));
    }

    [Fact]
    public async Task A_password_that_was_right_when_it_was_looked_at_and_is_no_more_gives_no_token()
    {
        var administrator = _service.Begin(SystemObjects.Administrator);
        await _service.SetPasswordAsync(administrator, Guest, new CmsPassword { New = "old password" }, "", cancellationToken: TestContext.Current.CancellationToken);
        var (user, _) = await _service.LogOnAsync("Guest", "old password", Token);
        Assert.NotEmpty((await _service.IssueAsync(user!, TimeSpan.FromHours(1), "", cancellationToken: TestContext.Current.CancellationToken)).Text);
        await _service.SetPasswordAsync(administrator, Guest, new CmsPassword { New = "new password" }, "", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(ErrorCodes.Unauthenticated, (await Assert.ThrowsAsync<LoggerCmsException>(() => _service.IssueAsync(user!, TimeSpan.FromHours(1), "", cancellationToken: TestContext.Current.CancellationToken))).Code);
    }

    private static DateTimeOffset UnixTime(TokenEntry token) => Core.UnixTime.Of(token.ExpiresUs);

    private bool IsRevoked(TokenEntry token) => _node.Tokens.Find(token.Id)!.IsRevoked;

    private async Task<TokenEntry> MakeAsync(long user)
    {
        var entry = _node.Tokens.Issue(user, "own", TimeSpan.FromHours(1)).Entry;
        await _node.Sequencer.WriteAsync(Request(new PutLocal(entry)));
        return TokenEntry.Decode(entry);
    }

    private Task<CmsIssuedToken> IssueAsync(TokenEntry by, long? forUser = null, TimeSpan? lifetime = null) => _service.IssueAsync(
        _service.Begin(by.PrincipalId), new Http.Caller(by.PrincipalId, "", by.Id), new CmsTokenRequest { PrincipalId = forUser, Name = "long", Lifetime = lifetime ?? TimeSpan.FromDays(3650) });
}
