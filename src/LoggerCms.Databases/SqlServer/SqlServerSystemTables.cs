using System.Globalization;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The tables of a system database: how they are made, and what stands in their single rows.</summary>
internal static class SqlServerSystemTables
{
    public const string Object = $"[dbo].[{SystemTables.Object}]";
    public const string System = $"[dbo].[{SystemTables.System}]";
    public const string Lease = $"[dbo].[{SystemTables.Lease}]";
    public const string Epoch = $"[dbo].[{SystemTables.Epoch}]";
    public const string Stage = $"[dbo].[{SystemTables.Stage}]";

    private const string Reading = "reading the system tables";
    private const string Leasing = "taking the lease";

    /// <summary>Text by its code points, whatever the database's collation; blanks at the end do not tell two texts apart, and no CUID has one.</summary>
    private const string Exact = "COLLATE " + SqlServerDialect.BinaryCollation;

    /// <summary>
    /// A batch's rows are staged in an ordinary table, because Babelfish takes no bulk copy into a temporary one. Its columns may be null where only ids
    /// are staged.
    /// </summary>
    private const string Create =
        $"""
        IF OBJECT_ID(N'dbo.{SystemTables.Object}', N'U') IS NULL
            CREATE TABLE {Object} (id bigint NOT NULL PRIMARY KEY, cuid nvarchar(200) {Exact} NOT NULL UNIQUE, kind nvarchar(200) {Exact} NOT NULL,
                parent_id bigint NOT NULL, name nvarchar(1000) {Exact} NOT NULL, owner_id bigint NOT NULL, version int NOT NULL, update_key bigint NOT NULL,
                created_us bigint NOT NULL, modified_us bigint NOT NULL, access_list varbinary(max) NOT NULL, properties varbinary(max) NOT NULL);
        IF OBJECT_ID(N'dbo.{SystemTables.Stage}', N'U') IS NULL
            CREATE TABLE {Stage} (id bigint NOT NULL PRIMARY KEY, cuid nvarchar(200) {Exact} NULL, kind nvarchar(200) {Exact} NULL,
                parent_id bigint NULL, name nvarchar(1000) {Exact} NULL, owner_id bigint NULL, version int NULL, update_key bigint NULL,
                created_us bigint NULL, modified_us bigint NULL, access_list varbinary(max) NULL, properties varbinary(max) NULL);
        IF OBJECT_ID(N'dbo.{SystemTables.Lease}', N'U') IS NULL
            CREATE TABLE {Lease} (one int NOT NULL PRIMARY KEY CHECK (one = 1), epoch bigint NOT NULL, holder nvarchar(400) NOT NULL,
                expires_us bigint NOT NULL, node_id uniqueidentifier NOT NULL);
        IF OBJECT_ID(N'dbo.{SystemTables.Epoch}', N'U') IS NULL
            CREATE TABLE {Epoch} (epoch bigint NOT NULL PRIMARY KEY, node_id uniqueidentifier NOT NULL, holder nvarchar(400) NOT NULL, last_key bigint NOT NULL);
        IF OBJECT_ID(N'dbo.{SystemTables.Token}', N'U') IS NULL
            CREATE TABLE [dbo].[{SystemTables.Token}] (id uniqueidentifier NOT NULL PRIMARY KEY, expires_us bigint NOT NULL, content varbinary(max) NOT NULL);
        IF OBJECT_ID(N'dbo.{SystemTables.Request}', N'U') IS NULL
            CREATE TABLE [dbo].[{SystemTables.Request}] (id uniqueidentifier NOT NULL PRIMARY KEY, expires_us bigint NOT NULL, content varbinary(max) NOT NULL);
        CREATE TABLE {System} (one int NOT NULL PRIMARY KEY CHECK (one = 1), format int NOT NULL, [identity] uniqueidentifier NOT NULL,
            object_id_end bigint NOT NULL, update_key_end bigint NOT NULL, last_update_key bigint NOT NULL);
        """;

