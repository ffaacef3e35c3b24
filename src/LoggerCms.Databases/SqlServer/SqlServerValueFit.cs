using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Checks whole rows against a table of this side before they are sent.</summary>
internal sealed class SqlServerValueFit : IValueFit
{
    private readonly SqlServerDialect _dialect;
    private readonly SqlServerColumn[] _columns;

    private SqlServerValueFit(SqlServerDialect dialect, SqlServerColumn[] columns)
    {
        _dialect = dialect;
        _columns = columns;
    }

    /// <summary>
    /// Null where every value of the columns' kinds fits. Equal declarations prove nothing: other makes have types of the same names that hold more.
    /// </summary>
    public static SqlServerValueFit? For(TableSchema source, TableSchema destination, SqlServerDialect dialect)
    {
        SqlServerColumn[] columns = [.. destination.Columns.Select(c => SqlServerTypes.FromSchema(c, dialect))];
        return source.Columns.Count == columns.Length && columns.All(SqlServerFit.IsTotal) ? null : new SqlServerValueFit(dialect, columns);
    }

    public (int Column, string Reason)? Check(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; i < _columns.Length && reader.Read(); i++)
        {
            if (SqlServerFit.Check(_columns[i], reader, _dialect) is { } reason)
                return (i, reason);
        }

        return null;
    }
}
