using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The upper 16 bits of the log's advisory locks.</summary>
internal static class PgLogLocks
{
    /// <summary>Held shared by writers that have logged, exclusively by a change of the origin.</summary>
    public const long Incarnation = 0x4C66;

    public const long Low = 0x4C67;

    public const long First = 0x4C68;
}

/// <summary>The log's tables, functions and triggers, as SQL. See <see cref="PgLogPosition"/> for the protocol that they follow.</summary>
internal static class PgLogFunctions
{
    /// <summary>The name of every trigger on a logged table.</summary>
    public const string Trigger = "loggercms_log";

    public const string TruncateTrigger = "loggercms_truncate";

    /// <summary>A TRUNCATE of more rows than this is refused; DELETE logs any number.</summary>
    private const int MostTruncated = 1_000_000;

    /// <summary>Tables under the log, by the name that entries give them.</summary>
    public const string LoggedTables = """
        SELECT CASE WHEN n.nspname = 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS name, c.oid AS relation, g.tgfoid AS function
        FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE g.tgname = 'loggercms_log' AND g.tgparentid = 0
        """;

    /// <summary>Of a trigger <c>g</c>: it was not switched off, and fires for what ordinary sessions write.</summary>
    public const string Fires = "g.tgenabled IN ('O', 'A')";

    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    private const string Header = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp";

    public static string Tables => """
        CREATE TABLE public.loggercms_meta (name text PRIMARY KEY, value text NOT NULL);
        CREATE TABLE public.loggercms_log (origin text NOT NULL, update_key bigint NOT NULL, table_name text NOT NULL,
            operation "char" NOT NULL, row_key text NOT NULL, at_us bigint NOT NULL, PRIMARY KEY (origin, update_key));
        CREATE INDEX loggercms_log_at ON public.loggercms_log (at_us);
        CREATE TABLE public.loggercms_position (table_name text NOT NULL, origin text NOT NULL, update_key bigint NOT NULL, PRIMARY KEY (table_name, origin));
        REVOKE ALL ON public.loggercms_meta, public.loggercms_log, public.loggercms_position FROM PUBLIC;
        """;

    /// <summary>Each incarnation has a sequence of its own, so that a transaction of an older snapshot cannot number into a newer one.</summary>
    public static string SequenceOf(string origin) => "loggercms_key_" + origin[(origin.LastIndexOf('-') + 1)..];

    public static string CreateSequence(string name) => $"CREATE SEQUENCE public.{PgName.Quote(name)} AS bigint CACHE 1";

