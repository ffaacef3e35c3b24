using System.Data.Common;
using System.Data.SqlTypes;
using System.Globalization;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.SqlServer;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two databases of a SQL Server or a Babelfish. Skips where there is no server.</summary>
internal sealed class SqlServerArena : ServerArena
{
    private const string Variable = "LOGGERCMS_TEST_SQLSERVER";

    private SqlServerArena()
        : base("t")
    {
    }

    protected override IReadOnlyList<ISideDriver> Drivers => [new SqlServerSideDriver(), new SqliteSideDriver()];

    protected override string Maintenance => "master";

    private static string? Server => Environment.GetEnvironmentVariable(Variable);

    /// <param name="both">Statements that both databases begin with.</param>
    public static async Task<SqlServerArena> CreateAsync(params string[] both)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Server), $"No SQL Server: {Variable} is not set.");
        var arena = new SqlServerArena();
        await arena.MakeAsync(both);
        return arena;
    }

    protected override async Task MakeAsync(string database)
    {
        await MaintainAloneAsync($"CREATE DATABASE {database}");
        if (!await IsBabelfishAsync())
            await MaintainAsync($"ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON");
    }

    protected override Task DropAsync(string database) => MaintainAloneAsync($"DROP DATABASE IF EXISTS {database}");

    protected override SideConnection Side(string database, string name)
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(Server) { InitialCatalog = database }.ConnectionString, name: name);

    protected override async Task<DbConnection> ConnectAsync(string database)
    {
        var connection = new SqlConnection(new SqlConnectionStringBuilder(Server) { InitialCatalog = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    protected override async Task<IReadOnlyList<string>> ReadAsync(DbConnection connection, string table)
    {
        var rows = new List<string>();
        await using var command = new SqlCommand($"SELECT * FROM {table}", (SqlConnection)connection);
        await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
        var values = new object[reader.FieldCount];
        while (await reader.ReadAsync(CancellationToken.None))
        {
            reader.GetSqlValues(values);
            rows.Add(string.Join('|', values.Select(Show)));
        }

        return rows;
    }

    private static string Show(object value) => value switch
    {
        INullable { IsNull: true } => "NULL",
        SqlBinary binary => Convert.ToHexString(binary.Value),
        SqlDouble number => BitConverter.DoubleToInt64Bits(number.Value).ToString("x16", CultureInfo.InvariantCulture),
        SqlSingle number => BitConverter.SingleToInt32Bits(number.Value).ToString("x8", CultureInfo.InvariantCulture),
        SqlXml xml => xml.Value,
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    /// <summary>Babelfish, whose databases are schemas of one, neither makes nor drops two at once; another test was first then.</summary>
    private async Task MaintainAloneAsync(string statement)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await MaintainAsync(statement);
                return;
            }
            catch (SqlException error) when (tries < 20 && error.Message.Contains("tuple concurrently updated", StringComparison.Ordinal))
            {
                // Again.
            }
        }
    }

    private async Task<bool> IsBabelfishAsync()
    {
        await using var connection = await ConnectAsync(Maintenance);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT CAST(SERVERPROPERTY('Babelfish') AS int)";
        return await command.ExecuteScalarAsync(CancellationToken.None) is 1;
    }
}
