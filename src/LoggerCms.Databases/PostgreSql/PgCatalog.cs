using System.Globalization;
using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The schema as one session sees it.</summary>
internal sealed class PgCatalog
{
    private readonly Dictionary<TableName, PgTable> _tables;

    private PgCatalog(Dictionary<TableName, PgTable> tables, string sortOrder, IReadOnlyList<(string Name, string? Note)> leftOut)
    {
        _tables = tables;
        Side = new SideCatalog([.. tables.Values.Select(t => t.Schema).OrderBy(t => t.Name)], sortOrder) { Notes = [.. leftOut.Select(l => l.Note).OfType<string>()], Others = [.. leftOut.Select(l => l.Name)] };
    }

    public SideCatalog Side { get; }

    public PgTable this[TableName name] => _tables.TryGetValue(name, out var table)
        ? table
        : throw new LoggerCmsException(
            ErrorCodes.TableNotFound,
            $"There is no table {name} in this database.",
            "Check the name; psql's \\dt lists the tables. Views, foreign and temporary tables cannot be compared.");

    public static async Task<PgCatalog> ReadAsync(PgSession session, SideProfile profile, CancellationToken cancellationToken)
    {
        var (encoding, collate, provider, locale) = (await session.QueryAsync(
            PgCatalogQueries.Database,
            r => (r.GetString(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3)),
            cancellationToken).ConfigureAwait(false))[0];
        var tables = await session.QueryAsync(
            PgCatalogQueries.Tables,
            r => (Oid: (uint)r.GetInt64(0), Schema: r.GetString(1), Name: r.GetString(2), Partitioned: r.GetBoolean(3), Owner: r.GetBoolean(4), ReadWhole: r.GetBoolean(5)),
            cancellationToken).ConfigureAwait(false);
        var types = (await session.QueryAsync(
            PgCatalogQueries.Types,
            r => new PgTypeRow(
                (uint)r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), (uint)r.GetInt64(4), r.GetInt32(5), r.GetBoolean(6), r.GetString(7)),
            cancellationToken).ConfigureAwait(false)).ToDictionary(t => t.Oid);

        var leftOut = await session.QueryAsync(PgCatalogQueries.LeftOut, r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellationToken).ConfigureAwait(false);
        var builder = new PgColumnBuilder(types, encoding == "UTF8", SortsByBytes(provider, collate, locale));
        var columns = (await session.QueryAsync(
            PgCatalogQueries.Columns, r => ((uint)r.GetInt64(0), Column: builder.Read(r)), cancellationToken).ConfigureAwait(false))
            .ToLookup(c => c.Item1, c => c.Column);
        var uniques = (await session.QueryAsync(
            PgCatalogQueries.Uniques,
            r => ((uint)r.GetInt64(0), Index: new UniqueRow(
                r.GetString(1), r.GetBoolean(2), [.. Numbers(r.GetString(3)).Take(r.GetInt32(4))], r.GetBoolean(5), r.GetBoolean(6))),
            cancellationToken).ConfigureAwait(false)).ToLookup(u => u.Item1, u => u.Index);
        var foreignKeys = (await session.QueryAsync(
            PgCatalogQueries.ForeignKeys,
            r => ((uint)r.GetInt64(0), Key: new ForeignKeyRow(r.GetString(1), (uint)r.GetInt64(2), Numbers(r.GetString(3)), Numbers(r.GetString(4)))),
            cancellationToken).ConfigureAwait(false)).ToLookup(f => f.Item1, f => f.Key);

        var names = tables.ToDictionary(t => t.Oid, t => new TableName(t.Schema == PgName.DefaultSchema ? null : t.Schema, t.Name));
        var result = new Dictionary<TableName, PgTable>();
        foreach (var table in tables)
        {
            var physical = columns[table.Oid].ToArray();
            var schema = Describe(names[table.Oid], physical, [.. uniques[table.Oid]], profile) with
            {
                ForeignKeys = [.. foreignKeys[table.Oid].Where(f => names.ContainsKey(f.Referenced)).Select(f => new ForeignKeySchema(
                    f.Name, NamesOf(physical, f.Columns), names[f.Referenced], NamesOf(columns[f.Referenced], f.ReferencedColumns)))],
            };
            if (schema.RowFilter is { } filter)
                await CheckFilterAsync(session, schema.Name, filter, cancellationToken).ConfigureAwait(false);
            result.Add(schema.Name, new PgTable(schema.Name, table.Oid, table.Partitioned, physical) { Schema = schema, IsOwner = table.Owner, MayReadWhole = table.ReadWhole });
        }

