using LoggerCms.Databases.Sqlite;

namespace LoggerCms.Transfer.Tests;

/// <summary>A destination that can only be read while its writers are shut out, as a SQL Server database without snapshot isolation.</summary>
public sealed class BlockingDestinationTests
{
    private static readonly string[] Schema = ["CREATE TABLE item (id INTEGER PRIMARY KEY, v TEXT)"];

    [Theory]
    [InlineData(StateTransferMode.Rows)]
    [InlineData(StateTransferMode.Full)]
    public async Task Its_view_is_given_up_before_the_transfer_asks_for_the_lock_and_comes_to_its_end(StateTransferMode mode)
    {
        using var arena = Filled();

        var result = await arena.NewEngine(driver: new BlockingDriver(arena.Destination.Path)).TransferAsync(arena.With(mode), null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task What_changes_in_between_is_refused_and_kept()
    {
        using var arena = Filled();
        var driver = new BlockingDriver(arena.Destination.Path) { BeforeLock = () => arena.Destination.Run("UPDATE item SET v = 'mine' WHERE id = 2") };

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => arena.NewEngine(driver: driver).TransferAsync(arena.With(StateTransferMode.Rows), null, Arena.Token));

        Assert.Equal(1, arena.Destination.Count("item WHERE v = 'mine'"));
    }

    private static Arena Filled()
    {
        var arena = new Arena(Schema);
        arena.Source.Run("INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        arena.Destination.Run("INSERT INTO item VALUES (2, 'old'), (4, 'd')");
        return arena;
    }

    private sealed class BlockingDriver(string path) : ISideDriver
    {
        private readonly SqliteSideDriver _inner = new();

        public Action BeforeLock { get; init; } = static () => { };

        public SideProvider Provider => _inner.Provider;

        public async Task<ISide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
        {
            var side = await _inner.OpenAsync(connection, cancellationToken);
            return connection.DataSource == path ? new BlockingSide(side, BeforeLock) : side;
        }
    }

    private sealed class BlockingSide(ISide inner, Action beforeLock) : ISide
    {
        private int _views;

        public SideConnection Connection => inner.Connection;

        public SideProvider Provider => inner.Provider;

        public string DisplayName => inner.DisplayName;

        public string Database => inner.Database;

        public string Identity => inner.Identity;

        public ISideLog Log => inner.Log;

        public async Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
        {
            _views++;
            return new BlockingSnapshot(await inner.BeginSnapshotAsync(options, cancellationToken), () => _views--);
        }

        public Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
        {
            if (_views > 0)
                throw new LoggerCmsException(ErrorCodes.DestinationInUse, "Somebody reads it.", "Wait.", DisplayName);
            beforeLock();
            return inner.BeginTransactionAsync(tables, lockTimeout, cancellationToken);
        }

        public Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken) => inner.TryLockTransfersAsync(transferId, cancellationToken);

        public Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken) => inner.HasTransferAsync(transferId, cancellationToken);

        public Task<long> CountTransfersAsync(CancellationToken cancellationToken) => inner.CountTransfersAsync(cancellationToken);

        public Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken) => inner.GetFreeBytesAsync(cancellationToken);

        public Task<bool> IsInServiceAsync(CancellationToken cancellationToken) => inner.IsInServiceAsync(cancellationToken);

        public string GetCreateTable(TableSchema table, SideProvider madeFor) => inner.GetCreateTable(table, madeFor);

        public IValueFit? GetValueFit(TableSchema source, TableSchema destination) => inner.GetValueFit(source, destination);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class BlockingSnapshot(ISideSnapshot inner, Action ended) : ISideSnapshot
    {
        public bool ShutsWritersOut => true;

        public SideCatalog Catalog => inner.Catalog;

        public int Readers => inner.Readers;

        public string Isolation => inner.Isolation;

        public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken) => inner.ReadAsync(query, cancellationToken);

        public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken) => inner.ReadByKeyAsync(table, keys, cancellationToken);

        public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken) => inner.CountAsync(table, cancellationToken);

        public Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken) => inner.SplitAsync(table, parts, cancellationToken);

        public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken) => inner.GetPositionAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            ended();
            await inner.DisposeAsync();
        }
    }
}
