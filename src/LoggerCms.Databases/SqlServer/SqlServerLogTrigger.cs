using System.Security.Cryptography;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The trigger that puts a table under the config message log.</summary>
/// <remarks>
/// Update keys come from one row that the trigger updates, so a transaction that changed a logged table holds that row until its end: keys commit in
/// their own order, and the last committed value of the row is the last update key. The cost: transactions that change logged tables wait for each other
/// from their first change to their commit, and two that then wait for each other's rows are a deadlock of which the server ends one.
/// What fires no trigger is not seen: TRUNCATE TABLE, bulk loads without FIRE_TRIGGERS, disabled triggers, SWITCH of partitions.
/// </remarks>
internal static class SqlServerLogTrigger
{
    public const string Prefix = "loggercms_log_";

    /// <summary>The trigger's name, in the schema of its table.</summary>
    public static string Name(SqlServerTable table)
        => FormattableString.Invariant(
            $"{SqlServerDialect.Quote(table.Schema.Name.Schema ?? SqlServerCatalog.DefaultSchema)}.[{Prefix}{table.ObjectId}]");

    /// <summary>Why a table cannot be put under the log, or null.</summary>
    public static string? Objection(SqlServerTable table)
    {
        if (!table.Schema.HasKey)
            return "it has no key";
        return table.Schema.Key.Select(i => table.Columns[i].Schema).FirstOrDefault(c => !LogKey.CanCarry(c.Type.Kind)) is { } column
            ? $"its key column '{column.Name}' is of type {column.DeclaredType}"
            : null;
    }

    public static string Create(SqlServerTable table, SqlServerDialect dialect)
    {
        var key = RowKey(table, dialect);

        // A session's own ROWCOUNT would cut what the trigger writes; Babelfish has none for these statements.
        var unlimited = dialect.IsBabelfish ? string.Empty : "SET ROWCOUNT 0;";
        return $"""
            CREATE TRIGGER {Name(table)} ON {table.QuotedName} AFTER INSERT, UPDATE, DELETE AS
            BEGIN
                SET NOCOUNT ON; {unlimited}
                DECLARE @entries TABLE (seq bigint NOT NULL, operation char(1) NOT NULL, row_key varchar(8000) NOT NULL);
                INSERT INTO @entries (seq, operation, row_key)
                SELECT ROW_NUMBER() OVER (ORDER BY e.place, e.row_key), e.operation, e.row_key FROM (
                    SELECT CASE WHEN i.row_key IS NULL THEN 'D' WHEN d.row_key IS NULL THEN 'I' ELSE 'U' END AS operation,
                        CASE WHEN i.row_key IS NULL THEN 0 ELSE 1 END AS place, COALESCE(i.row_key, d.row_key) AS row_key
                    FROM (SELECT {key} AS row_key FROM deleted) d
                    FULL OUTER JOIN (SELECT {key} AS row_key FROM inserted) i ON i.row_key = d.row_key) e;
                DECLARE @count bigint;
                SELECT @count = COUNT_BIG(*) FROM @entries;
                IF @count = 0 RETURN;
                DECLARE @last bigint, @origin nvarchar(100);
                UPDATE {SqlServerNames.Meta} SET value = CAST(CAST(value AS bigint) + @count AS nvarchar(30)) WHERE name = N'update_key';
                SELECT @last = CAST(value AS bigint) FROM {SqlServerNames.Meta} WHERE name = N'update_key';
                SELECT @origin = value FROM {SqlServerNames.Meta} WHERE name = N'origin';
                INSERT INTO {SqlServerNames.Log} (origin, update_key, table_name, operation, row_key, at_us)
                SELECT @origin, @last - @count + e.seq, {SqlServerDialect.Literal(table.Schema.Name.ToString())}, e.operation, e.row_key,
                    {SqlServerNames.NowMicroseconds}
                FROM @entries e;
            END
            """;
    }

    /// <summary>What tells whether a trigger that was made earlier writes the key that the table has now.</summary>
    public static string KeyMark(SqlServerTable table, SqlServerDialect dialect)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RowKey(table, dialect))));

    private static string RowKey(SqlServerTable table, SqlServerDialect dialect)
        => string.Join(" + ',' + ", table.Schema.Key.Select(i => Field(table.Columns[i], dialect)));

    private static string Field(SqlServerColumn column, SqlServerDialect dialect)
    {
        var name = SqlServerDialect.Quote(column.Schema.Name);
        return column.Form switch
        {
            ColumnForm.Boolean => $"'o' + CASE WHEN {name} = 1 THEN '1' ELSE '0' END",
            ColumnForm.Text => dialect.TextInHex(column.Read(name)),
            ColumnForm.Binary => $"'b' + {dialect.BinaryInHex(name)}",
            ColumnForm.Guid => $"'g' + LOWER(REPLACE(CONVERT(char(36), {name}), '-', ''))",
            ColumnForm.Decimal or ColumnForm.Money => $"'d' + CONVERT(varchar(45), {column.Read(name)})",
            _ => $"'i' + CAST({name} AS varchar(20))",
        };
    }
}
