using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The tables of a database, read from the system views.</summary>
internal sealed class SqlServerCatalog
{
    /// <summary>The schema that <see cref="TableName"/> leaves out.</summary>
    public const string DefaultSchema = "dbo";

    private const string Reading = "reading the catalog";

    // A CLR type has its name from the user type; any other one from the system type, so that an alias type counts as what it stands for.
    private const string ColumnQuery = """
        SELECT CAST(s.name AS nvarchar(128)), CAST(t.name AS nvarchar(128)), t.object_id, CAST(c.name AS nvarchar(128)), LOWER(COALESCE(CASE WHEN ut.is_assembly_type = 1 THEN ut.name ELSE bt.name END, ut.name)),
            ut.is_assembly_type, c.max_length, c.precision, c.scale, c.collation_name,
            c.is_nullable, c.is_identity, c.is_computed, c.generated_always_type, c.default_object_id
        FROM sys.tables t
        JOIN sys.schemas s ON s.schema_id = t.schema_id
        JOIN sys.columns c ON c.object_id = t.object_id
        JOIN sys.types ut ON ut.user_type_id = c.user_type_id
        LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id
        WHERE t.is_ms_shipped = 0 AND t.temporal_type <> 1
        ORDER BY t.object_id, c.column_id
        """;

    private const string IndexQuery = """
        SELECT i.object_id, i.index_id, i.is_primary_key, i.is_unique_constraint, i.has_filter, CAST(c.name AS nvarchar(128))
        FROM sys.indexes i
        JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
        JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
        JOIN sys.tables t ON t.object_id = i.object_id
        WHERE i.is_unique = 1 AND i.is_disabled = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0
        ORDER BY i.object_id, i.index_id, ic.key_ordinal
        """;

    private const string ForeignKeyQuery = """
        SELECT rt.object_id, CAST(fk.name AS nvarchar(128)), fk.parent_object_id, CAST(pc.name AS nvarchar(128)), CAST(rs.name AS nvarchar(128)),
            CAST(rt.name AS nvarchar(128)), CAST(rc.name AS nvarchar(128))
        FROM sys.foreign_keys fk
        JOIN sys.foreign_key_columns fkc ON fkc.constraint_object_id = fk.object_id
        JOIN sys.columns pc ON pc.object_id = fkc.parent_object_id AND pc.column_id = fkc.parent_column_id
        JOIN sys.tables rt ON rt.object_id = fkc.referenced_object_id
        JOIN sys.schemas rs ON rs.schema_id = rt.schema_id
        JOIN sys.columns rc ON rc.object_id = fkc.referenced_object_id AND rc.column_id = fkc.referenced_column_id
        ORDER BY fk.parent_object_id, fk.name, fkc.constraint_column_id
        """;

    private readonly Dictionary<TableName, SqlServerTable> _tables;

    private SqlServerCatalog(IEnumerable<SqlServerTable> tables, string sortOrder)
    {
        _tables = tables.ToDictionary(t => t.Schema.Name);
        Public = new SideCatalog([.. _tables.Values.Select(t => t.Schema).OrderBy(t => t.Name)], sortOrder);
    }

    /// <summary>The catalog as the engine sees it.</summary>
    public SideCatalog Public { get; }

    public IEnumerable<SqlServerTable> Tables => _tables.Values;

    /// <summary>The driver's table for a table of the engine's.</summary>
    /// <exception cref="LoggerCmsException">TableNotFound.</exception>
    public SqlServerTable Bind(TableSchema table, string side)
        => (table.IsWhole ? _tables.GetValueOrDefault(table.Name)?.Whole() : _tables.GetValueOrDefault(table.Name)) is { } found
            && found.Schema.Columns.Count == table.Columns.Count
            ? found
            : throw new LoggerCmsException(
                ErrorCodes.TableNotFound, $"'{side}' has no table '{table.Name}' with these columns.", "Run Get-SideState to see its tables.", side);

    /// <summary>A table by its name.</summary>
    /// <exception cref="LoggerCmsException">TableNotFound.</exception>
    public SqlServerTable Find(TableName name, string side)
        => _tables.TryGetValue(name, out var found)
            ? found
            : throw new LoggerCmsException(
                ErrorCodes.TableNotFound, $"'{side}' has no table '{name}'.", "Run Get-SideState to see its tables.", side);

