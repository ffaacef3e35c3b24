using System.Diagnostics;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task A_transaction_shuts_writers_out_until_it_ends()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await using var writer = await database.ConnectAsync();
            await TestDatabase.ExecuteAsync(writer, Make.ImpatientSession);
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => TestDatabase.ExecuteAsync(writer, "UPDATE item SET v = 'theirs'", timeoutSeconds: 1));
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => TestDatabase.ExecuteAsync(writer, Item(2, "theirs"), timeoutSeconds: 1));
        }

        await database.ExecuteAsync(Item(2, "after"));
    }

    [Fact]
    public async Task A_lock_that_is_not_had_in_time_is_DestinationInUse_and_leaves_the_writer_alone()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        var tables = (await side.CatalogAsync()).Tables;
        await using var writer = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(writer, Make.BeginWrite);
        await TestDatabase.ExecuteAsync(writer, "UPDATE item SET v = 'theirs'");
        var watch = Stopwatch.StartNew();
        await Sides.FailsAsync(ErrorCodes.DestinationInUse, async () => await side.BeginTransactionAsync(tables, TimeSpan.FromMilliseconds(500), Token));
        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(8));
        await TestDatabase.ExecuteAsync(writer, "COMMIT");
        await using var transaction = await side.BeginTransactionAsync(tables, TimeSpan.FromSeconds(5), Token);
        Assert.Equal(["Integer 1 | Text 'theirs'"], await transaction.ShowAllAsync("item"));
    }

    [Fact]
    public async Task A_transaction_waits_for_a_writer_that_ends_in_time_and_sees_what_it_wrote()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        var tables = (await side.CatalogAsync()).Tables;
        await using var writer = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(writer, Make.BeginWrite);
        await TestDatabase.ExecuteAsync(writer, "UPDATE item SET v = 'theirs'");
        var waiting = Task.Run(() => side.BeginTransactionAsync(tables, TimeSpan.FromSeconds(20), Token));
        Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(300, Token)));
        await TestDatabase.ExecuteAsync(writer, "COMMIT");
        await using var transaction = await waiting;
        Assert.Equal(["Integer 1 | Text 'theirs'"], await transaction.ShowAllAsync("item"));
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_promptly_when_cancelled()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        var tables = (await side.CatalogAsync()).Tables;
        await using var writer = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(writer, Make.BeginWrite);
        await TestDatabase.ExecuteAsync(writer, "UPDATE item SET v = 'theirs'");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        cancel.CancelAfter(300);
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => side.BeginTransactionAsync(tables, TimeSpan.FromSeconds(60), cancel.Token));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"It took {watch.Elapsed}.");
        await TestDatabase.ExecuteAsync(writer, "COMMIT");
    }

    [Fact]
    public async Task A_second_transfer_into_the_same_database_is_refused_until_the_first_ends()
    {
        var database = await NewAsync(ItemTable());
        var other = await NewAsync(ItemTable());
        var first = await OpenAsync(database);
        var second = await OpenAsync(database);
        var elsewhere = await OpenAsync(other);
        await using (var held = await first.TryLockTransfersAsync(Guid.NewGuid(), Token))
        {
            Assert.NotNull(held);
            Assert.Null(await second.TryLockTransfersAsync(Guid.NewGuid(), Token));
            await using var free = await elsewhere.TryLockTransfersAsync(Guid.NewGuid(), Token);
            Assert.NotNull(free);
            await database.ExecuteAsync(Item(1, "ordinary writers go on"));
            await using var transaction = await first.BeginAsync();
            await transaction.InsertAsync("item", ("id", 2), ("v", "so does the holder"));
            await transaction.CommitAsync();
        }

        await using var again = await second.TryLockTransfersAsync(Guid.NewGuid(), Token);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task A_live_lease_means_in_service_and_an_expired_one_does_not()
    {
        var database = await NewAsync($"CREATE TABLE loggercms_lease (epoch {T(LogicalKind.Integer)}, holder {T(LogicalKind.Text)}, expires_us {T(LogicalKind.Integer)})");
        var side = await OpenAsync(database);
        Assert.False(await side.IsInServiceAsync(Token));
        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / 10;
        await database.ExecuteAsync($"INSERT INTO loggercms_lease VALUES (1, 'node', {now - 60_000_000})");
        Assert.False(await side.IsInServiceAsync(Token));
        await database.ExecuteAsync($"UPDATE loggercms_lease SET expires_us = {now + 60_000_000}");
        Assert.True(await side.IsInServiceAsync(Token));
    }

    [Fact]
    public async Task Reading_ends_promptly_when_cancelled_and_the_side_can_be_used_again()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 100_000));
        var side = await OpenAsync(database);
        await using (var snapshot = await side.SnapshotAsync())
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var watch = Stopwatch.StartNew();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var batch in snapshot.ReadAsync(new RowQuery(snapshot.Table("item"), Ordered: true), cancel.Token))
                {
                    batch.Dispose();
                    await cancel.CancelAsync();
                }
            });
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"It took {watch.Elapsed}.");
        }

        await using var again = await side.SnapshotAsync();
        Assert.Equal(100_000, await again.CountAsync(again.Table("item"), Token));
    }

    [Fact]
    public async Task A_cancelled_insert_leaves_a_transaction_that_rolls_back()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transaction.InsertAsync(table, Endless(table, cancel), cancel.Token));
        }

        Assert.Equal(["Integer 1 | Text 'one'"], await side.ShowAllAsync("item"));

        static async IAsyncEnumerable<RowBatch> Endless(TableSchema table, CancellationTokenSource cancel)
        {
            for (var id = 2L; ; id += 100)
            {
                var batch = new RowBatch();
                for (var i = 0; i < 100; i++)
                    Rows.Append(batch, table, ("id", id + i), ("v", "x"));
                yield return batch;
                if (id > 5_000)
                    await cancel.CancelAsync();
            }
        }
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_stops_everything_at_once()
    {
        var database = await NewAsync(ItemTable());
        var side = await OpenAsync(database);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Make.Driver.OpenAsync(database.Connection, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await side.BeginSnapshotAsync(new SnapshotOptions(), cancelled));
        await using var transaction = await side.BeginAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await transaction.InsertAsync(transaction.Table("item"), Rows.Stream(Rows.Of(transaction.Table("item"), ("id", 1))), cancelled));
    }
}
