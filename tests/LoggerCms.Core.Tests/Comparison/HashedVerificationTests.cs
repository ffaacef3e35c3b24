using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Tests.Comparison;

/// <summary>The proof of a transfer by the hashes of both databases.</summary>
public sealed class HashedVerificationTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly TableSchema Table = FakeTable.People();

    [Fact]
    public async Task EqualHashesProveATableAndOthersDoNot()
    {
        await using var source = new FakeHashedSnapshot().With(Table, FakeTable.Row(1, "a"), FakeTable.Row(2, "b"));
        await using var same = new FakeHashedSnapshot(rowsPerPart: 1).With(Table, FakeTable.Row(2, "b"), FakeTable.Row(1, "a"));
        await using var other = new FakeHashedSnapshot().With(Table, FakeTable.Row(1, "a"), FakeTable.Row(2, "c"));
        Assert.Equal(2, Assert.Single(await VerifyAsync(source, same)).Rows);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => VerifyAsync(source, other));
        Assert.Equal(ErrorCodes.VerificationFailed, failure.Code);
    }

    [Fact]
    public async Task AFailureOfTheDestinationIsToldOnlyOnceTheSourceIsNoLongerRead()
    {
        var open = 0;
        TaskCompletionSource reading = new(), failed = new();
        await using var source = new FakeHashedSnapshot
        {
            BeforeHash = async (_, cancel) =>
            {
                Interlocked.Increment(ref open);
                try
                {
                    reading.SetResult();
                    await failed.Task;
                    for (var i = 0; i < 100_000 && !cancel.IsCancellationRequested; i++)
                        await Task.Yield();
                }
                finally
                {
                    Interlocked.Decrement(ref open);
                }
            },
        }.With(Table, FakeTable.Row(1, "a"));
        await using var destination = new FakeHashedSnapshot
        {
            BeforeHash = async (_, _) =>
            {
                await reading.Task;
                failed.SetResult();
                throw new LoggerCmsException(ErrorCodes.ConnectionLost, "gone", "try again");
            },
        }.With(Table, FakeTable.Row(1, "a"));

        await Assert.ThrowsAsync<LoggerCmsException>(() => VerifyAsync(source, destination));

        // Whoever is told closes the source's sessions next, and a session that is closed while it reads may never end.
        Assert.Equal(0, Volatile.Read(ref open));
    }

    private static async Task<IReadOnlyList<TableSum>> VerifyAsync(FakeHashedSnapshot source, FakeHashedSnapshot destination)
    {
        var work = new TransferWork
        {
            Pairs = [new TablePair(Table, Table)],
            ToCreate = new HashSet<int>(),
            Source = source,
            Destination = destination,
            SourcePosition = SidePosition.None,
            DestinationPosition = SidePosition.None,
            SourceHashes = new TableSum?[1],
        };
        return await Verifier.ByHashesAsync(work, destination, [Table], new ProgressMeter(null, TimeProvider.System), Cancel);
    }
}
