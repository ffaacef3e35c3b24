using System.Security;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Where the server is and as whom to reach it: what every further connection of a side is made from.</summary>
internal sealed class SqlServerAddress
{
    private readonly string _connectionString;
    private readonly SqlCredential? _credential;

    public SqlServerAddress(SideConnection connection)
    {
        SqlConnectionStringBuilder builder;
        try
        {
            builder = new SqlConnectionStringBuilder(connection.DataSource);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                $"The SQL Server connection string cannot be read: {error.Message}",
                "Write it as 'Server=NAME,PORT;Database=NAME;…'.",
                connection.Name,
                innerException: error);
        }

        if (builder.DataSource.Length == 0 || builder.InitialCatalog.Length == 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                "The SQL Server connection string names no " + (builder.DataSource.Length == 0 ? "server." : "database."),
                "Write it as 'Server=NAME,PORT;Database=NAME;…'.",
                connection.Name);
        }

        Database = builder.InitialCatalog;
        Server = builder.DataSource;
        Side = connection.Name ?? builder.InitialCatalog;

        // A pooled or silently renewed connection would lose its transaction, its lock or its settings without a word.
        builder.Pooling = false;
        builder.ConnectRetryCount = 0;
        builder.MultipleActiveResultSets = false;
        builder.Enlist = false;
        builder.PersistSecurityInfo = false;
        if (!connection.DataSource.Contains("application name", StringComparison.OrdinalIgnoreCase))
            builder.ApplicationName = "LoggerCms";

        if (connection.GetCredential() is { } credential)
        {
            builder.Remove("User ID");
            builder.IntegratedSecurity = false;
            var password = new SecureString();
            foreach (var c in credential.Password)
                password.AppendChar(c);
            password.MakeReadOnly();
            _credential = new SqlCredential(credential.UserName, password);
        }

        _connectionString = builder.ConnectionString;
    }

    public string Server { get; }

    public string Database { get; }

    /// <summary>What the side is called in results and errors.</summary>
    public string Side { get; }

    public SqlConnection CreateConnection()
        => _credential is null ? new SqlConnection(_connectionString) : new SqlConnection(_connectionString, _credential);
}
