using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// The triggers that write the log. SQLite has one writer at a time, so that keys taken from a counter in the writer's own transaction
/// commit in their order; each logged change costs its writer one update of the counter and one insert.
/// <para>SQLite fires no delete trigger for a row that REPLACE displaces. A row displaced by one with the same key needs none, because the
/// new row's entry names that key. Rows that are about to be displaced through another unique index are logged before the change: with
/// INSERT OR IGNORE and upserts such an entry may be there for a row that stayed, which a reader of the log finds out by looking at the row.</para>
/// <para>A key that holds a real cannot stand in the log; its change moves the log's start, so that readers compare rows instead.</para>
/// </summary>
internal static class SqliteLogTriggers
{
    private static readonly string GuidPattern = string.Join(
        '-', new[] { 8, 4, 4, 4, 12 }.Select(n => string.Concat(Enumerable.Repeat("[0-9a-f]", n))));

    public static IEnumerable<string> Names(string table)
        => new[] { "insert", "update", "rekey", "delete", "displace_insert", "displace_update" }.Select(n => $"loggercms_{n}_{table}");

    public static IEnumerable<string> Create(SqliteTable table, IReadOnlyList<SqliteUniqueIndex> uniques)
    {
        var names = Names(table.Name).Select(SqliteSql.Quote).ToArray();
        var key = table.SelectKey(table.Schema);
        var same = string.Join(" AND ", key.Select(c => Same("OLD", "NEW", c)));
        yield return $"CREATE TRIGGER main.{names[0]} AFTER INSERT ON {table.Quoted} BEGIN {Log(table, key, 'I', "NEW")} END";
        yield return $"CREATE TRIGGER main.{names[1]} AFTER UPDATE ON {table.Quoted} WHEN {same} BEGIN {Log(table, key, 'U', "NEW")} END";
        yield return $"CREATE TRIGGER main.{names[2]} AFTER UPDATE ON {table.Quoted} WHEN NOT ({same}) BEGIN"
            + $" {Log(table, key, 'D', "OLD")} {Log(table, key, 'I', "NEW")} END";
        yield return $"CREATE TRIGGER main.{names[3]} AFTER DELETE ON {table.Quoted} BEGIN {Log(table, key, 'D', "OLD")} END";
        if (uniques.Count == 0)
            yield break;
        var columns = string.Join(", ", uniques.SelectMany(u => u.Columns).Select(c => c.Name).Distinct().Select(SqliteSql.Quote));
        yield return $"CREATE TRIGGER main.{names[4]} BEFORE INSERT ON {table.Quoted} BEGIN {Displaced(table, key, uniques, "NEW")} END";
        yield return $"CREATE TRIGGER main.{names[5]} BEFORE UPDATE OF {columns} ON {table.Quoted} BEGIN {Displaced(table, key, uniques, "OLD")} END";
    }

    /// <summary>Whether the table has these triggers and no others of the log: its schema, or the program, may have changed since they were made.</summary>
    public static bool AreThere(SqliteDb db, SqliteCatalog catalog, SqliteTable table)
    {
        if (SqliteLogCheck.Objection(catalog, table) is not null)
            return false;
        var (uniques, objection) = SqliteLogCheck.ReadIndexes(db, table);
        if (objection is not null)
            return false;

        // What SQLite keeps of a statement begins anew and leaves the schema's name out.
        var wanted = Create(table, uniques).Select(t => t.Replace("CREATE TRIGGER main.", "CREATE TRIGGER ", StringComparison.Ordinal));
        return Read(db, table).Select(t => t.Sql).ToHashSet(StringComparer.Ordinal).SetEquals(wanted);
    }

    /// <summary>The log's triggers on the table, whatever name it had when they were made.</summary>
    public static List<(string Name, string Sql)> Read(SqliteDb db, SqliteTable table)
    {
        var there = new List<(string Name, string Sql)>();
        using var list = db.Prepare(
            "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 AND name LIKE 'loggercms\\_%' ESCAPE '\\'");
        list.Bind(1, table.Name);
        while (list.Step())
            there.Add((list.Text(0), list.Text(1)));
        return there;
    }

    /// <summary>Entries for rows, other than the changed one itself, that stand where the new row wants to be.</summary>
    private static string Displaced(SqliteTable table, SqliteColumn[] key, IReadOnlyList<SqliteUniqueIndex> uniques, string itself)
        => string.Join(" ", uniques.Select(unique =>
        {
            var match = string.Join(" AND ", unique.Columns.Select(c => $"t.{SqliteSql.Quote(c.Name)} = NEW.{SqliteSql.Quote(c.Name)} COLLATE {SqliteSql.Quote(c.Collation)}"));
            var rows = $"FROM {table.Quoted} AS t WHERE {match} AND NOT ({string.Join(" AND ", key.Select(c => Itself(itself, c)))})";
            return $"UPDATE loggercms_meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'last_key' AND EXISTS (SELECT 1 {rows});"
                + $" INSERT INTO loggercms_log (origin, update_key, table_name, operation, row_key, at_us) SELECT {Head(table, 'D')},"
                + $" {Key(key, "t")}, {SqliteLogTables.NowMicroseconds} {rows} AND {Key(key, "t")} IS NOT NULL;";
        }));