    public static string Quote(TableName name)
        => $"{SqlServerDialect.Quote(name.Schema ?? DefaultSchema)}.{SqlServerDialect.Quote(name.Name)}";

    /// <summary>Reads the catalog; tables of LoggerCms's own are never in it.</summary>
    /// <param name="session">The connection, with or without a transaction.</param>
    /// <param name="dialect">The server's.</param>
    /// <param name="profile">Side-local columns and row filters.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<SqlServerCatalog> ReadAsync(
        SqlServerSession session, SqlServerDialect dialect, SideProfile profile, CancellationToken cancellationToken)
    {
        var names = await BabelfishNames.ReadAsync(session, dialect, cancellationToken).ConfigureAwait(false);
        var columns = await session.QueryAsync(
            ColumnQuery,
            r => new ColumnRow(
                new TableName(NullIfDefault(r.GetString(0)), names.Table(r.GetInt32(2), r.GetString(1))),
                r.GetInt32(2),
                new SqlServerTypes.Declared(
                    names.Column(r.GetInt32(2), r.GetString(3)),
                    r.GetString(4),
                    !r.IsDBNull(5) && r.GetBoolean(5),
                    r.GetInt16(6),
                    r.GetByte(7),
                    r.GetByte(8),
                    r.IsDBNull(9) ? null : r.GetString(9),
                    !r.IsDBNull(10) && r.GetBoolean(10),
                    r.GetBoolean(11)),
                r.GetBoolean(12) || Convert.ToInt32(r.GetValue(13), null) != 0,
                !r.IsDBNull(14) && r.GetInt32(14) != 0),
            Reading,
            cancellationToken).ConfigureAwait(false);
        var indexes = await session.QueryAsync(
            IndexQuery,
            r => new IndexRow(r.GetInt32(0), r.GetInt32(1), r.GetBoolean(2), r.GetBoolean(3), r.GetBoolean(4), names.Column(r.GetInt32(0), r.GetString(5))),
            Reading,
            cancellationToken).ConfigureAwait(false);
        var foreignKeys = await session.QueryAsync(
            ForeignKeyQuery,
            r => new ForeignKeyRow(
                r.GetString(1),
                r.GetInt32(2),
                names.Column(r.GetInt32(2), r.GetString(3)),
                new TableName(NullIfDefault(r.GetString(4)), names.Table(r.GetInt32(0), r.GetString(5))),
                names.Column(r.GetInt32(0), r.GetString(6))),
            Reading,
            cancellationToken).ConfigureAwait(false);

        var indexesByTable = indexes.ToLookup(i => i.ObjectId);
        var foreignKeysByTable = foreignKeys.ToLookup(f => f.ParentId);
        var tables = columns
            .GroupBy(c => c.ObjectId)
            .Where(g => !SqlServerNames.IsOwn(g.First().Table))
            .Select(g => MakeTable([.. g], [.. indexesByTable[g.Key]], [.. foreignKeysByTable[g.Key]], dialect, profile));
        return new SqlServerCatalog(tables, dialect.DatabaseCollation);
    }

    private static SqlServerTable MakeTable(
        List<ColumnRow> rows, List<IndexRow> indexes, List<ForeignKeyRow> foreignKeys, SqlServerDialect dialect, SideProfile profile)
    {
        var name = rows[0].Table;
        var sideLocal = profile.Columns.GetValueOrDefault(name.ToString()) ?? [];
        var leftOut = rows.Where(r => IsLeftOut(r, sideLocal)).ToList();
        var columns = rows.Except(leftOut)
            .Select(r => SqlServerTypes.Map(r.Declared, dialect))
            .OrderBy(c => c.Schema.Name, StringComparer.Ordinal)
            .ToList();
        var positions = columns.Select((c, i) => (c.Schema.Name, i)).ToDictionary(p => p.Name, p => p.i, StringComparer.Ordinal);

        var uniques = indexes.GroupBy(i => i.IndexId).Select(g => Unique.From([.. g], positions, columns, dialect)).ToList();
        var key = uniques.Find(u => u.IsPrimary && u.IsWhole)
            ?? uniques.Where(u => u.CanBeKey).OrderBy(u => u.Columns.Count).ThenBy(u => string.Join('\0', u.Names), StringComparer.Ordinal).FirstOrDefault();
        if (rows.Find(r => sideLocal.Contains(r.Declared.Name, StringComparer.Ordinal)
            && indexes.Exists(i => i.IsPrimary && i.Column == r.Declared.Name)) is { } keyColumn)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidProfile,
                $"The profile calls column {keyColumn.Declared.Name} of table {name} side-local, and it is a part of the primary key.",
                "Take that column out of the profile, or make the whole table side-local.");
        }

        var ownColumns = leftOut.Where(r => !IsDerived(r)).ToList();
        var own = ownColumns.Select(r => SqlServerTypes.Map(r.Declared, dialect)).ToList();

        // An undo cannot bring back half of what a side keeps for itself, so one column that cannot be read exactly keeps all of them out.
        if (own.Exists(c => c.Form == ColumnForm.Unsupported))
            own = [];
        return new SqlServerTable
        {
            ObjectId = rows[0].ObjectId,
            Columns = columns,
            SideLocal = own,
            HasLeftOutDefaults = ownColumns.Exists(r => r.HasDefault || !r.Declared.Nullable),
            Schema = new TableSchema(name)
            {
                Columns = [.. columns.Select(c => c.Schema)],
                Key = key?.Columns ?? [],
                Uniques = [.. uniques.Where(u => u != key).Select(u => u.IsWhole && !u.IsPartial ? u.Columns : [])],
                ForeignKeys =
                [
                    .. foreignKeys.GroupBy(f => f.Name).Select(g => new ForeignKeySchema(
                        g.Key, [.. g.Select(f => f.Column)], g.First().Referenced, [.. g.Select(f => f.ReferencedColumn)])),
                ],
                LeftOut = [.. leftOut.Select(r => r.Declared.Name).Order(StringComparer.Ordinal)],
                SideLocalColumns = [.. ownColumns.Select(r => r.Declared.Name).Order(StringComparer.Ordinal)],
                SideLocal = [.. own.Select(c => c.Schema)],
                RowFilter = profile.RowFilters.GetValueOrDefault(name.ToString()),
            },
        };
    }

    private static bool IsLeftOut(ColumnRow row, IReadOnlyList<string> sideLocal)
        => IsDerived(row) || sideLocal.Contains(row.Declared.Name, StringComparer.Ordinal);

    /// <summary>True where the database itself gives every value: there is nothing that a side could keep.</summary>
    private static bool IsDerived(ColumnRow row) => row.IsGenerated || row.Declared.TypeName is "timestamp" or "rowversion";

    private static string? NullIfDefault(string schema) => schema == DefaultSchema ? null : schema;

    private sealed record ColumnRow(TableName Table, int ObjectId, SqlServerTypes.Declared Declared, bool IsGenerated, bool HasDefault);

    private sealed record IndexRow(int ObjectId, int IndexId, bool IsPrimary, bool IsConstraint, bool HasFilter, string Column);

    private sealed record ForeignKeyRow(string Name, int ParentId, string Column, TableName Referenced, string ReferencedColumn);

    /// <summary>A unique index in terms of the columns in scope.</summary>
    private sealed record Unique(bool IsPrimary, bool IsWhole, bool IsPartial, bool CanBeKey, IReadOnlyList<int> Columns, IReadOnlyList<string> Names)
    {
        public static Unique From(
            List<IndexRow> rows, Dictionary<string, int> positions, List<SqlServerColumn> columns, SqlServerDialect dialect)
        {
            var whole = rows.TrueForAll(r => positions.ContainsKey(r.Column));
            int[] indexes = whole ? [.. rows.Select(r => positions[r.Column])] : [];

            // Babelfish reports no filter for a filtered index, so only a constraint is sure to hold for every row there.
            var partial = rows[0].HasFilter || (dialect.IsBabelfish && !rows[0].IsPrimary && !rows[0].IsConstraint);
            return new Unique(
                rows[0].IsPrimary,
                whole,
                partial,
                whole && !partial && indexes.All(i => !columns[i].Schema.Nullable),
                indexes,
                [.. rows.Select(r => r.Column)]);
        }
    }
}
