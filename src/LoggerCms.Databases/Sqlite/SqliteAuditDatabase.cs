using LoggerCms.Core.Auditing;
using LoggerCms.Core.Files;

namespace LoggerCms.Databases.Sqlite;

/// <summary>An audit database in one SQLite file, with the same journal and syncs as <see cref="SqliteSystemDatabase"/>.</summary>
internal sealed class SqliteAuditDatabase : IAuditDatabase
{
    private const int Format = 2;
    private const int FormatWithoutParts = 1;

    /// <summary>
    /// The index by object goes by parts of 65,536 events, so that a batch writes to its newest pages and not to pages all over the file. A look for an
    /// object asks each part.
    /// </summary>
    private const string Create =
        """
        CREATE TABLE main.audit_event (
          n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, time_us INTEGER NOT NULL, source TEXT NOT NULL, principal_id INTEGER NOT NULL,
          principal_name TEXT NOT NULL, action TEXT NOT NULL, object_id INTEGER NOT NULL, object_name TEXT NOT NULL, object_kind TEXT NOT NULL,
          path TEXT NOT NULL, result INTEGER NOT NULL, detail TEXT NOT NULL, client_address TEXT NOT NULL);
        CREATE INDEX main.audit_event_time ON audit_event (time_us, id);
        CREATE INDEX main.audit_event_object ON audit_event (n >> 16, object_id, time_us);
        CREATE TABLE IF NOT EXISTS main.loggercms_audit (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL);
        INSERT OR REPLACE INTO main.loggercms_audit VALUES (1, 2);
        """;

    private const string Convert =
        $"""
        DROP INDEX main.audit_event_time;
        DROP INDEX main.audit_event_object;
        ALTER TABLE main.audit_event RENAME TO audit_event_before;
        {Create}
        INSERT INTO main.audit_event ({AuditSql.Columns}) SELECT {AuditSql.Columns} FROM main.audit_event_before ORDER BY time_us, id;
        DROP TABLE main.audit_event_before;
        """;

    private const string OfObject =
        """
        (WITH RECURSIVE part (part_no) AS (
          SELECT min(n) >> 16 FROM main.audit_event
          UNION ALL SELECT part_no + 1 FROM part WHERE part_no < (SELECT max(n) >> 16 FROM main.audit_event)) SELECT part_no FROM part)
        CROSS JOIN main.audit_event ON n >> 16 = part_no
        """;

    private static readonly AuditDialect Dialect = new(
        "?", "main.audit_event", (column, text) => $"{column} = {text} COLLATE NOCASE", (column, pattern) => $"{column} LIKE {pattern}", id => id.ToByteArray(bigEndian: true), TableForObject: OfObject);

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
                if (_reader.Use(db => SqliteViews.Read(db, FormatOf, cancellationToken), cancellationToken) == Format)
                    return;
                _writer.UseTransaction(
                    db =>
                    {
                        var format = FormatOf(db);
                        if (format != Format)
                            db.Execute(format == FormatWithoutParts ? Convert : Create);
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
                    AuditEvent? before = null;
                    foreach (var e in events)
                    {
                        Bind(insert, e, before);
                        insert.Run();
                        before = e;
                    }

                    return true;
                },
                Patience,
                cancellationToken),
            cancellationToken);

    public Task LookAsync(CancellationToken cancellationToken)
        => Task.Run(
            () => _writer.Use(
                kept => SqliteViews.Read(
                    kept,
                    db =>
                    {
                        Check(db);
                        return true;
                    },
                    cancellationToken),
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

    // What was bound stays bound, and texts that the event before has too are the same instance (AuditCodec.Decode).
    private static void Bind(SqliteStatement insert, AuditEvent e, AuditEvent? before)
    {
        Span<byte> id = stackalloc byte[16];
        e.Id.TryWriteBytes(id, bigEndian: true, out _);
        insert.Bind(1, id).Bind(2, e.TimeUs).Bind(4, e.PrincipalId).Bind(7, e.ObjectId).Bind(11, (long)e.Result);
        BindText(3, e.Source, before?.Source);
        BindText(5, e.PrincipalName, before?.PrincipalName);
        BindText(6, e.Action, before?.Action);
        BindText(8, e.ObjectName, before?.ObjectName);
        BindText(9, e.ObjectKind, before?.ObjectKind);
        BindText(10, e.Path, before?.Path);
        BindText(12, e.Detail, before?.Detail);
        BindText(13, e.ClientAddress, before?.ClientAddress);

        void BindText(int index, string text, string? bound)
        {
            if (!ReferenceEquals(text, bound))
                insert.Bind(index, text);
        }
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
        switch (FormatOf(db))
        {
            case 0:
                throw AuditSql.NotPrepared(db.Side);
            case FormatWithoutParts:
                throw new LoggerCmsException(
                    ErrorCodes.NodeNotReady, $"The audit table of '{db.Side}' has an earlier form; the node gives it the present one.", "Try again in a moment.", db.Side);
        }
    }

    /// <returns>0 where there is no table.</returns>
    private static long FormatOf(SqliteDb db)
    {
        if (db.ScalarInt64("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'loggercms_audit'") == 0)
            return 0;
        var format = db.ScalarInt64("SELECT format FROM main.loggercms_audit");
        return format is Format or FormatWithoutParts ? format : throw AuditSql.UnknownFormat(db.Side, format, Format);
    }
}
