using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class SideProfileFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void NoPathIsTheEmptyProfile() => Assert.Same(SideProfile.Empty, SideProfileFile.Load(null));

    [Fact]
    public void TablesColumnsAndRowFiltersAreRead()
    {
        File.WriteAllText(_path, """{"tables":["audit_*"],"columns":{"t":["c","d"]},"rowFilters":{"t":"x > 1"}}""");
        var profile = SideProfileFile.Load(_path);
        Assert.Equal(["audit_*"], profile.Tables);
        Assert.Equal(["c", "d"], profile.Columns["t"]);
        Assert.Equal("x > 1", profile.RowFilters["t"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"table":["a"]}""")]
    [InlineData("""{"tables":"a"}""")]
    [InlineData("""{"tables":[null]}""")]
    [InlineData("""{"tables":["a"],"tables":["b"]}""")]
    [InlineData("""{"columns":{"t":null}}""")]
    [InlineData("""{"columns":{"t":[""]}}""")]
    [InlineData("""{"rowFilters":{"t":" "}}""")]
    [InlineData("""{"tables":["a"]""")]
    public void AnythingElseIsRefused(string json)
    {
        File.WriteAllText(_path, json);
        var failure = Assert.Throws<LoggerCmsException>(() => SideProfileFile.Load(_path));
        Assert.Equal(ErrorCodes.InvalidProfile, failure.Code);
        Assert.Contains(_path, failure.Message);
    }

    [Fact]
    public void AFileThatIsNotThereIsRefused()
        => Assert.Equal(
            ErrorCodes.InvalidProfile, Assert.Throws<LoggerCmsException>(() => SideProfileFile.Load(Path.Combine(_path, "none.json"))).Code);
}
