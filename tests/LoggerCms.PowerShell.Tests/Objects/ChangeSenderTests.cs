using LoggerCms.PowerShell.Objects;
using Xunit;

namespace LoggerCms.PowerShell.Tests.Objects;

public sealed class ChangeSenderTests
{
    private readonly FakeClient _client = new();
    private readonly List<ChangeOutcome> _outcomes = [];

    [Fact]
    public async Task Changes_that_are_right_go_in_one_request_and_each_gets_its_own_object()
    {
        await SendAsync(Enumerable.Range(0, 100).Select(n => $"n{n}"));

        Assert.Equal([100], _client.Requests);
        Assert.Equal(Enumerable.Range(0, 100).Select(n => (object)$"n{n}"), _outcomes.Select(outcome => outcome.Item.Target));
        Assert.All(_outcomes, outcome => Assert.Equal(outcome.Item.Target, _client.All.Single(one => one.Id == outcome.Changed.Single().Id).Name));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(63)]
    public async Task One_that_is_wrong_fails_alone_and_costs_few_requests(int wrong)
    {
        await SendAsync(Enumerable.Range(0, 64).Select(n => n == wrong ? "n-taken" : $"n{n}").Prepend("n-taken"));

        var failed = Assert.Single(_outcomes, outcome => outcome.Failure is not null);
        Assert.Equal(ErrorCodes.NameInUse, failed.Failure!.Code);
        Assert.Equal(wrong + 1, _outcomes.IndexOf(failed));
        Assert.Equal(65, _client.All.Count());
        Assert.InRange(_client.Requests.Count, 2, 16);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(64)]
    public async Task Where_the_first_failure_ends_it_all_before_it_is_done_and_nothing_behind(int wrong)
    {
        await SendAsync(["taken"]);
        _outcomes.Clear();
        IEnumerable<PendingChange> items = Enumerable.Range(0, 64).Select(n => Create(n == wrong || n == wrong + 5 ? "taken" : $"n{n}"));

        var goesOn = await ChangeSender.SendAsync(_client, [.. items], endsAtFailure: true, _outcomes.Add, TestContext.Current.CancellationToken);

        Assert.Equal((wrong == 64, Math.Min(wrong + 1, 64)), (goesOn, _outcomes.Count));
        Assert.Equal(wrong == 64 ? 0 : 1, _outcomes.Count(outcome => outcome.Failure is not null));
        Assert.Equal(Enumerable.Range(0, wrong).Select(n => $"n{n}").Prepend("taken"), _client.All.Where(one => one.Kind == "Txt").Select(one => one.Name));
    }

    [Fact]
    public async Task Where_all_are_wrong_each_is_told_of_once_in_order()
    {
        await SendAsync(["same"]);
        _outcomes.Clear();

        await SendAsync(Enumerable.Repeat("same", 9));

        Assert.Equal(9, _outcomes.Count(outcome => outcome.Failure?.Code == ErrorCodes.NameInUse));
    }

    [Theory]
    [InlineData(ErrorCodes.ServerUnreachable)]
    [InlineData(ErrorCodes.NodeNotReady)]
    [InlineData(ErrorCodes.Unauthenticated)]
    [InlineData(ErrorCodes.JournalFailed)]
    public async Task A_failure_of_the_node_is_not_tried_for_each_input(string code)
    {
        _client.Fault = (1, new LoggerCmsException(code, "No.", "Wait."));

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => SendAsync(Enumerable.Range(0, 64).Select(n => $"n{n}")));

        Assert.Equal(code, failure.Code);
        Assert.Single(_client.Requests);
        Assert.Empty(_outcomes);
    }

    [Fact]
    public async Task Cancelling_stops_before_the_next_request()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ChangeSender.SendAsync(_client, [Create("a")], endsAtFailure: false, _outcomes.Add, stop.Token));

        Assert.Empty(_client.Requests);
    }

    [Fact]
    public async Task Several_changes_of_one_input_are_made_all_or_none()
    {
        var both = new PendingChange([Create("x").Changes[0], Create("x").Changes[0]], "both");

        await ChangeSender.SendAsync(_client, [both, Create("y")], endsAtFailure: false, _outcomes.Add, TestContext.Current.CancellationToken);

        Assert.NotNull(_outcomes[0].Failure);
        Assert.Null(_outcomes[1].Failure);
        Assert.DoesNotContain(_client.All, one => one.Name == "x");
    }

    private Task SendAsync(IEnumerable<string> names)
        => ChangeSender.SendAsync(_client, [.. names.Select(Create)], endsAtFailure: false, _outcomes.Add, TestContext.Current.CancellationToken);

    private static PendingChange Create(string name) => new([new CmsChange { Operation = "Create", Kind = "Txt", Name = name, ParentId = 4 }], name);
}
