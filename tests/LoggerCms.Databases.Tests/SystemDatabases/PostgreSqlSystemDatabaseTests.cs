using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed class PostgreSqlSystemDatabaseTests() : SystemDatabaseContract(new PostgreSqlMake())
{
    [Fact]
    public async Task A_session_that_the_server_ends_in_the_middle_of_a_flush_writes_nothing_and_the_next_call_connects_again()
    {
        var (database, system) = await HeldAsync();
        await using var other = await database.ConnectAsync();

        // The flush waits for this lock inside its transaction.
        await Makes.TestDatabase.ExecuteAsync(other, "BEGIN; LOCK TABLE cms_object IN EXCLUSIVE MODE");
        var flush = system.FlushAsync(Batches.Put(1, 5, Batches.Object(1)), Token);
        await WaitAsync(database, "SELECT count(*) FROM pg_locks WHERE NOT granted");
        await database.ScalarAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted");
        await Sides.FailsAsync(ErrorCodes.ConnectionLost, () => flush);
        await Makes.TestDatabase.ExecuteAsync(other, "ROLLBACK");
        Assert.Equal(0, (await system.ReadStateAsync(Token)).LastUpdateKey);
        await system.FlushAsync(Batches.Put(1, 5, Batches.Object(1)), Token);
        Assert.Equal(5, (await system.ReadStateAsync(Token)).LastUpdateKey);
    }

    [Fact]
    public async Task A_lost_answer_to_COMMIT_is_an_unknown_outcome_that_the_state_settles()
    {
        var (database, system) = await HeldAsync();
        await using var relay = CommitLosingRelay.Start(database.Connection);
        await using var far = SystemDatabaseFactory.Open(relay.Connection);
        await far.TakeLeaseAsync(NodeA, "node-a", takeOver: false, usedEpoch: 0, Token);
        relay.LoseTheNext();
        await Sides.FailsAsync(ErrorCodes.OutcomeUnknown, () => far.FlushAsync(Batches.Put(2, 5, Batches.Object(2)), Token));
        var state = await system.ReadStateAsync(Token);
        Assert.Equal((5, 5), (state.LastUpdateKey, state.Epochs.Single(e => e.Epoch == 2).LastKey));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_and_a_database_that_is_not_there_are_told_apart()
    {
        await using var nobody = SystemDatabaseFactory.Open(new SideConnection("postgresql:Host=localhost;Port=1;Username=x;Database=y"));
        await Sides.FailsAsync(ErrorCodes.ServerUnreachable, () => nobody.PrepareAsync(Token));
        await using var missing = SystemDatabaseFactory.Open(
            new SideConnection(SideProvider.PostgreSql, PostgreSqlTestDatabase.ConnectionString("loggercms_is_not_there")));
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => missing.PrepareAsync(Token));
    }

    [Theory]
    [InlineData("off", "on")]
    [InlineData("remote_write", "remote_write")]
    public async Task What_is_committed_is_durable_whatever_the_database_sets_for_its_sessions(string set, string used)
    {
        var (database, _) = await HeldAsync();
        await database.ScalarAsync($"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {set}', current_database()); END $$");

        // Each session that commits tells what it commits with.
        await using var teller = await database.ConnectAsync();
        await Makes.TestDatabase.ExecuteAsync(
            teller,
            """
            CREATE TABLE public.told (setting text);
            CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN INSERT INTO public.told VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
            CREATE TRIGGER tell AFTER INSERT ON public.cms_object EXECUTE FUNCTION public.tell();
            """);
        await using var system = SystemDatabaseFactory.Open(database.Connection);
        await system.TakeLeaseAsync(NodeA, "node-a", takeOver: false, usedEpoch: 0, Token);
        await system.FlushAsync(Batches.Put(2, 5, Batches.Object(1)), Token);
        Assert.Equal(used, await database.ScalarAsync("SELECT setting FROM public.told"));
    }

    [Fact]
    public async Task A_commit_that_is_not_answered_ends_with_its_caller_and_is_an_unknown_outcome()
    {
        var (database, _) = await HeldAsync();
        await using var relay = CommitLosingRelay.Start(database.Connection);
        await using var far = SystemDatabaseFactory.Open(relay.Connection);
        await far.TakeLeaseAsync(NodeA, "node-a", takeOver: false, usedEpoch: 0, Token);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        relay.KeepTheNext(patience.Cancel);
        await Sides.FailsAsync(ErrorCodes.OutcomeUnknown, () => far.FlushAsync(Batches.Put(2, 5, Batches.Object(2)), patience.Token));
    }

    private static async Task WaitAsync(TestDatabase database, string count)
    {
        while (await database.ScalarAsync(count) == "0")
            Token.ThrowIfCancellationRequested();
    }
}
