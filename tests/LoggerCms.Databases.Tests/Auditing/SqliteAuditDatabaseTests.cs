using LoggerCms.Core.Auditing;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Auditing;

/// <summary>Beside the contract: the parts that a file's index by object goes by.</summary>
public sealed class SqliteAuditDatabaseTests() : AuditDatabaseContract(new SqliteMake())
{
    [Fact]
    public async Task Events_of_an_object_are_found_in_all_parts_in_the_order_of_time()
    {
        var (database, audit) = await PreparedAsync();
        await audit.InsertAsync([.. Enumerable.Range(1, 60).Select(i => Event(i, 1000 - i) with { ObjectId = i % 3 })], Token);
        await database.ExecuteAsync("UPDATE audit_event SET n = n * 40000");
        var all = await audit.QueryAsync(new AuditFilter { ObjectId = 2 }, Token);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => 1000L - 59 + (i * 3)), all.Select(e => e.TimeUs));
        var page = await audit.QueryAsync(new AuditFilter { ObjectId = 2, Take = 7, Descending = true, After = AuditPosition.Of(all[15]) }, Token);
        Assert.Equal(all.Take(15).Reverse().Take(7), page);
        Assert.Equal(5, (await audit.QueryAsync(new AuditFilter { ObjectId = 2, FromUs = all[3].TimeUs, ToUs = all[8].TimeUs }, Token)).Count);

        // Also where whole parts are gone.
        await audit.PurgeAsync(all[10].TimeUs, Token);
        await audit.InsertAsync([Event(100, 5) with { ObjectId = 2 }], Token);
        Assert.Equal([5L, .. all.Skip(10).Select(e => e.TimeUs)], (await audit.QueryAsync(new AuditFilter { ObjectId = 2 }, Token)).Select(e => e.TimeUs));
    }

    [Fact]
    public async Task An_audit_without_events_has_none_of_an_object()
        => Assert.Empty(await (await PreparedAsync()).Audit.QueryAsync(new AuditFilter { ObjectId = 2 }, Token));

    [Fact]
    public async Task An_audit_of_the_first_form_gets_the_present_one_and_keeps_its_events()
    {
        var (database, audit) = await PreparedAsync();
        AuditEvent[] events = [.. Enumerable.Range(1, 50).Select(i => Event(i, 10 * i) with { ObjectId = i % 4 })];
        await audit.InsertAsync(events, Token);
        const string columns =
            "id, time_us, source, principal_id, principal_name, action, object_id, object_name, object_kind, path, result, detail, client_address";
        await database.ExecuteAsync($"CREATE TABLE kept AS SELECT {columns} FROM audit_event");
        await database.ExecuteAsync("DROP TABLE audit_event");
        await database.ExecuteAsync(
            """
            CREATE TABLE audit_event (
              id BLOB NOT NULL UNIQUE, time_us INTEGER NOT NULL, source TEXT NOT NULL, principal_id INTEGER NOT NULL, principal_name TEXT NOT NULL,
              action TEXT NOT NULL, object_id INTEGER NOT NULL, object_name TEXT NOT NULL, object_kind TEXT NOT NULL, path TEXT NOT NULL,
              result INTEGER NOT NULL, detail TEXT NOT NULL, client_address TEXT NOT NULL)
            """);
        await database.ExecuteAsync($"INSERT INTO audit_event SELECT {columns} FROM kept ORDER BY random()");
        await database.ExecuteAsync("DROP TABLE kept");
        await database.ExecuteAsync("CREATE INDEX audit_event_time ON audit_event (time_us, id)");
        await database.ExecuteAsync("CREATE INDEX audit_event_object ON audit_event (object_id, time_us)");
        await database.ExecuteAsync("UPDATE loggercms_audit SET format = 1");

        await Sides.FailsAsync(ErrorCodes.NodeNotReady, () => audit.QueryAsync(new AuditFilter(), Token));
        await audit.PrepareAsync(Token);
        Assert.Equal(events, await audit.QueryAsync(new AuditFilter(), Token));
        Assert.Equal(events.Where(e => e.ObjectId == 3), await audit.QueryAsync(new AuditFilter { ObjectId = 3 }, Token));
        await audit.InsertAsync([events[0], Event(99, 1)], Token);
        Assert.Equal("51", await database.ScalarAsync("SELECT count(*) FROM audit_event"));
        Assert.Equal("2", await database.ScalarAsync("SELECT format FROM loggercms_audit"));
        Assert.Equal("0", await database.ScalarAsync("SELECT count(*) FROM sqlite_schema WHERE name = 'audit_event_before'"));
    }
}
