namespace LoggerCms.Client.Tests;

/// <summary>What a service may not say in the audit.</summary>
public sealed class ForeignAuditTests(TestNode node) : IClassFixture<TestNode>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static CmsAuditEvent Event { get; } = new()
    {
        Id = Guid.CreateVersion7(),
        Time = DateTimeOffset.UtcNow,
        Source = "service",
        Principal = "Administrator",
        Action = "Delete",
        Result = "Succeeded",
    };

    [Theory]
    [InlineData("node")]
    [InlineData("Node ")]
    public async Task No_service_says_that_it_is_the_node(string source) => await RefusedAsync(Event with { Id = Guid.CreateVersion7(), Source = source });

    [Fact]
    public async Task No_event_comes_under_an_id_that_a_change_to_come_will_have()
        => await RefusedAsync(Event with { Id = new Guid("00112233-4455-8677-8899-aabbccddeeff") });

    private async Task RefusedAsync(CmsAuditEvent told)
    {
        using var client = await node.ConnectAsync();
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => client.SendAuditAsync([Event, told], Cancellation));
        Assert.Equal(ErrorCodes.InvalidOption, refused.Code);
        Assert.NotEmpty(refused.Remedy);
        Assert.Empty(await client.GetAuditAsync(new CmsAuditQuery { Source = told.Source, Action = told.Action }, Cancellation).ToListAsync(Cancellation));
    }
}