        return new PgCatalog(result, $"{locale ?? collate} ({(provider switch { "i" => "icu", "b" => "builtin", _ => "libc" })}, {encoding})", leftOut);
    }

    private static async Task CheckFilterAsync(PgSession session, TableName table, string filter, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(FilterCheck.Statement($"{PgName.Quote(table)} AS t", filter) + " LIMIT 0", cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.InnerException is PostgresException { SqlState: ['4', '2', ..] and not PostgresErrorCodes.InsufficientPrivilege })
        {
            throw FilterCheck.Failure(table.ToString(), filter, exception);
        }
    }

    private static bool SortsByBytes(string provider, string collate, string? locale)
        => provider == "b" || (provider == "c" && collate is "C" or "POSIX") || (provider == "i" && locale is "C" or "POSIX");

    private static TableSchema Describe(TableName name, PgColumn[] physical, IReadOnlyList<UniqueRow> uniques, SideProfile profile)
    {
        var local = profile.Columns.TryGetValue(name.ToString(), out var declared) ? declared : [];
        var inScope = physical.Where(c => !c.IsGenerated && !local.Contains(c.Name, StringComparer.Ordinal))
            .OrderBy(c => c.Name, StringComparer.Ordinal).ToArray();
        var position = inScope.Select((c, i) => (c.Number, i)).ToDictionary(p => p.Number, p => p.i);

        // A key has to be there, checked at once and without nulls; of several that serve, the primary key, then the narrowest.
        var candidates = uniques.Where(u => u.IsPlain && u.Columns.All(position.ContainsKey) && u.Columns.All(n => !inScope[position[n]].Schema.Nullable));
        var key = candidates.Where(u => u.IsPrimary || u.IsImmediate).OrderByDescending(u => u.IsPrimary).ThenBy(u => u.Columns.Count).FirstOrDefault();
        if (uniques.FirstOrDefault(u => u.IsPrimary) is { } primary
            && physical.FirstOrDefault(c => primary.Columns.Contains(c.Number) && local.Contains(c.Name, StringComparer.Ordinal)) is { } keyColumn)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidProfile,
                $"The profile calls column {keyColumn.Name} of table {name} side-local, and it is a part of the primary key.",
                "Take that column out of the profile, or make the whole table side-local.");
        }

        return new TableSchema(name)
        {
            Columns = [.. inScope.Select(c => c.Schema)],
            Key = key is null ? [] : [.. key.Columns.Select(n => position[n])],
            Uniques = [.. uniques.Where(u => !ReferenceEquals(u, key)).Select(IReadOnlyList<int> (u)
                => u.IsPlain && u.Columns.All(position.ContainsKey) ? [.. u.Columns.Select(n => position[n])] : [])],
            LeftOut = [.. physical.Where(c => !position.ContainsKey(c.Number)).Select(c => c.Name).Order(StringComparer.Ordinal)],
            SideLocalColumns = [.. physical.Where(c => !c.IsGenerated && !position.ContainsKey(c.Number)).Select(c => c.Name).Order(StringComparer.Ordinal)],
            SideLocal = [.. physical.Where(c => !c.IsGenerated && !position.ContainsKey(c.Number)).Select(c => c.Schema)],
            RowFilter = profile.RowFilters.TryGetValue(name.ToString(), out var filter) ? filter : null,
        };
    }

    private static int[] Numbers(string text)
        => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];

    private static string[] NamesOf(IEnumerable<PgColumn> columns, IEnumerable<int> numbers)
        => [.. numbers.Select(n => columns.First(c => c.Number == n).Name)];

    private sealed record UniqueRow(string Name, bool IsPrimary, IReadOnlyList<int> Columns, bool IsPlain, bool IsImmediate);

    private sealed record ForeignKeyRow(string Name, uint Referenced, IReadOnlyList<int> Columns, IReadOnlyList<int> ReferencedColumns);
}
