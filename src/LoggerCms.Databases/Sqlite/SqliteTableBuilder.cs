using System.Runtime.InteropServices;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Reads one table of the catalog.</summary>
internal sealed class SqliteTableBuilder(SqliteDb db, StatementSet statements, TableEntry entry, SideProfile profile, bool utf8)
{
    /// <summary>Stands between the statements of <see cref="TableSchema.Definition"/>.</summary>
    public const string StatementEnd = ";\n";

    private const int Generated = 2;

    private readonly List<ColumnEntry> _columns = [];
    private readonly List<string> _generated = [];

    public SqliteTable Build()
    {
        var indexes = ReadIndexes();
        ReadColumns(hasKeyIndex: indexes.Any(i => i.Origin == "pk"));
        var sideLocal = profile.Columns.TryGetValue(entry.Name, out var local) ? local : [];
        var kept = _columns.Where(c => !Contains(sideLocal, c.Column.Name)).OrderBy(c => c.Column.Name, StringComparer.Ordinal).ToList();
        var binary = IsKeyIndexBinary(indexes);
        var columns = kept.Select(Schema).ToList();
        var positions = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var column in columns)
            positions.Add(column.Name, positions.Count);
        var key = ReadKey(positions);
        var nulls = key.Length > 0 && KeyHasNulls();
        var filter = profile.RowFilters.GetValueOrDefault(entry.Name);
        if (filter is not null)
            CheckFilter(filter);
        return new SqliteTable
        {
            Columns = _columns.ToDictionary(c => c.Column.Name, c => c.Column, StringComparer.Ordinal),
            OwnOrder = [.. _columns.Select(c => c.Column.Name)],
            HasGenerated = _generated.Count > 0,
            RowId = FindRowId(),
            Schema = new TableSchema(new TableName(null, entry.Name))
            {
                Columns = columns,
                Key = nulls ? [] : key,
                WithdrawnKey = nulls ? key : [],
                Uniques = [.. indexes.Where(i => i.Unique && i.Origin != "pk").Select(i => Positions(i, positions))],
                ForeignKeys = ReadForeignKeys(),
                LeftOut = [.. _generated, .. sideLocal.Where(n => _columns.Any(c => Same(c.Column.Name, n)))],
                SideLocalColumns = [.. sideLocal],
                SideLocal = [.. _columns.Where(c => Contains(sideLocal, c.Column.Name)).Select(Schema)],
                RowFilter = filter,
                Rebuilds = [.. entry.Indexes.Select(SqliteFullText.Rebuild)],
                Definition = string.Join(StatementEnd, entry.Statements),
            },
        };

