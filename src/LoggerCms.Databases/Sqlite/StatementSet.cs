namespace LoggerCms.Databases.Sqlite;

/// <summary>Statements that are prepared once and run many times.</summary>
internal sealed class StatementSet(SqliteDb db) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    /// <summary>The statement, ready to be bound.</summary>
    public SqliteStatement Get(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements[sql] = statement = db.Prepare(sql);
        statement.Reset();
        return statement;
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
    }
}
