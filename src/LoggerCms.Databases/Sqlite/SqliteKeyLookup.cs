using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Statements that reach rows by canonical keys, matched by their bytes.</summary>
internal sealed class SqliteKeyLookup(SqliteDb db, SqliteTable table, TableSchema schema)
{
    private readonly SqliteColumn[] _key = table.SelectKey(schema);

    /// <summary>Key columns equal to parameters, numbered from <paramref name="first"/> on.</summary>
    public string Condition(int first = 1)
        => _key.Length == 0
            ? throw new LoggerCmsException(
                ErrorCodes.TableWithoutKey,
                $"The table '{schema.Name}' has no key that tells its rows apart.",
                "Give it a primary key whose columns are NOT NULL.",
                db.Side)
            : SqliteSql.All([.. _key.Select((c, i) => SqliteSql.SameAsParameter(c, "?" + (first + i)))]);

    /// <summary>Runs a statement of <see cref="Condition"/> for one key.</summary>
    public unsafe void ForEachRow(SqliteStatement statement, ReadOnlySpan<byte> key, Action<SqliteStatement> row)
    {
        fixed (byte* pinned = key)
        {
            try
            {
                SqliteRowWriter.BindRow(db, statement.Handle, 1, _key, new ReadOnlySpan<byte>(pinned, key.Length));
                while (statement.Step())
                    row(statement);
            }
            finally
            {
                statement.Reset();
            }
        }
    }
}
