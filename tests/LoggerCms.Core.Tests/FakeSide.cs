using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

/// <summary>A side that can only be read.</summary>
internal class FakeSide(string name, FakeSnapshot snapshot) : ISide
{
    public SideConnection Connection { get; } = new(SideProvider.Sqlite, name + ".db", name: name);

    public SideProvider Provider => SideProvider.Sqlite;

    public string DisplayName => name;

    public string Database => name + ".db";

    public string Identity => Database;

    public ISideLog Log => throw new NotSupportedException();

    protected FakeSnapshot Snapshot => snapshot;

    public Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
        => Task.FromResult<ISideSnapshot>(snapshot);

    public Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
        => throw new NotSupportedException();

    public Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long> CountTransfersAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> IsInServiceAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public string GetCreateTable(TableSchema table, SideProvider madeFor) => throw new NotSupportedException();

    public IValueFit? GetValueFit(TableSchema source, TableSchema destination) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
