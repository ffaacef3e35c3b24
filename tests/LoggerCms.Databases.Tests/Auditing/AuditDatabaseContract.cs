using LoggerCms.Core.Auditing;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Auditing;

/// <summary>What every audit database owes the queue and those who ask it.</summary>
public abstract class AuditDatabaseContract(TestMake make) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(make.Missing is not null, make.Missing ?? string.Empty);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            await _owned[i].DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Each_id_is_stored_once_whoever_sends_it_again()
    {
        var (database, audit) = await PreparedAsync();
        await audit.PrepareAsync(Token);
        var e = Event(1, 10);
        await audit.InsertAsync([e, e, Event(2, 20)], Token);
        await audit.InsertAsync([e with { Detail = "sent again", TimeUs = 11 }, Event(3, 30)], Token);
        Assert.Equal("3", await database.ScalarAsync("SELECT count(*) FROM audit_event"));
        Assert.Equal(e, (await audit.QueryAsync(new AuditFilter { Take = 1 }, Token))[0]);
    }

    [Fact]
    public async Task Filters_take_what_they_name_and_only_that()
    {
        var (_, audit) = await PreparedAsync();
        var all = new[]
        {
            Event(1, 10),
            Event(2, 20) with { PrincipalId = 5, PrincipalName = "o'neil \"😀\"" },
            Event(3, 30) with { Action = "Delete", Result = AuditResult.Denied },
            Event(4, 40) with { ObjectId = 77, Source = "reports", Detail = "took 100% of_it \\ there", Path = "/a/B" },
        };
        await audit.InsertAsync(all, Token);
        await FindsAsync(new(), 1, 2, 3, 4);
        await FindsAsync(new() { Descending = true }, 4, 3, 2, 1);
        await FindsAsync(new() { FromUs = 20, ToUs = 40 }, 2, 3);
        await FindsAsync(new() { PrincipalId = 5 }, 2);
        await FindsAsync(new() { PrincipalName = "o'neil \"😀\"" }, 2);
        await FindsAsync(new() { PrincipalName = "O'NEIL \"😀\"" }, 2);
        await FindsAsync(new() { Action = "Delete", Result = AuditResult.Denied }, 3);
        await FindsAsync(new() { Action = "delete" }, 3);
        await FindsAsync(new() { Result = AuditResult.Failed });
        await FindsAsync(new() { ObjectId = 77, Source = "reports" }, 4);
        await FindsAsync(new() { Source = "Reports" }, 4);
        await FindsAsync(new() { Text = "100% OF_IT \\" }, 4);
        await FindsAsync(new() { Text = "100_" });
        await FindsAsync(new() { Text = "/a/b" }, 4);

        async Task FindsAsync(AuditFilter filter, params int[] numbers)
            => Assert.Equal(numbers.Select(n => all[n - 1]), await audit.QueryAsync(filter, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_follow_each_other_without_a_gap_also_among_events_of_one_time(bool descending)
    {
        var (_, audit) = await PreparedAsync();
        await audit.InsertAsync([.. Enumerable.Range(1, 25).Select(i => Event(i, i / 10) with { Id = Guid.NewGuid() })], Token);
        var read = new List<AuditEvent>();
        while (true)
        {
            var page = await audit.QueryAsync(
                new AuditFilter { Take = 4, Descending = descending, After = read.Count == 0 ? null : AuditPosition.Of(read[^1]) }, Token);
            if (page.Count == 0)
                break;
            read.AddRange(page);
        }

        Assert.Equal(25, read.Select(e => e.Id).Distinct().Count());
        Assert.Equal(25, read.Count);
        Assert.Equal(descending ? read.OrderByDescending(e => e.TimeUs).Select(e => e.TimeUs) : read.OrderBy(e => e.TimeUs).Select(e => e.TimeUs), read.Select(e => e.TimeUs));
    }

    [Fact]
    public async Task Purging_removes_what_is_older_and_tells_how_many()
    {
        var (_, audit) = await PreparedAsync();
        await audit.InsertAsync([Event(1, 10), Event(2, 20), Event(3, 30)], Token);
        Assert.Equal(1, await audit.PurgeAsync(20, Token));
        Assert.Equal([20L, 30L], (await audit.QueryAsync(new AuditFilter(), Token)).Select(e => e.TimeUs));
    }

    [Fact]
    public async Task An_unknown_format_is_refused_and_left_untouched()
    {
        var (database, audit) = await PreparedAsync();
        await database.ExecuteAsync("UPDATE loggercms_audit SET format = 77");
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => audit.PrepareAsync(Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => audit.InsertAsync([Event(1, 1)], Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => audit.QueryAsync(new AuditFilter(), Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => audit.PurgeAsync(100, Token));
        Assert.Equal("0", await database.ScalarAsync("SELECT count(*) FROM audit_event"));
    }

    [Fact]
    public async Task A_database_that_was_not_prepared_and_a_page_of_no_size_are_refused()
    {
        var database = await make.CreateDatabaseAsync();
        _owned.Add(database);
        var audit = AuditDatabaseFactory.Open(database.Connection);
        _owned.Add(audit);
        await Sides.FailsAsync(ErrorCodes.TableNotFound, () => audit.InsertAsync([Event(1, 1)], Token));
        await Sides.FailsAsync(ErrorCodes.TableNotFound, () => audit.LookAsync(Token));
        await Sides.FailsAsync(ErrorCodes.InvalidOption, () => audit.QueryAsync(new AuditFilter { Take = 0 }, Token));
    }

    private protected static AuditEvent Event(int number, long timeUs) => new()
    {
        Id = new Guid(number, 0, 0, new byte[8]),
        TimeUs = timeUs,
        Source = "node",
        PrincipalId = 1,
        PrincipalName = "admin",
        Action = "Create",
        ObjectId = 9,
        ObjectName = "thing",
        ObjectKind = "Folder",
        Path = "/thing",
        Result = AuditResult.Succeeded,
        Detail = "é漢",
        ClientAddress = "127.0.0.1",
    };

    private protected async Task<(TestDatabase Database, IAuditDatabase Audit)> PreparedAsync()
    {
        var database = await make.CreateDatabaseAsync();
        _owned.Add(database);
        var audit = AuditDatabaseFactory.Open(database.Connection);
        _owned.Add(audit);
        await audit.PrepareAsync(Token);
        return (database, audit);
    }
}

public sealed class PostgreSqlAuditDatabaseTests() : AuditDatabaseContract(new PostgreSqlMake())
{
    [Fact]
    public async Task A_look_does_not_wait_for_a_query()
    {
        var (database, audit) = await PreparedAsync();
        await using var other = await database.ConnectAsync();
        await using var transaction = await other.BeginTransactionAsync(Token);
        await using var command = other.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, "LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE");
        await command.ExecuteNonQueryAsync(Token);
        var query = audit.QueryAsync(new AuditFilter(), Token);
        await audit.LookAsync(Token);
        Assert.False(query.IsCompleted);
        await transaction.RollbackAsync(Token);
        Assert.Empty(await query);
    }
}

public sealed class SqlServerAuditDatabaseTests() : AuditDatabaseContract(new SqlServerMake());
