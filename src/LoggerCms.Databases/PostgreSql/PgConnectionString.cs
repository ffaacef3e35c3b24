using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The connection string as the driver needs it, from what the caller gave.</summary>
internal static class PgConnectionString
{
    private const int BufferSize = 256 * 1024;

    public static NpgsqlConnectionStringBuilder Build(SideConnection connection)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(connection.DataSource);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException or InvalidOperationException or InvalidCastException or OverflowException)
        {
            // The library's message names the key, not the value; the value is not repeated here.
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                $"The PostgreSQL connection string cannot be read: {e.Message}",
                "Write it as postgresql:Host=…;Port=5432;Username=…;Database=….",
                connection.Name);
        }

        if (string.IsNullOrEmpty(builder.Host))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                "The PostgreSQL connection string names no Host.",
                "Write it as postgresql:Host=…;Port=5432;Username=…;Database=….",
                connection.Name);
        }

        if (connection.GetCredential() is { } credential)
        {
            if (credential.UserName.Length > 0)
                builder.Username = credential.UserName;
            builder.Password = credential.Password;
        }

        builder.Pooling = false;
        builder.Multiplexing = false;
        builder.Enlist = false;
        builder.PersistSecurityInfo = false;
        builder.CommandTimeout = 0;
        builder.CancellationTimeout = 2000;
        if (!builder.Host.StartsWith('/'))
        {
            // A Unix socket refuses these options, and notices a dead server by itself.
            builder.TcpKeepAlive = true;
            builder.TcpKeepAliveTime = 5;
            builder.TcpKeepAliveInterval = 1;
        }

        builder.ClientEncoding = "UTF8";
        builder.MaxAutoPrepare = 0;
        builder.IncludeErrorDetail = false;
        builder.ReadBufferSize = Math.Max(builder.ReadBufferSize, BufferSize);
        builder.WriteBufferSize = Math.Max(builder.WriteBufferSize, 32 * 1024);
        if (builder.SocketReceiveBufferSize == 0)
            builder.SocketReceiveBufferSize = 2 * BufferSize;
        builder.ApplicationName ??= "LoggerCms";
        return builder;
    }
}
