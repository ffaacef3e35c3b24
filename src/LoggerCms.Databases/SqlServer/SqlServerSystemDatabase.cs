using System.Data;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// A system database on SQL Server 2016 or later, or Babelfish 4. A load has one reader: two sessions cannot share a snapshot. Where the database allows no
/// snapshots, a load shuts writers out, and a flush that waits for it too long is <c>DestinationInUse</c>.
/// </summary>
internal sealed class SqlServerSystemDatabase : ISystemDatabase
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly SqlServerStore _store;
    private Tenure? _tenure;

    /// <param name="connection">Where the database is.</param>
    /// <param name="patience">How long a statement waits for a lock.</param>
    public SqlServerSystemDatabase(SideConnection connection, TimeSpan? patience = null)
        => _store = new SqlServerStore(connection, patience ?? DefaultPatience);

    public string Name => _store.Name;

    public Task PrepareAsync(CancellationToken cancellationToken)
        => WriteAsync(
            async (session, _) =>
            {
                await _store.LockMakingAsync(session, cancellationToken).ConfigureAwait(false);
                await SqlServerSystemTables.MakeAsync(session, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public async Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken)
    {
        var state = await _store.ReadAsync(
            (session, facts) => SqlServerSystemTables.ReadStateAsync(session, facts.Dialect, cancellationToken), cancellationToken).ConfigureAwait(false);
        _tenure = _tenure?.Seen(state);
        return state;
    }

    public async Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
    {
        (var lease, _tenure) = await _store.WriteAsync(
            (session, _) => SqlServerSystemTables.TakeLeaseAsync(session, nodeId, nodeName, takeOver, usedEpoch, cancellationToken), cancellationToken).ConfigureAwait(false);
        return lease;
    }

    public Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken)
        => WriteAsync(
            async (session, _) =>
            {
                await SqlServerSystemTables.CheckAsync(session, cancellationToken).ConfigureAwait(false);
                await SqlServerSystemTables.ReleaseLeaseAsync(session, Tenure.Of(_tenure, epoch), cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken)
        => WriteAsync(
            async (session, _) =>
            {
                await SqlServerSystemTables.HoldEpochAsync(session, Tenure.Of(_tenure, epoch), cancellationToken).ConfigureAwait(false);
                await session.ExecuteAsync(
                    $"""
                    UPDATE {SqlServerSystemTables.System} SET
                        object_id_end = CASE WHEN object_id_end < @ids THEN @ids ELSE object_id_end END,
                        update_key_end = CASE WHEN update_key_end < @keys THEN @keys ELSE update_key_end END
                    """,
                    "reserving ids",
                    cancellationToken,
                    ("@ids", objectIdEnd),
                    ("@keys", updateKeyEnd)).ConfigureAwait(false);
            },
            cancellationToken);

    public Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken)
        => _store.ReadAsync(
            async (session, facts) =>
            {
                await SqlServerSystemTables.CheckAsync(session, cancellationToken).ConfigureAwait(false);
                var hint = facts.AllowsSnapshot ? string.Empty : " WITH (TABLOCK, HOLDLOCK)";
                using var command = session.CreateCommand($"SELECT {SystemTables.ObjectColumns} FROM {SqlServerSystemTables.Object}{hint}");
                return await session.RunAsync(
                    command,
                    () =>
                    {
                        using var reader = command.ExecuteReader(CommandBehavior.SequentialAccess);
                        while (reader.Read())
                        {
                            cancellationToken.ThrowIfCancellationRequested();
                            onObject(SystemTables.Read(reader));
                        }

                        return true;
                    },
                    "loading the objects",
                    cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken)
        => _store.ReadAsync(
            async (session, _) => (await session.QueryAsync(
                // Of another system there is nothing to find, whatever has the same id there.
                $"SELECT {SystemTables.ObjectColumns} FROM {SqlServerSystemTables.Object} WHERE id = @id"
                    + $" AND (@any = 1 OR EXISTS (SELECT 1 FROM {SqlServerSystemTables.System} WHERE [identity] = @identity))",
                SystemTables.Read,
                "reading an object",
                cancellationToken,
                ("@id", id),
                ("@any", _tenure is null ? 1 : 0),
                ("@identity", _tenure?.Identity ?? Guid.Empty)).ConfigureAwait(false)).SingleOrDefault(),
            cancellationToken);

    public async Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, batch.Epoch);
        await WriteAsync(
            (session, facts) => SqlServerSystemFlush.WriteAsync(session, facts.Dialect, tenure, batch, cancellationToken), cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(batch.LastUpdateKey);
    }

    public async Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, content.Epoch);
        await WriteAsync(
            (session, facts) => SqlServerSystemFlush.ReplaceAsync(session, facts.Dialect, tenure, content, cancellationToken), cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(content.LastUpdateKey) with { Identity = content.Identity };
    }

    public Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken)
        => _store.ReadAsync(
            (session, _) => session.QueryAsync(
                $"SELECT id, expires_us, content FROM [dbo].[{SystemTables.Of(localClass)}]",
                r =>
                {
                    onEntry(new LocalEntry(new LocalKey(localClass, r.GetGuid(0)), r.GetInt64(1), r.GetFieldValue<byte[]>(2)));
                    return true;
                },
                "reading side-local entries",
                cancellationToken),
            cancellationToken);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private Task WriteAsync(Func<SqlServerSession, SqlServerFacts, Task> work, CancellationToken cancellationToken)
        => _store.WriteAsync(
            async (session, facts) =>
            {
                await work(session, facts).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
}
