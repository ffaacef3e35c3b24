using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class ScopeTests
{
    private static readonly SideCatalog Catalog = new(
        [FakeTable.People("account"), FakeTable.People("audit_event"), FakeTable.People("audit_login"), FakeTable.People("Skill")], "BINARY");

    [Fact]
    public void WithoutWildcardsEveryTableIsInScopeInOrdinalOrder()
        => Assert.Equal(["Skill", "account", "audit_event", "audit_login"], Names(new ScopeOptions()));

    [Fact]
    public void WildcardsPickAndExcludeWithoutRegardToCase()
    {
        Assert.Equal(["audit_event", "audit_login"], Names(new ScopeOptions { Table = ["AUDIT_*"] }));
        Assert.Equal(["Skill", "account"], Names(new ScopeOptions { ExcludeTable = ["audit_?????"] }));
        Assert.Equal(["Skill"], Names(new ScopeOptions { Table = ["s*"] }));
    }

    [Fact]
    public void AProfilesSideLocalTablesAreNeverInScope()
        => Assert.Equal(["Skill", "account"], Names(new ScopeOptions(), SideProfile.Empty with { Tables = ["audit_*"] }));

    [Fact]
    public void AWildcardThatPicksNothingIsNamedWithNearNames()
    {
        var failure = Assert.Throws<LoggerCmsException>(() => Names(new ScopeOptions { Table = ["account", "acuont"] }));
        Assert.Equal(ErrorCodes.TableNotFound, failure.Code);
        Assert.Contains("'acuont'", failure.Message);
        Assert.Contains("account", failure.Message);
        Assert.Equal("A", failure.Side);
    }

    [Fact]
    public void TablesPairByName()
    {
        var pairs = Scope.Pair([FakeTable.People("a"), FakeTable.People("b")], [FakeTable.People("b"), FakeTable.People("c")]);
        Assert.Equal("b", Assert.Single(pairs.Pairs).Name.ToString());
        Assert.Equal("a", Assert.Single(pairs.OnlyInSource).Name.ToString());
        Assert.Equal("c", Assert.Single(pairs.OnlyInDestination).Name.ToString());
    }

    [Fact]
    public void TheDescriptionNamesWhatAProfileLeavesOut()
    {
        var profile = new SideProfile(
            ["audit_*"],
            new Dictionary<string, IReadOnlyList<string>> { ["account"] = ["last_login"] },
            new Dictionary<string, string> { ["account"] = "region = 'EU'" });
        var text = Scope.Describe(new ScopeOptions { Table = ["a*"] }, profile, 3);
        Assert.Equal(
            "3 tables; named a*; side-local tables left out: audit_*; side-local columns left out: account.last_login; rows filtered: account where region = 'EU'",
            text);
    }

    [Theory]
    [InlineData("acount", "name", "account")]
    [InlineData("account", "nam", "'nam'")]
    public void AProfileThatNamesWhatIsNotThereIsRefused(string table, string column, string named)
    {
        var profile = SideProfile.Empty with { Columns = new Dictionary<string, IReadOnlyList<string>> { [table] = [column] } };
        var failure = Assert.Throws<LoggerCmsException>(() => ProfileCheck.Require(profile, "p.json", Catalog));
        Assert.Equal(ErrorCodes.InvalidProfile, failure.Code);
        Assert.Contains(named, failure.Message);
        Assert.Throws<LoggerCmsException>(() => ProfileCheck.Require(
            SideProfile.Empty with { RowFilters = new Dictionary<string, string> { ["ACCOUNT"] = "1 = 1" } }, "p.json", Catalog));
    }

    [Fact]
    public void AProfileThatNamesWhatIsThereIsUsed()
    {
        var table = FakeTable.People("account") with { LeftOut = ["last_login"], SideLocalColumns = ["last_login"] };
        ProfileCheck.Require(
            new SideProfile(
                ["nothing_like_it"],
                new Dictionary<string, IReadOnlyList<string>> { ["account"] = ["last_login"] },
                new Dictionary<string, string> { ["account"] = "1 = 1" }),
            "p.json",
            new SideCatalog([table], "BINARY"));
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("?", "", false)]
    [InlineData("a*b*c", "aXbYbc", true)]
    [InlineData("a*b*c", "aXbYb", false)]
    [InlineData("dbo.*", "dbo.t", true)]
    [InlineData("[a]", "a", false)]
    public void WildcardsMatch(string pattern, string text, bool expected) => Assert.Equal(expected, Wildcard.IsMatch(pattern, text));

    private static IEnumerable<string> Names(ScopeOptions options, SideProfile? profile = null)
        => Scope.Select(Catalog, options, profile ?? SideProfile.Empty, "A").Select(table => table.Name.ToString());
}
