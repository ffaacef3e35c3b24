namespace LoggerCms.Databases.PostgreSql;

/// <summary>The catalog queries. Every name is cast to text and every oid to bigint, so that no type has to be loaded for them.</summary>
internal static class PgCatalogQueries
{
    /// <summary>
    /// Ordinary and partitioned tables; partitions are read through their parent. Tables of extensions belong to the extension, not to the side.
    /// </summary>
    private const string InScope = """
        c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
        AND NOT (n.nspname = 'public' AND c.relname LIKE 'loggercms\_%')
        AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
        """;

    public const string Database = """
        SELECT pg_encoding_to_char(d.encoding)::text, d.datcollate::text,
            coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
            coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')
        FROM pg_database AS d WHERE d.datname = current_database()
        """;

    /// <summary>What cannot be carried, and what is to be said of it where it holds something, so that nobody takes that for equal.</summary>
    public const string LeftOut = """
        SELECT o.name, CASE o.relkind WHEN 'm' THEN 'The materialized view ' || o.name || ' is left out.' WHEN 'f' THEN 'The foreign table ' || o.name || ' is left out.' END
        FROM (SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, c.relkind
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%') AS o
        UNION ALL SELECT '', 'Large objects are left out; their numbers in columns may stand for other content on the other side.'
        WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
        ORDER BY 1
        """;

    public const string Tables = $"""
        SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind = 'p', pg_has_role(c.relowner, 'USAGE'),
            has_table_privilege(c.oid, 'SELECT')
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE {InScope}
        """;

    public const string Types = $"""
        SELECT t.oid::bigint, n.nspname::text, t.typname::text, t.typtype::text, t.typbasetype::bigint, t.typtypmod, t.typnotnull, format_type(t.oid, NULL)
        FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
        WHERE t.typtype = 'd' OR t.oid IN (
            SELECT a.atttypid FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE {InScope} AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT d.typbasetype FROM pg_type AS d WHERE d.typtype = 'd')
        """;

    public const string Columns = $"""
        SELECT a.attrelid::bigint, a.attnum::int, a.attname::text, a.attnotnull, a.attidentity::text, a.attgenerated::text,
            a.atttypid::bigint, a.atttypmod, format_type(a.atttypid, a.atttypmod),
            coalesce(l.collname::text, ''), coalesce(l.collisdeterministic, true), coalesce(l.collprovider::text, ''), coalesce(l.collcollate, '')
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
        WHERE {InScope} AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """;

    /// <summary>Unique indexes and exclusion constraints: what can make one row stand in another's way.</summary>
    public const string Uniques = $"""
        SELECT i.indrelid::bigint, x.relname::text, i.indisprimary, i.indkey::text, i.indnkeyatts::int,
            i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AS plain, i.indimmediate AND i.indisvalid
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_class AS x ON x.oid = i.indexrelid
        WHERE {InScope} AND (i.indisunique OR i.indisexclusion)
        ORDER BY i.indrelid, i.indisprimary DESC, x.relname::text COLLATE "C"
        """;

    public const string ForeignKeys = $"""
        SELECT k.conrelid::bigint, k.conname::text, k.confrelid::bigint, array_to_string(k.conkey, ' '), array_to_string(k.confkey, ' ')
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE {InScope} AND k.contype = 'f' AND k.conparentid = 0
        ORDER BY k.conrelid, k.conname::text COLLATE "C"
        """;
}