    private const string Fill =
        $"""
        INSERT INTO {Lease} (one, epoch, holder, expires_us, node_id) SELECT 1, 0, N'', 0, @nobody WHERE NOT EXISTS (SELECT 1 FROM {Lease});
        INSERT INTO {System} (one, format, [identity], object_id_end, update_key_end, last_update_key) VALUES (1, @format, @identity, 0, 0, 0);
        """;

    /// <summary>Makes the tables where they are missing; the caller holds the lock for that.</summary>
    public static async Task MakeAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        const string What = "making the system tables";
        if (await FormatAsync(session, cancellationToken).ConfigureAwait(false) is { } format)
        {
            CheckFormat(format, session.Side);
            return;
        }

        await session.ExecuteAsync(Create, What, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            Fill, What, cancellationToken, ("@nobody", Guid.Empty), ("@format", SystemTables.Format), ("@identity", Guid.NewGuid())).ConfigureAwait(false);
    }

    /// <summary>Refuses another format, and tables that are not there.</summary>
    public static async Task CheckAsync(SqlServerSession session, CancellationToken cancellationToken)
        => CheckFormat(await FormatAsync(session, cancellationToken).ConfigureAwait(false) ?? throw SystemTables.NotPrepared(session.Side), session.Side);

    public static async Task<SystemDatabaseState> ReadStateAsync(SqlServerSession session, SqlServerDialect dialect, CancellationToken cancellationToken)
    {
        await CheckAsync(session, cancellationToken).ConfigureAwait(false);
        var epochs = await session.QueryAsync(
            $"SELECT epoch, node_id, last_key FROM {Epoch} ORDER BY epoch",
            r => new EpochEnd(r.GetInt64(0), r.GetGuid(1), r.GetInt64(2)), Reading, cancellationToken).ConfigureAwait(false);
        var lease = await ReadLeaseAsync(session, cancellationToken).ConfigureAwait(false);
        var (objects, highest) = (await session.QueryAsync(
            $"SELECT COUNT_BIG(*), ISNULL(MAX(id), 0) FROM {Object}", r => (r.GetInt64(0), r.GetInt64(1)), Reading, cancellationToken).ConfigureAwait(false))[0];
        var bytes = await session.ScalarAsync(Bytes(dialect), Reading, cancellationToken).ConfigureAwait(false) as long? ?? 0;
        var rows = await session.QueryAsync(
            $"SELECT [identity], object_id_end, update_key_end, last_update_key FROM {System}",
            r => new SystemDatabaseState(
                r.GetGuid(0),
                lease,

                // A state transfer brings objects that no block here was reserved for.
                Math.Max(r.GetInt64(1), highest),
                r.GetInt64(2),
                r.GetInt64(3),
                objects,
                bytes,
                epochs),
            Reading,
            cancellationToken).ConfigureAwait(false);
        return rows.Count == 1 ? rows[0] : throw SystemTables.NotPrepared(session.Side);
    }

    /// <summary>Takes the lease by one UPDATE, which looks at the holder and takes his place in one.</summary>
    public static async Task<(Lease Lease, Tenure Tenure)> TakeLeaseAsync(
        SqlServerSession session, Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
    {
        await CheckAsync(session, cancellationToken).ConfigureAwait(false);
        var taken = await session.ExecuteAsync(
            $"""
            UPDATE {Lease} SET epoch = CASE WHEN epoch < @used THEN @used ELSE epoch END + 1, node_id = @node, holder = @holder, expires_us = @never
            WHERE epoch = 0 OR expires_us <= {SqlServerNames.NowMicroseconds} OR node_id = @node OR @takeover = 1
            """,
            Leasing,
            cancellationToken,
            ("@node", nodeId),
            ("@holder", nodeName),
            ("@never", SystemTables.Never),
            ("@takeover", takeOver ? 1 : 0),
            ("@used", usedEpoch)).ConfigureAwait(false);
        var lease = await ReadLeaseAsync(session, cancellationToken).ConfigureAwait(false) ?? throw SystemTables.NotPrepared(session.Side);
        if (taken != 1)
            throw SystemTables.InService(session.Side, lease);
        await session.ExecuteAsync(
            $"INSERT INTO {Epoch} (epoch, node_id, holder, last_key) SELECT @epoch, @node, @holder, update_key_end FROM {System}",
            Leasing,
            cancellationToken,
            ("@epoch", lease.Epoch),
            ("@node", nodeId),
            ("@holder", nodeName)).ConfigureAwait(false);
        var (identity, lastKey) = (await session.QueryAsync(
            $"SELECT [identity], update_key_end FROM {System}", r => (r.GetGuid(0), r.GetInt64(1)), Leasing, cancellationToken).ConfigureAwait(false))[0];
        return (lease, new Tenure(lease.Epoch, nodeId, identity, lastKey));
    }

    public static Task ReleaseLeaseAsync(SqlServerSession session, Tenure tenure, CancellationToken cancellationToken)
        => SetLeaseAsync(session, "expires_us = 0", "giving the lease back", tenure, cancellationToken);

    /// <summary>The first statement of every write: a node whose epoch was taken over, or that has come upon another system or an earlier state, goes no further.</summary>
    public static async Task HoldEpochAsync(SqlServerSession session, Tenure tenure, CancellationToken cancellationToken)
    {
        if (await SetLeaseAsync(session, "epoch = epoch", "holding the lease", tenure, cancellationToken).ConfigureAwait(false) != 1)
            throw SystemTables.EpochLost(session.Side, tenure.Epoch);
        await CheckAsync(session, cancellationToken).ConfigureAwait(false);
        var lastKey = await session.ScalarAsync(
            $"SELECT last_key FROM {Epoch} WHERE epoch = @epoch", "holding the lease", cancellationToken, ("@epoch", tenure.Epoch)).ConfigureAwait(false);
        tenure.Check(session.Side, lastKey as long? ?? 0);
    }

    private static Task<long> SetLeaseAsync(SqlServerSession session, string set, string what, Tenure tenure, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            $"UPDATE {Lease} SET {set} WHERE epoch = @epoch AND node_id = @node AND EXISTS (SELECT 1 FROM {System} WHERE [identity] = @identity)",
            what,
            cancellationToken,
            ("@epoch", tenure.Epoch),
            ("@node", tenure.NodeId),
            ("@identity", tenure.Identity));

    private static async Task<int?> FormatAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync($"SELECT OBJECT_ID(N'dbo.{SystemTables.System}', N'U')", Reading, cancellationToken).ConfigureAwait(false) is null)
            return null;
        return (int?)await session.ScalarAsync($"SELECT format FROM {System}", Reading, cancellationToken).ConfigureAwait(false);
    }

    private static void CheckFormat(int format, string side)
    {
        if (format != SystemTables.Format)
            throw SystemTables.UnknownFormat(side, format.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<Lease?> ReadLeaseAsync(SqlServerSession session, CancellationToken cancellationToken)
        => (await session.QueryAsync(
            $"SELECT epoch, node_id, holder, CASE WHEN expires_us > {SqlServerNames.NowMicroseconds} THEN 1 ELSE 0 END FROM {Lease} WHERE epoch > 0",
            r => new Lease(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetInt32(3) == 1),
            Reading,
            cancellationToken).ConfigureAwait(false)).SingleOrDefault();

    /// <summary>SQL Server counts pages; on Babelfish, whose catalog of pages is empty, the values are added up.</summary>
    private static string Bytes(SqlServerDialect dialect) => dialect.IsBabelfish
        ? $"SELECT SUM(CAST(DATALENGTH(properties) + DATALENGTH(access_list) + 200 AS bigint)) FROM {Object}"
        : "SELECT SUM(a.total_pages) * 8192 FROM sys.partitions p JOIN sys.allocation_units a ON a.container_id = p.partition_id "
            + $"WHERE p.object_id = OBJECT_ID(N'dbo.{SystemTables.Object}')";
}
