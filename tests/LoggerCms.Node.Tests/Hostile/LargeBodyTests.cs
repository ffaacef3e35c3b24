using LoggerCms.Node.Http;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Bodies that are on their way share one room.</summary>
public sealed class LargeBodyTests
{
    private readonly Room _room = new(100, 60, "Too many large requests are being sent");

    [Fact]
    public void Who_finds_no_room_is_refused_with_the_reason_and_leaves_the_room_as_it_was()
    {
        using var first = Of(1);
        first.GrowTo(60);
        var second = Of(2);
        second.GrowTo(40);
        using (var third = Of(3))
            Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => third.GrowTo(1)).Code);
        Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => first.GrowTo(61)).Code);

        second.Dispose();
        using var fourth = Of(3);
        fourth.GrowTo(40);
        Assert.Throws<LoggerCmsException>(() => fourth.GrowTo(41));
    }

    private LargeBody Of(long principalId) => new(_room, principalId, TimeProvider.System, Token);
}
