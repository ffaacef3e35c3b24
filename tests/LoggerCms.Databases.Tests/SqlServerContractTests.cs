using LoggerCms.Databases.Tests.Contract;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.Tests;

public sealed class SqlServerContractTests() : SideDriverContract(new SqlServerMake())
{
    public override TheoryData<string, object, object> Limits => new()
    {
        { "tinyint", 255L, 256L },
        { "tinyint", 0L, -1L },
        { "smallint", 32767L, 32768L },
        { "int", -2147483648L, 2147483648L },
        { "nvarchar(3)", "abc", "abcd" },
        { "nvarchar(3)", "a😀", "ab😀" },
        { "varchar(5)", "abcde", "abcdef" },
        { "varchar(20)", "abc", "日本" },
        { "varbinary(2)", new byte[] { 1, 2 }, new byte[] { 1, 2, 3 } },
        { "decimal(4, 2)", Raw.Decimal("12.34"), Raw.Decimal("12.345") },
        { "decimal(4, 2)", Raw.Decimal("-99.99"), Raw.Decimal("100.00") },
        { "decimal(4, 2)", Raw.Decimal("1.50"), Raw.Decimal("1.5") },
        { "float(53)", 1.5, double.NaN },
        { "float(53)", 1.5, double.PositiveInfinity },
        { "datetime2(0)", new DateTime(2026, 11, 22), new DateTime(2026, 11, 22).AddMilliseconds(5) },
        { "datetime", new DateTime(2026, 11, 22), new DateTime(2026, 11, 22).AddMilliseconds(1) },
        { "datetime", new DateTime(2026, 11, 22), new DateTime(1700, 1, 1) },
        { "smalldatetime", new DateTime(2026, 11, 22), new DateTime(2026, 11, 22, 0, 0, 5) },
        { "time(0)", new TimeOnly(1, 2, 3), new TimeOnly(5L) },
        { "date", new DateOnly(2026, 11, 22), new Raw(FieldTag.Date, BitConverter.GetBytes(-800000)) },
        { "money", Raw.Decimal("1.5000"), Raw.Decimal("1.50001") },
    };

    protected override SideConnection MissingDatabase()
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { InitialCatalog = "loggercms_never_made" }.ConnectionString);

    protected override SideConnection? WrongPassword()
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { InitialCatalog = "master", Password = "s3cr3t-wr0ng" }.ConnectionString);

    protected override SideConnection? Unreachable()
        => new(SideProvider.SqlServer, new SqlConnectionStringBuilder(SqlServerMake.Server) { DataSource = "127.0.0.1,1", InitialCatalog = "any", Password = "s3cr3t", ConnectTimeout = 5 }.ConnectionString);
}
