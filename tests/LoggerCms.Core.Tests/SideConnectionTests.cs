namespace LoggerCms.Core.Tests;

/// <summary>What a text names: a path, or a make of database with its connection string.</summary>
public sealed class SideConnectionTests
{
    [Theory]
    [InlineData("postgres:Host=db1;Username=cms;Password=SECRETPW;Database=cms")]
    [InlineData("postgres://cms:SECRETPW@db1/cms")]
    [InlineData("oracle:db1")]
    [InlineData("Host=db1;Username=cms;Password=SECRETPW")]
    [InlineData("sqlite:Host=db1; pwd = SECRETPW")]
    public void A_text_that_is_no_path_makes_no_file(string text)
    {
        var failure = Assert.Throws<LoggerCmsException>(() => new SideConnection(text));

        Assert.Equal(ErrorCodes.InvalidConnection, failure.Code);
        Assert.DoesNotContain("SECRETPW", failure.ToString(), StringComparison.Ordinal);
        Assert.Contains("postgresql:", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("side.db")]
    [InlineData("/srv/a:b/side.db")]
    [InlineData("./a:b.db")]
    [InlineData(@"C:\sides\a.db")]
    [InlineData(@"TestDrive:\a.db")]
    [InlineData("TestDrive:/a.db")]
    [InlineData("password reset.db")]
    public void A_path_is_one_with_its_drive(string path) => Assert.Equal((SideProvider.Sqlite, path), (new SideConnection(path).Provider, new SideConnection(path).DataSource));
}
