using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class KeyTextTests
{
    [Theory]
    [InlineData(5, "k=5")]
    [InlineData(long.MinValue, "k=-9223372036854775808")]
    [InlineData("a'b", "k='a''b'")]
    [InlineData("", "k=''")]
    [InlineData("x\r\n\t\\\u001b[31m\0", @"k='x\r\n\t\\\u001B[31m\u0000'")]
    [InlineData("\u202eabc\u2028", @"k='\u202Eabc\u2028'")]
    [InlineData(true, "k=true")]
    [InlineData(0.1, "k=0.1")]
    [InlineData(null, "k=NULL")]
    [InlineData(new byte[] { 0x0A, 0xFF }, "k=0x0AFF")]
    public void AKeyIsReadableOnOneLineAndSafe(object? value, string expected)
        => Assert.Equal(expected, KeyText.Of(Table, FakeTable.Row(value)));

    [Fact]
    public void GuidsAndDecimalsAreWrittenAsUsual()
    {
        var guid = Guid.NewGuid();
        Assert.Equal($"k={guid:D}", KeyText.Of(Table, FakeTable.Row(guid)));
        Assert.Equal("k=1.50", KeyText.Of(Table, FakeTable.Row(1.50m)));
    }

    [Fact]
    public void DatesAndTimesAreWrittenInIsoForm()
    {
        Assert.Equal("k=2000-02-29", Of(batch => Canonical.WriteDate(batch, 11016)));
        Assert.Equal("k=infinity", Of(batch => Canonical.WriteDate(batch, int.MaxValue)));
        Assert.Equal("k=1970-01-01-800000 days", Of(batch => Canonical.WriteDate(batch, -800000)));
        Assert.Equal("k=23:59:59.9999999", Of(batch => Canonical.WriteTime(batch, TimeSpan.TicksPerDay - 1)));
        Assert.Equal("k=1970-01-02T00:00:01", Of(batch => Canonical.WriteDateTime(batch, 1, TimeSpan.TicksPerSecond)));
        Assert.Equal("k=1969-12-31T12:00:00Z offset -90 min", Of(batch => Canonical.WriteDateTimeOffset(batch, -1, 12 * TimeSpan.TicksPerHour, -90)));
    }

    [Fact]
    public void ARowsKeyIsFoundInKeyOrderWhereverItsColumnsStand()
    {
        var table = FakeTable.Schema("t", ["a", "b", "c", "d"], "d", "a");
        Assert.Equal("d=4, a='x'", KeyText.OfRow(table, FakeTable.Row("x", 2, 3, 4)));
    }

    [Fact]
    public void ARowWithoutAKeyIsNamedByItsHash()
        => Assert.Matches("^sha256=[0-9a-f]{64}$", KeyText.OfRow(FakeTable.Schema("t", ["a"]), FakeTable.Row(1)));

    private static TableSchema Table { get; } = FakeTable.Schema("t", ["k"], "k");

    private static string Of(Action<RowBatch> write)
    {
        using var batch = new RowBatch();
        write(batch);
        batch.EndRow();
        return KeyText.Of(Table, batch[0]);
    }
}
