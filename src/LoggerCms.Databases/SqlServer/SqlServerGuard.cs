using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// What stands around a transfer's writes, all of it in the transfer's own transaction, so that a rollback brings everything back:
/// writers shut out, triggers off, foreign keys and their actions off; and all of it on again before the commit.
/// </summary>
/// <remarks>
/// SQL Server: an exclusive table lock held to the end. Babelfish takes no notice of lock hints; there a trigger of our own is made on the table,
/// for which PostgreSQL takes a lock that keeps every writer out and lets readers in, and foreign keys are dropped and added again, because it cannot
/// switch them off.
/// </remarks>
internal sealed class SqlServerGuard(SqlServerSession session, SqlServerDialect dialect)
{
    private const string TriggerQuery = """
        SELECT CAST(t.name AS nvarchar(128)), t.parent_id FROM sys.triggers t WHERE t.parent_id <> 0 AND t.is_disabled = 0 AND t.is_ms_shipped = 0
        """;

    private const string ForeignKeyQuery = """
        SELECT CAST(fk.name AS nvarchar(128)), CAST(s.name AS nvarchar(128)), CAST(p.name AS nvarchar(128)), fk.parent_object_id, fk.referenced_object_id, fk.is_not_trusted,
            fk.delete_referential_action_desc, fk.update_referential_action_desc, CAST(pc.name AS nvarchar(128)), CAST(rs.name AS nvarchar(128)),
            CAST(r.name AS nvarchar(128)), CAST(rc.name AS nvarchar(128))
        FROM sys.foreign_keys fk
        JOIN sys.tables p ON p.object_id = fk.parent_object_id
        JOIN sys.schemas s ON s.schema_id = p.schema_id
        JOIN sys.tables r ON r.object_id = fk.referenced_object_id
        JOIN sys.schemas rs ON rs.schema_id = r.schema_id
        JOIN sys.foreign_key_columns fkc ON fkc.constraint_object_id = fk.object_id
        JOIN sys.columns pc ON pc.object_id = fkc.parent_object_id AND pc.column_id = fkc.parent_column_id
        JOIN sys.columns rc ON rc.object_id = fkc.referenced_object_id AND rc.column_id = fkc.referenced_column_id
        WHERE fk.is_disabled = 0
        ORDER BY fk.parent_object_id, fk.name, fkc.constraint_column_id
        """;

    private readonly List<(string Table, string Trigger)> _triggers = [];
    private readonly List<(string Table, string Trigger)> _locks = [];
    private readonly List<ForeignKey> _foreignKeys = [];

