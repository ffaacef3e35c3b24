using System.Data;
using System.Globalization;
using System.Text;
using LoggerCms.Core.Auditing;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// An audit database on SQL Server 2016 or later, or Babelfish 4. Ids are 16 bytes with the big end first, because the server orders its own kind of GUID in
/// another way than the other makes.
/// </summary>
internal sealed class SqlServerAuditDatabase : IAuditDatabase
{
    private const string Event = "[dbo].[audit_event]";
    private const string Audit = "[dbo].[loggercms_audit]";
    private const string Preparing = "making the audit table";
    private const string Storing = "storing audit events";
    private const string Reading = "reading audit events";

    /// <summary>13 parameters an event, below the server's limit of 2,100.</summary>
    private const int EventsAtOnce = 150;

    private const string Text = "nvarchar(max) COLLATE " + SqlServerDialect.BinaryCollation + " NOT NULL";

    private const string Create =
        $"""
        CREATE TABLE {Event} (id binary(16) NOT NULL PRIMARY KEY NONCLUSTERED, time_us bigint NOT NULL, source {Text}, principal_id bigint NOT NULL,
            principal_name {Text}, action {Text}, object_id bigint NOT NULL, object_name {Text}, object_kind {Text}, path {Text}, result smallint NOT NULL,
            detail {Text}, client_address {Text});
        CREATE CLUSTERED INDEX audit_event_time ON {Event} (time_us, id);
        CREATE INDEX audit_event_object ON {Event} (object_id, time_us);
        CREATE TABLE {Audit} (one int NOT NULL PRIMARY KEY CHECK (one = 1), format int NOT NULL);
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly AuditDialect Dialect = new(
        "@p", Event, (column, text) => $"LOWER({column}) = LOWER({text})", (column, pattern) => $"LOWER({column}) LIKE LOWER({pattern})", id => id.ToByteArray(bigEndian: true), IsTransactSql: true);

    private readonly SqlServerStore _store;

    public SqlServerAuditDatabase(SideConnection connection) => _store = new SqlServerStore(connection, Patience);

    public string Name => _store.Name;

    public Task PrepareAsync(CancellationToken cancellationToken)
        => _store.WriteAsync(
            async (session, _) =>
            {
                await _store.LockMakingAsync(session, cancellationToken).ConfigureAwait(false);
                if (await IsReadyAsync(session, cancellationToken).ConfigureAwait(false))
                    return 0;
                await session.ExecuteAsync(Create, Preparing, cancellationToken).ConfigureAwait(false);
                return await session.ExecuteAsync(
                    $"INSERT INTO {Audit} (one, format) VALUES (1, @format)", Preparing, cancellationToken, ("@format", AuditSql.Format)).ConfigureAwait(false);
            },
            cancellationToken);

    /// <summary>
    /// An event that two processes send at the same moment is <c>ConstraintViolated</c> for one of them, which finds it stored when it sends again.
    /// </summary>
    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
        => _store.WriteAsync(
            async (session, _) =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                foreach (var part in events.DistinctBy(e => e.Id).Chunk(EventsAtOnce))
                {
                    using var command = session.CreateCommand(string.Empty);
                    var rows = string.Join(", ", part.Select(e => Row(command, e)));
                    command.CommandText =
                        $"""
                        INSERT INTO {Event} ({AuditSql.Columns}) SELECT {AuditSql.Columns} FROM (VALUES {rows}) v({AuditSql.Columns})
                        WHERE NOT EXISTS (SELECT 1 FROM {Event} e WHERE e.id = v.id)
                        """;
                    await session.RunAsync(command, command.ExecuteNonQuery, Storing, cancellationToken).ConfigureAwait(false);
                }

                return true;
            },
            cancellationToken);

    public Task LookAsync(CancellationToken cancellationToken)
        => _store.WriteAsync(
            async (session, _) =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public async Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken)
    {
        var sql = AuditSql.Select(filter, Dialect, out var values);
        var parameters = values.Select((value, i) => (string.Create(CultureInfo.InvariantCulture, $"{Dialect.Mark}{i + 1}"), value)).ToArray();
        return await _store.ReadAsync(
            async (session, _) =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return await session.QueryAsync(sql, Read, Reading, cancellationToken, parameters).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken)
        => _store.WriteAsync(
            async (session, _) =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return await session.ExecuteAsync(
                    $"DELETE FROM {Event} WHERE time_us < @before", "purging audit events", cancellationToken, ("@before", beforeUs)).ConfigureAwait(false);
            },
            cancellationToken);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    /// <summary>Adds an event's values, in the order of <see cref="AuditSql.Columns"/>, and returns the row that names them.</summary>
    private static string Row(SqlCommand command, AuditEvent e)
    {
        var row = new StringBuilder("(");
        command.Parameters.Add(Next(), SqlDbType.Binary, 16).Value = e.Id.ToByteArray(bigEndian: true);
        Number(e.TimeUs);
        Words(e.Source);
        Number(e.PrincipalId);
        Words(e.PrincipalName);
        Words(e.Action);
        Number(e.ObjectId);
        Words(e.ObjectName);
        Words(e.ObjectKind);
        Words(e.Path);
        command.Parameters.Add(Next(), SqlDbType.SmallInt).Value = (short)e.Result;
        Words(e.Detail);
        Words(e.ClientAddress);
        return row.Append(')').ToString();

        void Number(long value) => command.Parameters.Add(Next(), SqlDbType.BigInt).Value = value;

        void Words(string value) => command.Parameters.Add(Next(), SqlDbType.NVarChar, -1).Value = value;

        string Next()
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
            row.Append(row.Length == 1 ? string.Empty : ", ").Append(name);
            return name;
        }
    }

    private static AuditEvent Read(SqlDataReader r) => AuditSql.Read(new Guid(r.GetFieldValue<byte[]>(0), bigEndian: true), r);

    private static async Task CheckAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        if (!await IsReadyAsync(session, cancellationToken).ConfigureAwait(false))
            throw AuditSql.NotPrepared(session.Side);
    }

    private static async Task<bool> IsReadyAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync("SELECT OBJECT_ID(N'dbo.loggercms_audit', N'U')", Reading, cancellationToken).ConfigureAwait(false) is null)
            return false;
        var format = await session.ScalarAsync($"SELECT format FROM {Audit}", Reading, cancellationToken).ConfigureAwait(false) as int? ?? 0;
        return format == AuditSql.Format ? true : throw AuditSql.UnknownFormat(session.Side, format);
    }
}
