using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class SchemaCheckTests
{
    private static readonly ColumnSchema Id = FakeTable.Column("id", LogicalKind.Integer, KeyOrder.Integer, nullable: false);

    [Fact]
    public void EqualLogicalSchemasHaveNoDifferenceWhateverTheirDeclaredTypes()
        => Assert.Empty(SchemaCheck.Differences(
            FakeTable.Schema("t", [Id, FakeTable.Column("v", LogicalKind.Text)], "id"),
            FakeTable.Schema("t", [Id with { DeclaredType = "bigint" }, FakeTable.Column("v", LogicalKind.Text) with { DeclaredType = "nvarchar(max)" }], "id")));

    [Fact]
    public void AKeyColumnWithoutNotNullCorrespondsToOneWithIt()
        => Assert.Empty(SchemaCheck.Differences(
            FakeTable.Schema("t", [Id with { Nullable = true }], "id"), FakeTable.Schema("t", [Id], "id")));

    [Fact]
    public void EveryDifferenceIsNamedWithTheSides()
    {
        var source = FakeTable.Schema(
            "t", [Id, FakeTable.Column("a", LogicalKind.Integer, nullable: false), FakeTable.Column("b", LogicalKind.Text), FakeTable.Column("c", LogicalKind.Text)], "id");
        var destination = FakeTable.Schema(
            "t", [Id, FakeTable.Column("a", LogicalKind.Text), FakeTable.Column("b", LogicalKind.Text, nullable: false), FakeTable.Column("d", LogicalKind.Text)], "id", "d");
        var failure = Assert.Throws<LoggerCmsException>(() => SchemaCheck.Require(
            Scope.Pair([source, FakeTable.People("gone")], [destination]), "A", "B", allowMissing: false));
        Assert.Equal(ErrorCodes.SchemaMismatch, failure.Code);
        Assert.Contains("table t, column a: Integer NOT NULL on A, Text on B", failure.Message);
        Assert.Contains("table t, column b: Text on A, Text NOT NULL on B", failure.Message);
        Assert.Contains("table t, column c: only on A", failure.Message);
        Assert.Contains("table t, column d: only on B", failure.Message);
        Assert.Contains("table t: key (id) on A, key (id, d) on B", failure.Message);
        Assert.Contains("table gone: only on A", failure.Message);
    }

    [Fact]
    public void AMissingTableIsItsOwnFailureUnlessItMayBeCreated()
    {
        var scope = Scope.Pair([FakeTable.People("a"), FakeTable.People("b")], [FakeTable.People("b")]);
        var failure = Assert.Throws<LoggerCmsException>(() => SchemaCheck.Require(scope, "A", "B", allowMissing: false));
        Assert.Equal(ErrorCodes.MissingTable, failure.Code);
        Assert.Contains("table a: only on A", failure.Message);
        SchemaCheck.Require(scope, "A", "B", allowMissing: true);
    }

    [Fact]
    public void ATableThatOnlyTheDestinationHasIsMissingWhateverMayBeCreated()
        => Assert.Equal(
            ErrorCodes.MissingTable,
            Assert.Throws<LoggerCmsException>(() => SchemaCheck.Require(
                Scope.Pair([], [FakeTable.People("b")]), "A", "B", allowMissing: true)).Code);
}
