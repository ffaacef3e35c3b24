using System.Numerics;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class ChecksumTests
{
    private static readonly Gen<byte[][]> Rows = FakeRows.Value.NonEmptyListOf().Select(values => FakeTable.Row([.. values])).ListOf().Select(rows => rows.ToArray());

    [Fact]
    public void ASumIsTheAdditionOfTheRowHashesModulo2To256()
        => Check(Prop.ForAll(Rows.ToArbitrary(), rows =>
        {
            var expected = rows.Aggregate(BigInteger.Zero, (sum, row) => sum + new BigInteger(SHA256.HashData(row), isUnsigned: true)) % BigInteger.Pow(2, 256);
            var bytes = new byte[32];
            Sum(rows).WriteTo(bytes);
            return new BigInteger(bytes, isUnsigned: true) == expected;
        }));

    [Fact]
    public void ASumDoesNotDependOnTheOrderOfTheRows()
        => Check(Prop.ForAll(Rows.ToArbitrary(), rows => Sum(rows) == Sum(rows.Reverse()) && Sum(rows).ToHex() == Sum(rows.Reverse()).ToHex()));

    [Fact]
    public void PartsMergeToTheSumOfTheWhole()
        => Check(Prop.ForAll(Rows.Two().ToArbitrary(), parts =>
        {
            var merged = Sum(parts.Item1);
            merged.Merge(Sum(parts.Item2));
            return merged == Sum(parts.Item1.Concat(parts.Item2));
        }));

    [Fact]
    public void WhatIsRemovedIsAsIfItHadNeverBeenAdded()
        => Check(Prop.ForAll(Rows.Two().ToArbitrary(), parts =>
        {
            var sum = Sum(parts.Item1.Concat(parts.Item2));
            foreach (var row in parts.Item2)
                sum.Remove(row);
            return sum == Sum(parts.Item1);
        }));

    [Fact]
    public void TwoEqualRowsDoNotCancelOut()
        => Assert.NotEqual(Sum([FakeTable.Row(1)]), Sum([FakeTable.Row(1), FakeTable.Row(1), FakeTable.Row(1)]));

    [Fact]
    public void TheChecksumChangesWhenAnythingChanges()
    {
        ColumnSchema id = FakeTable.Column("id", LogicalKind.Integer, KeyOrder.Integer, nullable: false), name = FakeTable.Column("name", LogicalKind.Text);
        byte[][] rows = [FakeTable.Row(1, "a"), FakeTable.Row(2, null)];
        var table = FakeTable.Schema("t", [id, name], "id");
        (TableSchema Table, TableSum Sum)[][] states =
        [
            [(table, Sum(rows))],
            [],
            [(table, Sum(rows[..1]))],
            [(table, Sum([FakeTable.Row(1, "a"), FakeTable.Row(2, "")]))],
            [(table with { Name = new TableName(null, "u") }, Sum(rows))],
            [(table with { Name = new TableName("s", "t") }, Sum(rows))],
            [(FakeTable.Schema("t", [id, name with { Name = "nam" }], "id"), Sum(rows))],
            [(FakeTable.Schema("t", [id, name with { Nullable = false }], "id"), Sum(rows))],
            [(FakeTable.Schema("t", [id, name with { Type = new LogicalType(LogicalKind.Native, "citext") }], "id"), Sum(rows))],
            [(FakeTable.Schema("t", [id, name]), Sum(rows))],
            [(FakeTable.Schema("t", [id, name], "name"), Sum(rows))],
            [(table, Sum(rows)), (table with { Name = new TableName(null, "u") }, default)],
        ];
        var checksums = states.Select(s => SideChecksum.Compute([.. s.Select(t => t.Table)], [.. s.Select(t => t.Sum)])).ToList();
        Assert.Equal(states.Length, checksums.Distinct().Count());
        Assert.All(checksums, checksum => Assert.Matches("^[0-9a-f]{64}$", checksum));
    }

    [Fact]
    public void TheChecksumDoesNotDependOnTheOrderOfTheTablesOrTheirDeclaredTypes()
    {
        TableSchema a = FakeTable.People("a"), b = FakeTable.People("b");
        var other = a with { Columns = [.. a.Columns.Select(column => column with { DeclaredType = "other", KeyOrder = KeyOrder.None })] };
        Assert.Equal(SideChecksum.Compute([a, b], [Sum([]), default]), SideChecksum.Compute([b, other], [default, Sum([])]));
        Assert.Equal(SideChecksum.SchemaVersion([a, b]), SideChecksum.SchemaVersion([b, other]));
        Assert.NotEqual(SideChecksum.SchemaVersion([a]), SideChecksum.SchemaVersion([b]));
    }

    [Fact]
    public void EveryWayToHashARowGivesSha256()
        => Check(Prop.ForAll(ArbMap.Default.GeneratorFor<byte[]>().ToArbitrary(), bytes =>
        {
            var hash = new byte[32];
            RowKeys.Hash(bytes, hash);
            return hash.AsSpan().SequenceEqual(SHA256.HashData(bytes));
        }));

    private static TableSum Sum(IEnumerable<byte[]> rows)
    {
        var sum = default(TableSum);
        foreach (var row in rows)
            sum.Add(row);
        return sum;
    }

    private static void Check(Property property) => FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property);
}
