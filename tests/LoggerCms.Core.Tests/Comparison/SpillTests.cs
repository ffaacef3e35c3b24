using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class SpillTests
{
    [Fact]
    public void ASpoolGivesItsRecordsBackInOrderFromMemoryAndFile()
    {
        using var spool = new RecordSpool();
        var record = new byte[5004];
        for (var i = 0; i < 5000; i++)
        {
            BitConverter.TryWriteBytes(record, i);
            spool.Add(record.AsSpan(0, 4 + i));
            spool.Flush();
        }

        for (var pass = 0; pass < 2; pass++)
        {
            var next = 0;
            foreach (var batch in spool.Read())
            {
                for (var i = 0; i < batch.Count; i++, next++)
                    Assert.Equal((next, 4 + next), (BitConverter.ToInt32(batch[i]), batch[i].Length));
            }

            Assert.Equal(5000, next);
        }

        spool.Clear();
        Assert.Equal(0, spool.Count);
        Assert.Equal(0, spool.Read().Sum(batch => batch.Count));
    }

    [Fact]
    public void PartitionsGiveEveryRecordBackOnceUnderItsHash()
    {
        const int size = 64, records = 300_000;
        using var partitions = new HashPartitions(size);
        var record = new byte[size];
        for (var i = 0; i < records; i++)
        {
            record[0] = (byte)(i % 3);
            BitConverter.TryWriteBytes(record.AsSpan(1), i);
            partitions.Add(record);
        }

        var seen = new HashSet<int>();
        for (var part = 0; part < HashPartitions.Count; part++)
        {
            var inPart = 0;
            foreach (var block in partitions.Read(part))
            {
                for (var at = 0; at < block.Length; at += size, inPart++)
                {
                    Assert.Equal(part, block.Span[at]);
                    Assert.True(seen.Add(BitConverter.ToInt32(block.Span[(at + 1)..])));
                }
            }

            Assert.Equal(partitions.Records(part), inPart);
        }

        Assert.Equal(records, seen.Count);
    }

    [Fact]
    public async Task ALargeTableWithoutOrderIsPairedThroughTheFileAndLeavesNothingBehind()
    {
        const int rows = 200_000;
        var before = Directory.GetFiles(Path.GetTempPath(), "loggercms-*.scratch").Length;
        var table = FakeTable.People(order: KeyOrder.None);
        var source = Enumerable.Range(0, rows).Select(i => FakeTable.Row(i, "n")).ToList();
        var destination = Enumerable.Range(0, rows).Reverse().Where(i => i != 77).Select(i => FakeTable.Row(i, i == 5 ? "m" : "n")).ToList();
        var sink = new RecordingSink();
        var result = await TableComparer.CompareAsync(
            new FakeSnapshot { RowsPerBatch = 5000 }.With(table, source), new FakeSnapshot { RowsPerBatch = 5000 }.With(table, destination),
            new TablePair(table, table), null, sink, false, null, TestContext.Current.CancellationToken);
        Assert.Equal((1L, 0L, 1L, rows - 2L), (
            result.Comparison.RowsOnlyInSource, result.Comparison.RowsOnlyInDestination, result.Comparison.RowsDifferent, result.Comparison.RowsEqual));
        Assert.Equal(2, sink.Differences.Count);
        Assert.Equal(before, Directory.GetFiles(Path.GetTempPath(), "loggercms-*.scratch").Length);
    }
}
