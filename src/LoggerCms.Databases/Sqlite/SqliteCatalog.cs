using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The tables of one schema (main, or an attached one) as a connection sees them.</summary>
internal sealed class SqliteCatalog
{
    private readonly Dictionary<TableName, SqliteTable> _tables;

    private SqliteCatalog(IReadOnlyList<SqliteTable> tables, string encoding, IReadOnlyList<string> notes, IReadOnlyList<string> others)
    {
        _tables = tables.ToDictionary(t => t.Schema.Name);
        Encoding = encoding;
        Side = new SideCatalog([.. tables.Select(t => t.Schema)], $"BINARY ({encoding})") { Notes = notes, Others = others };
    }

    public SideCatalog Side { get; }

    /// <summary>UTF-8, UTF-16le or UTF-16be.</summary>
    public string Encoding { get; }

    public bool IsUtf8 => Encoding == "UTF-8";

    public SqliteTable Find(TableSchema table, SqliteDb db)
        => _tables.TryGetValue(table.Name, out var found)
            ? found
            : throw new LoggerCmsException(
                ErrorCodes.TableNotFound,
                $"The table '{table.Name}' is not in '{db.Path}'.",
                "Create it there, or leave it out with -ExcludeTable.",
                db.Side);

    /// <param name="db">A connection inside a transaction, so that all parts of the catalog are of one commit.</param>
    /// <param name="profile">Side-local columns and row filters.</param>
    public static SqliteCatalog Read(SqliteDb db, SideProfile profile)
    {
        var encoding = db.ScalarText("PRAGMA main.encoding") ?? "UTF-8";
        var (notes, others) = (new List<string>(), new List<string>());
        var tables = new List<SqliteTable>();
        using (var statements = new StatementSet(db))
        {
            foreach (var entry in ListTables(db, notes, others))
                tables.Add(new SqliteTableBuilder(db, statements, entry, profile, encoding == "UTF-8").Build());
        }

        tables.Sort((a, b) => a.Schema.Name.CompareTo(b.Schema.Name));
        return new SqliteCatalog(tables, encoding, notes, others);
    }

    public static bool IsOwn(string name)
        => name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("loggercms_", StringComparison.OrdinalIgnoreCase);

    private static List<TableEntry> ListTables(SqliteDb db, List<string> notes, List<string> others)
    {
        var entries = new List<TableEntry>();
        var indexes = new List<FullTextIndex>();
        var definitions = ReadDefinitions(db);
        using var list = db.Prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'");
        while (list.Step())
        {
            var name = list.Text(0);
            if (IsOwn(name))
                continue;
            switch (list.Text(1))
            {
                case "table":
                    entries.Add(new TableEntry(name, list.Int64(2) != 0, list.Int64(3) != 0, [.. definitions[name]], []));
                    break;
                case "virtual":
                    others.Add(name);
                    notes.Add($"The virtual table '{name}' and its shadow tables are left out.");
                    if (SqliteFullText.ContentOf(definitions[name].First()) is { } content)
                        indexes.Add(new FullTextIndex(name, content));
                    break;
                default:
                    others.Add(name);
                    break;
            }
        }

        return indexes.Count == 0 ? entries : WithIndexes(db, entries, indexes);
    }

    /// <summary>Adds to each table the indexes over it, and those over a view that names it.</summary>
    private static List<TableEntry> WithIndexes(SqliteDb db, List<TableEntry> entries, List<FullTextIndex> indexes)
    {
        var views = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        using var list = db.Prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'");
        while (list.Step())
            views[list.Text(0)] = list.Text(1);
        return [.. entries.Select(e => e with { Indexes = [.. indexes.Where(i => IsOver(i.Content, e.Name)).Select(i => i.Name)] })];

        bool IsOver(string content, string table)
            => string.Equals(content, table, StringComparison.OrdinalIgnoreCase)
                || (views.TryGetValue(content, out var sql) && sql.Contains(table, StringComparison.OrdinalIgnoreCase));
    }

    private static ILookup<string, string> ReadDefinitions(SqliteDb db)
    {
        var statements = new List<Statement>();
        using var list = db.Prepare("SELECT tbl_name, sql FROM main.sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC, rowid");
        while (list.Step())
            statements.Add(new Statement(list.Text(0), list.Text(1)));
        return statements.ToLookup(s => s.Table, s => s.Sql, StringComparer.OrdinalIgnoreCase);
    }

    private sealed record Statement(string Table, string Sql);

    private sealed record FullTextIndex(string Name, string Content);
}

/// <summary>A row of PRAGMA table_list, the statements that made the table and its indexes, and the full-text indexes over it.</summary>
internal sealed record TableEntry(string Name, bool WithoutRowId, bool Strict, IReadOnlyList<string> Statements, IReadOnlyList<string> Indexes);