    private static string Log(SqliteTable table, SqliteColumn[] key, char operation, string row)
    {
        var text = Key(key, row);
        var take = "UPDATE loggercms_meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'last_key';";
        var insert = $"{take} INSERT INTO loggercms_log (origin, update_key, table_name, operation, row_key, at_us) SELECT {Head(table, operation)}, {text}, {SqliteLogTables.NowMicroseconds}";
        if (key.All(c => c.IsRowId || c.Affinity == Affinity.Text))
            return insert + ";";
        return $"{insert} WHERE {text} IS NOT NULL; UPDATE loggercms_position SET update_key = (SELECT CAST(value AS INTEGER) + 1 FROM loggercms_meta WHERE name = 'last_key')"
            + $" WHERE table_name = '' AND origin = (SELECT value FROM loggercms_meta WHERE name = 'origin') AND {text} IS NULL;";
    }

    private static string Head(SqliteTable table, char operation)
        => "(SELECT value FROM loggercms_meta WHERE name = 'origin'), (SELECT CAST(value AS INTEGER) FROM loggercms_meta WHERE name = 'last_key'),"
            + $" {SqliteSql.Literal(table.Schema.Name.ToString())}, '{operation}'";

    /// <summary>A row that is not inserted yet has -1 for an id that it was not given; the row that has this id is another one, or named once too often.</summary>
    private static string Itself(string row, SqliteColumn column)
        => column.IsRowId && row == "NEW" ? $"({Same("t", row, column)} AND t.{column.Quoted} <> -1)" : Same("t", row, column);

    private static string Same(string a, string b, SqliteColumn column)
    {
        string left = $"{a}.{column.Quoted}", right = $"{b}.{column.Quoted}";
        return column.IsRowId ? $"{left} IS {right}" : $"({left} COLLATE BINARY IS {right} AND typeof({left}) IS typeof({right}))";
    }

    private static string Key(SqliteColumn[] key, string row)
        => string.Join(" || ',' || ", key.Select(c => c.IsRowId ? $"'i' || {row}.{c.Quoted}" : Field($"{row}.{c.Quoted}", c)));

    /// <summary>A key field as <see cref="LogKey"/> has it, by the storage class that the value really has; NULL for a real.</summary>
    private static string Field(string value, SqliteColumn column)
    {
        var text = column.Kind switch
        {
            LogicalKind.Guid => $"WHEN typeof({value}) = 'text' AND {value} GLOB '{GuidPattern}' AND length(CAST({value} AS BLOB)) = 36 THEN 'g' || replace({value}, '-', '') ",
            LogicalKind.Decimal when column.Affinity == Affinity.Text => $"WHEN typeof({value}) = 'text' AND {IsDecimal(value)} THEN 'd' || {value} ",
            LogicalKind.Boolean => $"WHEN typeof({value}) = 'integer' AND {value} IN (0, 1) THEN 'o' || {value} ",
            _ => string.Empty,
        };
        return $"CASE {text}WHEN typeof({value}) = 'integer' THEN 'i' || {value} WHEN typeof({value}) = 'text' THEN 't' || lower(hex({value}))"
            + $" WHEN typeof({value}) = 'blob' THEN 'b' || lower(hex({value})) WHEN {value} IS NULL THEN 'n' END";
    }

    /// <summary>The canonical form of a decimal, as <see cref="SqliteText.IsDecimal"/> has it.</summary>
    private static string IsDecimal(string value)
    {
        var digits = $"substr({value}, 1 + ({value} GLOB '-*'))";
        return $"({value} IN ('NaN', 'Infinity', '-Infinity') OR ({digits} NOT GLOB '*[^0-9.]*' AND {digits} GLOB '[0-9]*' AND {digits} NOT GLOB '*.'"
            + $" AND {digits} NOT GLOB '*.*.*' AND {digits} NOT GLOB '0[0-9]*' AND ({value} NOT GLOB '-*' OR {digits} GLOB '*[1-9]*') AND instr({value}, char(0)) = 0))";
    }
}

/// <summary>A unique index through which REPLACE can displace a row.</summary>
internal sealed record SqliteUniqueIndex(IReadOnlyList<(string Name, string Collation)> Columns);
