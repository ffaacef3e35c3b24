namespace LoggerCms.Databases.PostgreSql;

/// <summary>Moves the sequences behind identity and serial columns past the values that a transfer brought, so that later inserts do not collide.</summary>
internal static class PgSequences
{
    public static async Task AdvanceAsync(PgSession session, IReadOnlyList<PgTable> tables, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return;
        var byOid = tables.ToDictionary(t => t.Oid);

        // Owned by the column (serial, identity), or named in its default.
        var sequences = await session.QueryAsync(
            $"""
            SELECT DISTINCT a.attrelid::bigint, a.attname::text, format('%I.%I', n.nspname, s.relname), q.seqincrement > 0, q.seqmin, q.seqmax
            FROM pg_attribute AS a
            JOIN (SELECT d.refobjid AS relation, d.refobjsubid AS number, d.objid AS sequence FROM pg_depend AS d
                    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                UNION ALL SELECT f.adrelid, f.adnum, d.refobjid FROM pg_attrdef AS f JOIN pg_depend AS d
                    ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass) AS o
                ON o.relation = a.attrelid AND o.number = a.attnum
            JOIN pg_class AS s ON s.oid = o.sequence AND s.relkind = 'S' JOIN pg_namespace AS n ON n.oid = s.relnamespace
            JOIN pg_sequence AS q ON q.seqrelid = s.oid
            WHERE a.attrelid IN ({string.Join(", ", byOid.Keys)})
            """,
            r => (Table: byOid[(uint)r.GetInt64(0)], Column: r.GetString(1), Name: r.GetString(2), Ascends: r.GetBoolean(3), Least: r.GetInt64(4), Greatest: r.GetInt64(5)),
            cancellationToken).ConfigureAwait(false);
        foreach (var s in sequences)
        {
            if (s.Table[s.Column] is not { Codec: PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8 } column)
                continue;
            var (end, beyond) = s.Ascends ? ("max", ">") : ("min", "<");
            await session.ExecuteAsync(
                $"""
                SELECT setval({PgName.Literal(s.Name)}::regclass, m.value)
                FROM (SELECT {end}(t.{column.Quoted})::bigint AS value FROM {s.Table.From} AS t) AS m, {s.Name} AS q
                WHERE m.value BETWEEN {s.Least} AND {s.Greatest} AND (m.value {beyond} q.last_value OR (m.value = q.last_value AND NOT q.is_called))
                """,
                cancellationToken).ConfigureAwait(false);
        }
    }
}
