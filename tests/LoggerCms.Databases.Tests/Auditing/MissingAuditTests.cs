using LoggerCms.Core.Auditing;
using LoggerCms.Core.Files;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Auditing;

/// <summary>An audit database that was there before is not made anew.</summary>
public sealed class MissingAuditTests
{
    private static readonly AuditFilter All = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_is_missing_or_empty_is_told_until_it_is_back_or_a_new_one_is_asked_for(bool isEmpty)
    {
        using var data = new TestFolder();
        using var folder = new TestFolder();
        var (path, away) = (Path.Combine(folder.Path, "audit.db"), Path.Combine(folder.Path, "away.db"));
        await WithAsync(async audit =>
        {
            await audit.PrepareAsync(Token);
            await audit.InsertAsync([Event()], Token);
        });
        File.Move(path, away);
        if (isEmpty)
            File.Create(path).Dispose();
        await WithAsync(async audit =>
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => audit.PrepareAsync(Token));
            Assert.Equal(ErrorCodes.DatabaseNotFound, failure.Code);
            Assert.Contains(RememberedAuditDatabase.File, failure.Remedy, StringComparison.Ordinal);
            Assert.Equal(isEmpty, File.Exists(path));
            File.Move(away, path, overwrite: true);
            await audit.PrepareAsync(Token);
            Assert.Single(await audit.QueryAsync(All, Token));
        });
        File.Delete(path);
        File.Delete(Path.Combine(data.Path, RememberedAuditDatabase.File));
        await WithAsync(async audit =>
        {
            await audit.PrepareAsync(Token);
            Assert.Empty(await audit.QueryAsync(All, Token));
        });

        async Task WithAsync(Func<IAuditDatabase, Task> work)
        {
            var connection = new SideConnection(SideProvider.Sqlite, path);
            await using var audit = new RememberedAuditDatabase(AuditDatabaseFactory.Open(connection), SystemFiles.Instance, data.Path, connection.ToString());
            await work(audit);
        }
    }

    private static AuditEvent Event() => new()
    {
        Id = Guid.CreateVersion7(),
        TimeUs = 1,
        Source = "test",
        PrincipalId = 1,
        PrincipalName = "",
        Action = "Create",
        ObjectId = 1,
        ObjectName = "",
        ObjectKind = "",
        Path = "",
        Result = AuditResult.Succeeded,
        Detail = "",
        ClientAddress = "",
    };
}