    public static string Functions => string.Create(CultureInfo.InvariantCulture, $"""
        -- What a restored or cloned database no longer is: cluster, timeline, database.
        CREATE OR REPLACE FUNCTION public.loggercms_identity() RETURNS text STABLE {Header} AS $f$
        DECLARE cluster text := 'unknown'; line text := 'standby'; base text;
        BEGIN
            IF has_function_privilege('pg_control_system()', 'EXECUTE') THEN SELECT system_identifier::text INTO cluster FROM pg_control_system(); END IF;
            IF NOT pg_is_in_recovery() THEN line := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8); END IF;
            SELECT oid::text INTO base FROM pg_database WHERE datname = current_database();
            RETURN cluster || '/' || line || '/' || base;
        END $f$;

        -- Derived, so that every reader of a copy names the same origin before its first write.
        CREATE OR REPLACE FUNCTION public.loggercms_next_suffix() RETURNS text STABLE {Header} AS $f$
        BEGIN
            RETURN (SELECT left(md5(value || public.loggercms_identity()), 8) FROM public.loggercms_meta WHERE name = 'origin');
        END $f$;

        -- The last number drawn; 0 before the first; null where the sequence is gone.
        CREATE OR REPLACE FUNCTION public.loggercms_last(sequence text) RETURNS bigint VOLATILE {Header} AS $f$
        DECLARE last bigint;
        BEGIN
            IF to_regclass('public.' || quote_ident(sequence)) IS NULL THEN RETURN NULL; END IF;
            EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.%I', sequence) INTO last;
            RETURN last;
        END $f$;

        -- Another incarnation: waits for transactions that number under the old one, and they for it.
        CREATE OR REPLACE FUNCTION public.loggercms_renew(suffix text) RETURNS text VOLATILE {Header} AS $f$
        DECLARE old text; new text; sequence text; last bigint;
        BEGIN
            PERFORM pg_advisory_xact_lock({PgLogLocks.Incarnation << 48});
            SELECT value INTO old FROM public.loggercms_meta WHERE name = 'origin';
            SELECT value || '-' || suffix INTO new FROM public.loggercms_meta WHERE name = 'side';
            sequence := 'loggercms_key_' || substring(old from '[^-]*$');
            last := public.loggercms_last(sequence);
            INSERT INTO public.loggercms_position (table_name, origin, update_key)
                SELECT t.name, old, last FROM (SELECT l.name FROM ({LoggedTables}) AS l UNION ALL SELECT '{SidePosition.FormerOrigins}') AS t
                ON CONFLICT (table_name, origin) DO UPDATE SET update_key = excluded.update_key;
            INSERT INTO public.loggercms_position (table_name, origin, update_key) VALUES ('', new, 1)
                ON CONFLICT (table_name, origin) DO UPDATE SET update_key = excluded.update_key;
            UPDATE public.loggercms_meta SET value = CASE name WHEN 'origin' THEN new ELSE public.loggercms_identity() END WHERE name IN ('origin', 'identity');
            EXECUTE format('DROP SEQUENCE IF EXISTS public.%I', sequence);
            EXECUTE format('CREATE SEQUENCE public.%I AS bigint CACHE 1', 'loggercms_key_' || suffix);
            EXECUTE format('REVOKE ALL ON SEQUENCE public.%I FROM PUBLIC', 'loggercms_key_' || suffix);
            RETURN new;
        END $f$;

        -- The first logged row of a transaction. Gives 'origin/first key' and notes 'transaction origin'.
        CREATE OR REPLACE FUNCTION public.loggercms_begin() RETURNS text VOLATILE {Header} AS $f$
        DECLARE here text := public.loggercms_identity(); made text; own text; sequence text; low bigint; first bigint;
        BEGIN
            SELECT value INTO made FROM public.loggercms_meta WHERE name = 'identity';
            IF made <> here THEN
                PERFORM pg_advisory_xact_lock({PgLogLocks.Incarnation << 48});
                SELECT value INTO made FROM public.loggercms_meta WHERE name = 'identity';
                IF made <> here THEN PERFORM public.loggercms_renew(public.loggercms_next_suffix()); END IF;
            END IF;
            PERFORM pg_advisory_xact_lock_shared({PgLogLocks.Incarnation << 48});
            SELECT value INTO own FROM public.loggercms_meta WHERE name = 'origin';
            sequence := 'loggercms_key_' || substring(own from '[^-]*$');
            low := public.loggercms_last(sequence);
            IF low IS NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'The config message log changed its origin after this transaction began; run it again.';
            END IF;
            PERFORM pg_advisory_xact_lock_shared({PgLogLocks.Low << 48} + low);
            first := nextval('public.' || quote_ident(sequence));
            PERFORM pg_advisory_xact_lock_shared({PgLogLocks.First << 48} + first);
            PERFORM set_config('loggercms.tx', pg_current_xact_id()::text || ' ' || own, true);
            RETURN own || '/' || first;
        END $f$;

        -- One entry. The note of a rolled back savepoint goes with its locks, so a note means that the locks are held.
        CREATE OR REPLACE FUNCTION public.loggercms_append(name text, operation "char", row_key text) RETURNS void VOLATILE {Header} AS $f$
        DECLARE note text := current_setting('loggercms.tx', true); own text; number bigint; began text;
        BEGIN
            IF split_part(note, ' ', 1) = pg_current_xact_id()::text THEN
                own := substr(note, strpos(note, ' ') + 1);
                number := nextval('public.' || quote_ident('loggercms_key_' || substring(own from '[^-]*$')));
            ELSE
                began := public.loggercms_begin();
                own := left(began, length(began) - strpos(reverse(began), '/'));
                number := substring(began from '[^/]*$')::bigint;
            END IF;
            INSERT INTO public.loggercms_log VALUES (own, number, name, operation, row_key, {Now});
        END $f$;

        REVOKE ALL ON FUNCTION public.loggercms_renew(text), public.loggercms_begin(), public.loggercms_append(text, "char", text) FROM PUBLIC;
        """);

    /// <summary>The row triggers with which a table's partitions came under the log; one that is attached, even anew, gets another.</summary>
    public static string PartitionTriggers(string oid) => $"""
        SELECT coalesce(string_agg(g.oid::text, ' ' ORDER BY g.oid), '') FROM pg_partition_tree({oid}) AS p JOIN pg_trigger AS g ON g.tgrelid = p.relid
        WHERE p.level > 0 AND g.tgname = '{Trigger}' AND {Fires}
        """;

