namespace LoggerCms.Databases.SqlServer;

/// <summary>What is known of a server and a database once a side is open.</summary>
internal sealed record SqlServerFacts(string Server, string Database, DateTime Created, bool AllowsSnapshot, SqlServerDialect Dialect)
{
    private const string Query = """
        SELECT CAST(@@SERVERNAME AS nvarchar(128)), CAST(DB_NAME() AS nvarchar(128)), d.create_date, CAST(d.snapshot_isolation_state AS int), d.collation_name,
            CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('Babelfish') AS int)
        FROM sys.databases d WHERE d.name = DB_NAME()
        """;

    private const string CodePageQuery = """
        SELECT c.name, CAST(COLLATIONPROPERTY(c.name, 'CodePage') AS int) FROM (
            SELECT DISTINCT collation_name AS name FROM sys.columns WHERE collation_name IS NOT NULL
            UNION SELECT collation_name FROM sys.databases WHERE name = DB_NAME()) c
        """;

    /// <summary>How a snapshot is held here, in the server's words.</summary>
    public string IsolationName => (AllowsSnapshot, Dialect.IsBabelfish) switch
    {
        (true, false) => "snapshot",
        (true, true) => "snapshot (Babelfish: repeatable read)",
        _ => "serializable, under shared table locks",
    };

    public static async Task<SqlServerFacts> ReadAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(
            Query,
            r => (
                Server: r.IsDBNull(0) ? string.Empty : r.GetString(0),
                Database: r.GetString(1),
                Created: r.GetDateTime(2),
                Snapshot: r.GetInt32(3),
                Collation: r.IsDBNull(4) ? string.Empty : r.GetString(4),
                Version: r.GetString(5),
                Babelfish: !r.IsDBNull(6) && r.GetInt32(6) == 1),
            "reading the server's properties",
            cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.AccessDenied,
                $"The login cannot see the properties of '{session.Side}'.",
                "Grant it VIEW ANY DATABASE, or connect as the database's owner.",
                session.Side);
        }

        var found = rows[0];
        if (!found.Babelfish && (!Version.TryParse(found.Version, out var version) || version.Major < 13))
        {
            throw new LoggerCmsException(
                ErrorCodes.NotADatabase,
                $"'{session.Side}' runs on version {found.Version} of SQL Server.",
                "Use SQL Server 2016 (13.0) or later.",
                session.Side);
        }

        var codePages = await session.QueryAsync(
            CodePageQuery,
            r => (Name: r.IsDBNull(0) ? string.Empty : r.GetString(0), CodePage: r.IsDBNull(1) ? DefaultCodePage(found.Babelfish) : r.GetInt32(1)),
            "reading the collations",
            cancellationToken).ConfigureAwait(false);
        return new SqlServerFacts(
            found.Server,
            found.Database,
            found.Created,
            found.Snapshot is 1,
            new SqlServerDialect(
                found.Babelfish, found.Collation, codePages.DistinctBy(c => c.Name).ToDictionary(c => c.Name, c => c.CodePage, StringComparer.OrdinalIgnoreCase)));
    }

    /// <summary>Babelfish knows no code page of its own names for collations, which all stand for 1252.</summary>
    private static int DefaultCodePage(bool isBabelfish) => isBabelfish ? 1252 : 0;
}