        ColumnSchema Schema(ColumnEntry c) => Describe(c.Column, c.Declared, c.NotNull, c.KeyPosition > 0 && !binary);
    }

    private void CheckFilter(string filter)
    {
        try
        {
            db.Prepare(FilterCheck.Statement("main." + SqliteSql.Quote(entry.Name), filter)).Dispose();
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.DatabaseError)
        {
            throw FilterCheck.Failure(entry.Name, filter, exception);
        }
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static bool Contains(IEnumerable<string> names, string name) => names.Any(n => Same(n, name));

    private void ReadColumns(bool hasKeyIndex)
    {
        var keyColumns = 0;
        var info = statements.Get("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid").Bind(1, entry.Name);
        while (info.Step())
        {
            var name = info.Text(0);
            if (info.Int64(4) >= Generated)
            {
                _generated.Add(name);
                continue;
            }

            var declared = info.Text(1);
            var kind = SqliteTypes.GetKind(declared, entry.Strict);
            var scale = kind == LogicalKind.Decimal ? SqliteTypes.GetDigits(declared).Scale ?? 0 : 0;
            var column = new SqliteColumn(name, kind, SqliteTypes.GetAffinity(declared, entry.Strict), scale, false, entry.Strict);
            var position = (int)info.Int64(3);
            if (position > 0)
                keyColumns++;
            _columns.Add(new ColumnEntry(column, declared, info.Int64(2) != 0, position));
        }

        if (keyColumns != 1 || entry.WithoutRowId)
            return;
        var at = _columns.FindIndex(c => c.KeyPosition > 0);

        // INTEGER PRIMARY KEY is the row's id unless it says DESC in one odd form; SQLite makes an index for the key in every other case.
        if (Same(_columns[at].Declared, "INTEGER") && !hasKeyIndex)
            _columns[at] = _columns[at] with { Column = _columns[at].Column with { IsRowId = true } };
    }

    private ColumnSchema Describe(SqliteColumn column, string declared, bool notNull, bool keyIndexFolds)
    {
        var (collation, autoIncrement) = ReadMetadata(column.Name);
        var (precision, scale) = column.Kind == LogicalKind.Decimal ? SqliteTypes.GetDigits(declared) : (null, null);
        return new ColumnSchema(column.Name, new LogicalType(column.Kind), !notNull && !column.IsRowId)
        {
            DeclaredType = declared,
            KeyOrder = SqliteTypes.GetKeyOrder(column.Kind, column.Affinity, utf8),
            CollationIsBinary = !keyIndexFolds && Same(collation, "BINARY"),
            IsIdentity = autoIncrement,
            Precision = precision,
            Scale = scale,
        };
    }

    private unsafe (string Collation, bool AutoIncrement) ReadMetadata(string column)
    {
        byte* type, collation;
        int notNull, key, autoIncrement;
        fixed (byte* schema = "main\0"u8)
        fixed (byte* table = Encoding.UTF8.GetBytes(entry.Name + '\0'))
        fixed (byte* name = Encoding.UTF8.GetBytes(column + '\0'))
            db.Check(Native.ColumnMetadata(db.Pointer, schema, table, name, &type, &collation, &notNull, &key, &autoIncrement));
        return (Marshal.PtrToStringUTF8((nint)collation) ?? "BINARY", autoIncrement != 0);
    }

    private int[] ReadKey(Dictionary<string, int> positions)
    {
        var key = _columns.Where(c => c.KeyPosition > 0).ToList();
        key.Sort((left, right) => left.KeyPosition - right.KeyPosition);
        foreach (var part in key)
        {
            if (positions.ContainsKey(part.Column.Name))
                continue;
            throw new LoggerCmsException(
                ErrorCodes.InvalidProfile,
                $"The profile declares the key column '{part.Column.Name}' of '{entry.Name}' side-local; without it rows cannot be paired.",
                "Take the column out of the profile, or leave the table out.",
                db.Side);
        }

        return [.. key.Select(c => positions[c.Column.Name])];
    }

    /// <summary>SQLite lets NULL into the key of an ordinary table, any number of times: such a table has no key that tells its rows apart.</summary>
    private bool KeyHasNulls()
    {
        string[] filled = entry.WithoutRowId ? [] : [.. _columns.Where(c => c.KeyPosition > 0 && !c.Column.IsRowId && !c.NotNull).Select(c => c.Column.Quoted + " IS NOT NULL")];
        return filled.Length > 0
            && db.ScalarInt64($"SELECT EXISTS (SELECT 1 FROM main.{SqliteSql.Quote(entry.Name)} WHERE NOT {SqliteSql.All(filled)})") != 0;
    }

    private string? FindRowId()
    {
        if (entry.WithoutRowId)
            return null;
        foreach (var name in new[] { "rowid", "_rowid_", "oid" })
        {
            if (!_columns.Any(c => Same(c.Column.Name, name)) && !Contains(_generated, name))
                return name;
        }

        return _columns.Find(c => c.Column.IsRowId)?.Column.Quoted;
    }

    private List<IndexEntry> ReadIndexes()
    {
        var indexes = new List<IndexEntry>();
        var list = statements.Get("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main') ORDER BY seq").Bind(1, entry.Name);
        while (list.Step())
        {
            var columns = new List<string?>();
            var binary = true;
            var info = statements.Get("SELECT name, coll FROM pragma_index_xinfo(?1, 'main') WHERE key = 1 ORDER BY seqno").Bind(1, list.Text(0));
            while (info.Step())
            {
                columns.Add(info.TextOrNull(0));
                binary &= Same(info.Text(1), "BINARY");
            }

            indexes.Add(new IndexEntry(list.Int64(1) != 0, list.Text(2), list.Int64(3) != 0, columns, binary));
        }

        return indexes;
    }

    private static bool IsKeyIndexBinary(List<IndexEntry> indexes)
        => indexes.FirstOrDefault(i => i.Origin == "pk") is not { Binary: false };

    private static IReadOnlyList<int> Positions(IndexEntry index, Dictionary<string, int> positions)
        => index.Partial || index.Columns.Any(c => c is null || !positions.ContainsKey(c)) ? [] : [.. index.Columns.Select(c => positions[c!])];

    private List<ForeignKeySchema> ReadForeignKeys()
    {
        var rows = new List<ForeignKeyEntry>();
        var list = statements.Get("SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq").Bind(1, entry.Name);
        while (list.Step())
            rows.Add(new ForeignKeyEntry($"fk_{entry.Name}_{list.Int64(0)}", list.Text(1), list.Text(2), list.TextOrNull(3)));

        return
        [
            .. rows.GroupBy(r => r.Name, StringComparer.Ordinal).Select(g => new ForeignKeySchema(
                g.Key,
                [.. g.Select(r => r.From)],
                new TableName(null, g.First().Table),
                g.First().To is null ? PrimaryKeyOf(g.First().Table) : [.. g.Select(r => r.To!)])),
        ];
    }

    private List<string> PrimaryKeyOf(string table)
    {
        var names = new List<string>();
        var info = statements.Get("SELECT name FROM pragma_table_info(?1, 'main') WHERE pk > 0 ORDER BY pk").Bind(1, table);
        while (info.Step())
            names.Add(info.Text(0));
        return names;
    }

    // Records, not tuples: what the framework compiles anew for each tuple (LINQ, lists) was a third of the JIT's work in a side's first reading.
    private sealed record ColumnEntry(SqliteColumn Column, string Declared, bool NotNull, int KeyPosition);

    private sealed record ForeignKeyEntry(string Name, string Table, string From, string? To);

    private sealed record IndexEntry(bool Unique, string Origin, bool Partial, IReadOnlyList<string?> Columns, bool Binary);
}
