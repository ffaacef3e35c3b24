using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Finds rows whose foreign key names no row, by the operators that the constraint itself uses.</summary>
internal static class PgForeignKeys
{
    public static async Task<IReadOnlyList<BrokenForeignKey>> FindViolationsAsync(PgSession session, IReadOnlyList<PgTable> tables, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return [];
        var oids = string.Join(", ", tables.Select(t => t.Oid));
        var keys = await session.QueryAsync(
            $"""
            SELECT k.conname::text, format('%I.%I', cn.nspname, c.relname), format('%I.%I', pn.nspname, p.relname), c.relkind = 'p', p.relkind = 'p',
                string_agg(format('c.%I IS NOT NULL', ca.attname), ' AND ' ORDER BY u.nth),
                string_agg(format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, o.nspname, o.oprname, ca.attname), ' AND ' ORDER BY u.nth),
                CASE k.confmatchtype WHEN 'f' THEN string_agg(format('c.%I IS NULL', ca.attname), ' AND ' ORDER BY u.nth) END
            FROM pg_constraint AS k
            JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS cn ON cn.oid = c.relnamespace
            JOIN pg_class AS p ON p.oid = k.confrelid JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
            CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY AS u(child, parent, equal, nth)
            JOIN pg_attribute AS ca ON ca.attrelid = k.conrelid AND ca.attnum = u.child
            JOIN pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.parent
            JOIN (SELECT x.oid, x.oprname, m.nspname FROM pg_operator AS x JOIN pg_namespace AS m ON m.oid = x.oprnamespace) AS o ON o.oid = u.equal
            WHERE k.contype = 'f' AND k.conparentid = 0 AND k.convalidated AND (k.conrelid IN ({oids}) OR k.confrelid IN ({oids}))
            GROUP BY k.oid, k.conname, k.confmatchtype, cn.nspname, c.relname, pn.nspname, p.relname, c.relkind, p.relkind
            ORDER BY k.conname::text COLLATE "C"
            """,
            r => new ForeignKey(
                r.GetString(0), r.GetString(1), r.GetString(2), r.GetBoolean(3) ? "" : "ONLY ", r.GetBoolean(4) ? "" : "ONLY ",
                r.GetString(5), r.GetString(6), r.IsDBNull(7) ? null : r.GetString(7)),
            cancellationToken).ConfigureAwait(false);

        var violations = new List<BrokenForeignKey>();
        foreach (var key in keys)
        {
            var missing = $"{key.NotNull} AND NOT EXISTS (SELECT FROM {key.ParentOnly}{key.Parent} AS p WHERE {key.Match})";
            var condition = key.AllNull is null ? missing : $"({missing}) OR (NOT ({key.NotNull}) AND NOT ({key.AllNull}))";
            var count = await session.ScalarAsync<long>(
                $"SELECT count(*) FROM {key.ChildOnly}{key.Child} AS c WHERE {condition}", cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                violations.Add(new BrokenForeignKey(
                    $"{key.Child} {key.Name}", count, string.Create(CultureInfo.InvariantCulture, $"{key.Name}: {count} rows of {key.Child} name no row of {key.Parent}")));
            }
        }

        return violations;
    }

    private sealed record ForeignKey(
        string Name, string Child, string Parent, string ChildOnly, string ParentOnly, string NotNull, string Match, string? AllNull);
}
