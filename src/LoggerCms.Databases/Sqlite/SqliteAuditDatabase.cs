using LoggerCms.Core.Auditing;
using LoggerCms.Core.Files;

namespace LoggerCms.Databases.Sqlite;

/// <summary>An audit database in one SQLite file, with the same journal and syncs as <see cref="SqliteSystemDatabase"/>.</summary>
internal sealed class SqliteAuditDatabase : IAuditDatabase
{
    private const string Create =
        """
        CREATE TABLE main.audit_event (
          id BLOB NOT NULL UNIQUE, time_us INTEGER NOT NULL, source TEXT NOT NULL, principal_id INTEGER NOT NULL, principal_name TEXT NOT NULL,
          action TEXT NOT NULL, object_id INTEGER NOT NULL, object_name TEXT NOT NULL, object_kind TEXT NOT NULL, path TEXT NOT NULL,
          result INTEGER NOT NULL, detail TEXT NOT NULL, client_address TEXT NOT NULL);
        CREATE INDEX main.audit_event_time ON audit_event (time_us, id);
        CREATE INDEX main.audit_event_object ON audit_event (object_id, time_us);
        CREATE TABLE main.loggercms_audit (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL);
        INSERT INTO main.loggercms_audit VALUES (1, 1);
        """;

    private static readonly AuditDialect Dialect = new("?", "main.audit_event", (column, pattern) => $"{column} LIKE {pattern}", id => id.ToByteArray(bigEndian: true));

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SideConnection _connection;
    private readonly SqliteConnectionKeeper _writer;
    private readonly SqliteConnectionKeeper _reader;

    public SqliteAuditDatabase(SideConnection connection)
    {
        _connection = connection;
        _writer = new SqliteConnectionKeeper(connection, Name, write: true);
        _reader = new SqliteConnectionKeeper(connection, Name, write: false);
    }

    public string Name => _connection.Name ?? _connection.DataSource;

    public Task PrepareAsync(CancellationToken cancellationToken)
        => Task.Run(
            () =>
            {
                SqliteNewFile.MakeWhereMissing(_connection, SystemFiles.Instance);
                if (_reader.Use(db => SqliteViews.Read(db, IsReady, cancellationToken), cancellationToken))
                    return;
                _writer.UseTransaction(
                    db =>
                    {
                        if (!IsReady(db))
                            db.Execute(Create);
                        return true;
                    },
                    Patience,
                    cancellationToken);
            },
            cancellationToken);

    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
        => Task.Run(
            () => _writer.UseTransaction(
                db =>
                {
                    Check(db);
                    using var insert = db.Prepare(
                        $"INSERT INTO main.audit_event ({AuditSql.Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (id) DO NOTHING");
                    foreach (var e in events)
                    {
                        insert.Bind(1, e.Id.ToByteArray(bigEndian: true)).Bind(2, e.TimeUs).Bind(3, e.Source).Bind(4, e.PrincipalId).Bind(5, e.PrincipalName)
                            .Bind(6, e.Action).Bind(7, e.ObjectId).Bind(8, e.ObjectName).Bind(9, e.ObjectKind).Bind(10, e.Path).Bind(11, (long)e.Result)
                            .Bind(12, e.Detail).Bind(13, e.ClientAddress).Run();
                    }

                    return true;
                },
                Patience,
                cancellationToken),
            cancellationToken);

    public Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken)
    {
        var sql = AuditSql.Select(filter, Dialect, out var parameters);
        return Task.Run<IReadOnlyList<AuditEvent>>(
            () => _reader.Use(
                kept => SqliteViews.Read(
                    kept,
                    db =>
                    {
                        Check(db);
                        return Read(db, sql, parameters);
                    },
                    cancellationToken),
                cancellationToken),
            cancellationToken);
    }

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken)
        => Task.Run(
            () => _writer.UseTransaction(
                db =>
                {
                    Check(db);
                    using var delete = db.Prepare("DELETE FROM main.audit_event WHERE time_us < ?1");
                    delete.Bind(1, beforeUs).Run();
                    return db.Changes;
                },
                Patience,
                cancellationToken),
            cancellationToken);

    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }

    private static List<AuditEvent> Read(SqliteDb db, string sql, List<object> parameters)
    {
        var events = new List<AuditEvent>();
        using var select = db.Prepare(sql);
        for (var i = 0; i < parameters.Count; i++)
        {
            _ = parameters[i] switch
            {
                long number => select.Bind(i + 1, number),
                byte[] bytes => select.Bind(i + 1, bytes),
                var text => select.Bind(i + 1, (string)text),
            };
        }

        while (select.Step())
        {
            events.Add(new AuditEvent
            {
                Id = new Guid(select.Blob(0), bigEndian: true),
                TimeUs = select.Int64(1),
                Source = select.Text(2),
                PrincipalId = select.Int64(3),
                PrincipalName = select.Text(4),
                Action = select.Text(5),
                ObjectId = select.Int64(6),
                ObjectName = select.Text(7),
                ObjectKind = select.Text(8),
                Path = select.Text(9),
                Result = (AuditResult)select.Int64(10),
                Detail = select.Text(11),
                ClientAddress = select.Text(12),
            });
        }

        return events;
    }

    private static void Check(SqliteDb db)
    {
        if (!IsReady(db))
            throw AuditSql.NotPrepared(db.Side);
    }

    private static bool IsReady(SqliteDb db)
    {
        if (db.ScalarInt64("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'loggercms_audit'") == 0)
            return false;
        var format = db.ScalarInt64("SELECT format FROM main.loggercms_audit");
        return format == AuditSql.Format ? true : throw AuditSql.UnknownFormat(db.Side, format);
    }
}