    /// <summary>What the function of a table's row trigger does; where the one that is there does something else, its entries do not tell all changes.</summary>
    /// <param name="table">The table as it is now.</param>
    /// <param name="partitions">See <see cref="PartitionTriggers"/>.</param>
    public static string RowFunction(PgTable table, string partitions)
    {
        var key = table.Key(table.Schema);
        var name = PgName.Literal(table.Name.ToString());
        return $"""
            {(table.IsPartitioned ? $"-- partitions: {partitions}\n" : string.Empty)}DECLARE old_key text; new_key text;
            BEGIN
                IF TG_OP <> 'INSERT' THEN old_key := {KeyText(key, "OLD")}; END IF;
                IF TG_OP <> 'DELETE' THEN new_key := {KeyText(key, "NEW")}; END IF;
                IF old_key = new_key THEN
                    PERFORM public.loggercms_append({name}, 'U', new_key);
                    RETURN NULL;
                END IF;
                IF old_key IS NOT NULL THEN PERFORM public.loggercms_append({name}, 'D', old_key); END IF;
                IF new_key IS NOT NULL THEN PERFORM public.loggercms_append({name}, 'I', new_key); END IF;
                RETURN NULL;
            END
            """;
    }

    /// <summary>Makes the function of a table's row trigger.</summary>
    public static string CreateRowFunction(PgTable table, string partitions)
        => $"CREATE OR REPLACE FUNCTION {RowFunctionName(table)}() RETURNS trigger {Header} AS $f$\n{RowFunction(table, partitions)} $f$";

    /// <summary>The functions and triggers of one table.</summary>
    public static IEnumerable<string> TableStatements(PgTable table, IReadOnlyList<string> partitions)
    {
        var key = table.Key(table.Schema);
        var name = PgName.Literal(table.Name.ToString());
        var function = RowFunctionName(table);
        var truncate = string.Create(CultureInfo.InvariantCulture, $"public.loggercms_truncate_{table.Oid}");
        yield return CreateRowFunction(table, string.Empty);
        yield return $"CREATE OR REPLACE TRIGGER {Trigger} AFTER INSERT OR UPDATE OR DELETE ON {PgName.Quote(table.Name)} FOR EACH ROW EXECUTE FUNCTION {function}()";
        yield return string.Create(CultureInfo.InvariantCulture, $"""
            CREATE OR REPLACE FUNCTION {truncate}() RETURNS trigger {Header} AS $f$
            DECLARE source text := format('%s%I.%I', CASE (SELECT relkind FROM pg_class WHERE oid = TG_RELID) WHEN 'p' THEN '' ELSE 'ONLY ' END, TG_TABLE_SCHEMA, TG_TABLE_NAME); many bigint; one text;
            BEGIN
                EXECUTE 'SELECT count(*) FROM (SELECT FROM ' || source || ' LIMIT {MostTruncated + 1}) AS c' INTO many;
                IF many > {MostTruncated} THEN
                    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = 'TRUNCATE of a logged table with more than {MostTruncated} rows.',
                        HINT = 'Use DELETE, or Disable-ConfigMessageLog first.';
                END IF;
                FOR one IN EXECUTE 'SELECT ' || {PgName.Literal(KeyText(key, "t"))} || ' FROM ' || source || ' AS t' LOOP
                    PERFORM public.loggercms_append({name}, 'D', one);
                END LOOP;
                RETURN NULL;
            END $f$
            """);
        foreach (var one in partitions.Prepend(PgName.Quote(table.Name)))
            yield return $"CREATE OR REPLACE TRIGGER {TruncateTrigger} BEFORE TRUNCATE ON {one} FOR EACH STATEMENT EXECUTE FUNCTION {truncate}()";
        yield return $"REVOKE ALL ON FUNCTION {function}(), {truncate}() FROM PUBLIC";
    }

    private static string RowFunctionName(PgTable table) => string.Create(CultureInfo.InvariantCulture, $"public.loggercms_log_{table.Oid}");

    /// <summary>The key as <see cref="LogKey"/> writes it, whatever the session's settings.</summary>
    private static string KeyText(PgColumn[] key, string row) => string.Join(" || ',' || ", key.Select(c =>
    {
        var column = $"{row}.{c.Quoted}";
        return c.Codec switch
        {
            PgCodec.Bool => $"CASE WHEN {column} THEN 'o1' ELSE 'o0' END",
            PgCodec.Bytea => $"'b' || encode({column}, 'hex')",
            PgCodec.Uuid => $"'g' || replace({column}::text, '-', '')",
            PgCodec.Numeric => $"'d' || {column}::text",

            // format keeps the trailing blanks that a cast from char(n) would cut.
            PgCodec.Text => $"'t' || encode(convert_to(format('%s', {column}), 'UTF8'), 'hex')",
            _ => $"'i' || {column}::text",
        };
    }));
}
