using System.Data.SqlTypes;
using System.Globalization;
using LoggerCms.Core.StateTransfer;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.SqlServer;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two databases of a SQL Server or a Babelfish, an engine with a home of its own, a temp folder; all gone afterwards. Skips where there is no server.</summary>
internal sealed class SqlServerArena : IAsyncDisposable
{
    private const string Variable = "LOGGERCMS_TEST_SQLSERVER";

    private readonly string _name = "loggercms_t" + Guid.NewGuid().ToString("n")[..16];

    private SqlServerArena()
    {
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("loggercms-transfer-sqlserver-").FullName;

    public SideConnection A => Side("_a", "A");

    public SideConnection B => Side("_b", "B");

    public SideEngine Engine => new([new SqlServerSideDriver(), new SqliteSideDriver()], TimeProvider.System, new TransferStore(TimeProvider.System, Folder));

    public StateTransferRequest Request => new() { Source = A, Destination = B, TempPath = Folder, LockTimeout = TimeSpan.FromSeconds(5) };

    private static string? Server => Environment.GetEnvironmentVariable(Variable);

    /// <param name="both">Statements that both databases begin with.</param>
    public static async Task<SqlServerArena> CreateAsync(params string[] both)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Server), $"No SQL Server: {Variable} is not set.");
        var arena = new SqlServerArena();
        foreach (var side in new[] { "_a", "_b" })
        {
            await ExecuteAsync("master", $"CREATE DATABASE {arena._name}{side}");
            if (!await IsBabelfishAsync())
                await ExecuteAsync("master", $"ALTER DATABASE {arena._name}{side} SET ALLOW_SNAPSHOT_ISOLATION ON");
            await ExecuteAsync(arena._name + side, both);
        }

        return arena;
    }

    public Task RunAAsync(params string[] statements) => ExecuteAsync(_name + "_a", statements);

    public Task RunBAsync(params string[] statements) => ExecuteAsync(_name + "_b", statements);

    public Task<SqlConnection> OpenBAsync() => OpenAsync(_name + "_b");

    /// <summary>Every row of the tables, exact to the bit, in one order.</summary>
    public async Task<string> DumpAsync(string side, params string[] tables)
    {
        var lines = new List<string>();
        await using var connection = await OpenAsync(_name + side);
        foreach (var table in tables)
        {
            await using var command = new SqlCommand($"SELECT * FROM {table}", connection);
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            var values = new object[reader.FieldCount];
            while (await reader.ReadAsync(CancellationToken.None))
            {
                reader.GetSqlValues(values);
                lines.Add($"{table} {string.Join('|', values.Select(Show))}");
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        foreach (var side in new[] { "_a", "_b" })
            await ExecuteAsync("master", $"DROP DATABASE IF EXISTS {_name}{side}");
    }

    private static string Show(object value) => value switch
    {
        INullable { IsNull: true } => "NULL",
        SqlBinary binary => Convert.ToHexString(binary.Value),
        SqlDouble number => BitConverter.DoubleToInt64Bits(number.Value).ToString("x16", CultureInfo.InvariantCulture),
        SqlSingle number => BitConverter.SingleToInt32Bits(number.Value).ToString("x8", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static async Task<bool> IsBabelfishAsync()
    {
        await using var connection = await OpenAsync("master");
        await using var command = new SqlCommand("SELECT CAST(SERVERPROPERTY('Babelfish') AS int)", connection);
        return await command.ExecuteScalarAsync(CancellationToken.None) is 1;
    }

    private SideConnection Side(string database, string name)
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(Server) { InitialCatalog = _name + database }.ConnectionString, name: name);

    private static async Task<SqlConnection> OpenAsync(string database)
    {
        var connection = new SqlConnection(new SqlConnectionStringBuilder(Server) { InitialCatalog = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    private static async Task ExecuteAsync(string database, params string[] statements)
    {
        await using var connection = await OpenAsync(database);
        foreach (var statement in statements)
        {
            await using var command = new SqlCommand(statement, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}