    /// <summary>Shuts writers out of the tables: the transaction's first act.</summary>
    public async Task LockAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        // Everyone locks in the same order, so that two transfers do not wait for each other.
        foreach (var table in tables.OrderBy(t => t.Name))
        {
            var name = SqlServerCatalog.Quote(table.Name);
            var what = $"shutting writers out of '{table.Name}'";
            if (!dialect.IsBabelfish)
            {
                // TOP (0) would never open the table, and so lock nothing.
                await session.ScalarAsync($"SELECT TOP (1) 1 FROM {name} WITH (TABLOCKX, HOLDLOCK)", what, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var trigger = $"{SqlServerNames.Prefix}lock_{_locks.Count}";
            await session.ExecuteAsync($"CREATE TRIGGER {trigger} ON {name} AFTER INSERT AS RETURN", what, cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync($"ALTER TABLE {name} DISABLE TRIGGER {trigger}", what, cancellationToken).ConfigureAwait(false);
            _locks.Add((name, trigger));
        }
    }

    /// <summary>Switches triggers and foreign keys off.</summary>
    public async Task OpenAsync(SqlServerCatalog catalog, IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var bound = tables.Select(t => catalog.Bind(t, session.Side)).ToDictionary(t => t.ObjectId);
        var triggers = await session.QueryAsync(TriggerQuery, r => (r.GetString(0), r.GetInt32(1)), "reading the triggers", cancellationToken)
            .ConfigureAwait(false);
        foreach (var (trigger, parent) in triggers)
        {
            if (!bound.TryGetValue(parent, out var table) || _locks.Any(l => l.Trigger == trigger))
                continue;
            await session.ExecuteAsync(
                $"ALTER TABLE {table.QuotedName} DISABLE TRIGGER {SqlServerDialect.Quote(trigger)}", $"switching trigger '{trigger}' off", cancellationToken)
                .ConfigureAwait(false);
            _triggers.Add((table.QuotedName, trigger));
        }

        var columns = await session.QueryAsync(
            ForeignKeyQuery,
            r => new ForeignKey(
                r.GetString(0),
                $"{SqlServerDialect.Quote(r.GetString(1))}.{SqlServerDialect.Quote(r.GetString(2))}",
                r.GetInt32(3),
                r.GetInt32(4),
                !r.GetBoolean(5),
                r.GetString(6).Replace('_', ' '),
                r.GetString(7).Replace('_', ' '),
                [r.GetString(8)],
                $"{SqlServerDialect.Quote(r.GetString(9))}.{SqlServerDialect.Quote(r.GetString(10))}",
                [r.GetString(11)]),
            "reading the foreign keys",
            cancellationToken).ConfigureAwait(false);
        foreach (var group in columns.GroupBy(f => (f.ParentId, f.Name)))
        {
            var key = group.First() with
            {
                Columns = [.. group.SelectMany(f => f.Columns)],
                ReferencedColumns = [.. group.SelectMany(f => f.ReferencedColumns)],
            };
            if (!bound.ContainsKey(key.ParentId) && !bound.ContainsKey(key.ReferencedId))
                continue;
            await session.ExecuteAsync(
                $"ALTER TABLE {key.Parent} {(dialect.IsBabelfish ? "DROP" : "NOCHECK")} CONSTRAINT {SqlServerDialect.Quote(key.Name)}",
                $"switching foreign key '{key.Name}' off",
                cancellationToken).ConfigureAwait(false);
            _foreignKeys.Add(key);
        }
    }

    /// <summary>Switches everything on again; a foreign key that the server trusted is checked and trusted again.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _foreignKeys)
        {
            var name = SqlServerDialect.Quote(key.Name);
            var statement = dialect.IsBabelfish
                ? $"ALTER TABLE {key.Parent} ADD CONSTRAINT {name} FOREIGN KEY ({List(key.Columns)}) REFERENCES {key.Referenced} ({List(key.ReferencedColumns)})"
                    + $" ON DELETE {key.OnDelete} ON UPDATE {key.OnUpdate}"
                : $"ALTER TABLE {key.Parent} WITH {(key.IsTrusted ? "CHECK" : "NOCHECK")} CHECK CONSTRAINT {name}";
            try
            {
                await session.ExecuteAsync(statement, $"switching foreign key '{key.Name}' on", cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException error) when (error.Code == ErrorCodes.ConstraintViolated)
            {
                throw new LoggerCmsException(
                    ErrorCodes.ForeignKeyViolated, error.Message, "Transfer the referenced tables too, or all tables.", session.Side, innerException: error);
            }
        }

        foreach (var (table, trigger) in _triggers)
        {
            await session.ExecuteAsync(
                $"ALTER TABLE {table} ENABLE TRIGGER {SqlServerDialect.Quote(trigger)}", $"switching trigger '{trigger}' on", cancellationToken)
                .ConfigureAwait(false);
        }

        foreach (var (table, trigger) in _locks)
            await session.ExecuteAsync($"DROP TRIGGER {SchemaOf(table)}.{trigger}", "giving the table free", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The foreign keys that were on, enforced and trusted before, and no longer hold.</summary>
    public async Task<IReadOnlyList<BrokenForeignKey>> FindViolationsAsync(CancellationToken cancellationToken)
    {
        var violations = new List<BrokenForeignKey>();
        foreach (var key in _foreignKeys.Where(k => k.IsTrusted))
        {
            var notNull = string.Join(" AND ", key.Columns.Select(c => $"c.{SqlServerDialect.Quote(c)} IS NOT NULL"));
            var equal = string.Join(
                " AND ", key.Columns.Zip(key.ReferencedColumns, (c, r) => $"p.{SqlServerDialect.Quote(r)} = c.{SqlServerDialect.Quote(c)}"));
            var rows = (long)(await session.ScalarAsync(
                $"SELECT COUNT_BIG(*) FROM {key.Parent} c WHERE {notNull} AND NOT EXISTS (SELECT 1 FROM {key.Referenced} p WHERE {equal})",
                $"checking foreign key '{key.Name}'",
                cancellationToken).ConfigureAwait(false))!;
            if (rows > 0)
                violations.Add(new BrokenForeignKey($"{key.Parent} {key.Name}", rows, $"{key.Name}: {rows} row(s) of {key.Parent} refer to rows that are not in {key.Referenced}"));
        }

        return violations;
    }

    private static string List(IEnumerable<string> columns) => string.Join(", ", columns.Select(SqlServerDialect.Quote));

    private static string SchemaOf(string quotedName) => quotedName[..(quotedName.IndexOf("].[", StringComparison.Ordinal) + 1)];

    private sealed record ForeignKey(
        string Name,
        string Parent,
        int ParentId,
        int ReferencedId,
        bool IsTrusted,
        string OnDelete,
        string OnUpdate,
        IReadOnlyList<string> Columns,
        string Referenced,
        IReadOnlyList<string> ReferencedColumns);
}
