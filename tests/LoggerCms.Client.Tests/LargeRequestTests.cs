using System.Text.Json;

namespace LoggerCms.Client.Tests;

/// <summary>Requests beyond what a node takes, which it refuses while they are still to be sent.</summary>
public sealed class LargeRequestTests(TestNode node) : IClassFixture<TestNode>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(17)]
    [InlineData(60)]
    public async Task What_no_try_would_get_in_is_refused_with_the_reason_and_not_sent_again(int megabytes)
    {
        using var client = await node.ConnectAsync();
        var tries = 0;
        CmsCalls.Told = _ => tries++;

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.ChangeAsync(Of(1, megabytes << 20), Cancellation));

        Assert.Equal(ErrorCodes.LimitExceeded, failure.Code);
        Assert.True(failure.IsOfRequest);
        Assert.Contains($"{16 << 20}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task A_query_beyond_its_own_limit_is_refused_likewise()
    {
        using var client = await node.ConnectAsync();

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () => await client.QueryAsync($"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_NAME = '{new string('x', 20 << 20)}'", Cancellation).FirstAsync(Cancellation));

        Assert.Equal(ErrorCodes.LimitExceeded, failure.Code);
        Assert.True(failure.IsOfRequest);
    }

    [Fact]
    public async Task A_large_request_that_fits_is_taken()
    {
        using var client = await node.ConnectAsync();

        var answer = await client.ChangeAsync(Of(15, 1_000_000), Cancellation);

        Assert.Equal(15, answer.Changed.Count);
    }

    private static CmsChangeRequest Of(int objects, int bytes)
    {
        var properties = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["text"] = new string('x', bytes) });
        return new CmsChangeRequest
        {
            Changes = [.. Enumerable.Range(0, objects).Select(i => new CmsChange { Operation = "Create", ParentId = 23, Kind = "Txt", Name = $"large {i}", Properties = properties })],
        };
    }
}
