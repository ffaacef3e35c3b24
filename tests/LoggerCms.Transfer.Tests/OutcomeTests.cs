using System.Reflection;
using LoggerCms.Databases.Sqlite;

namespace LoggerCms.Transfer.Tests;

/// <summary>The answer to COMMIT is lost, before or after it took effect.</summary>
public sealed class OutcomeTests
{
    private static readonly string[] Table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_answer_is_looked_up_by_the_transfers_id(bool committed)
    {
        using var arena = Filled();
        var before = arena.Destination.Dump();
        var engine = arena.NewEngine(driver: LostAnswer.Driver(committed, staysAway: () => false));

        if (committed)
        {
            var result = await engine.TransferAsync(arena.Request, null, Arena.Token);
            Assert.Equal(StateTransferStatus.Completed, result.Status);
            await arena.AssertEqualSidesAsync();
            Assert.Equal(Path.GetFileName(result.UndoPath), Assert.Single(arena.Leftovers));
            await arena.UndoAsync(result.Id);
            Assert.Equal(before, arena.Destination.Dump());
            return;
        }

        await Arena.ThrowsAsync(ErrorCodes.ConnectionLost, () => engine.TransferAsync(arena.Request, null, Arena.Token));
        Assert.Equal(before, arena.Destination.Dump());
        var failed = arena.Engine.GetTransfers(null)[0];
        Assert.Equal(StateTransferStatus.Failed, failed.Status);
        Assert.Equal(StateTransferStatus.Completed, (await arena.ResumeAsync(failed.Id)).Status);
        await arena.AssertEqualSidesAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_cannot_be_looked_up_is_unknown_until_it_is_settled(bool committed)
    {
        using var arena = Filled();
        var before = arena.Destination.Dump();
        var away = false;
        var engine = arena.NewEngine(driver: LostAnswer.Driver(committed, staysAway: () => away, onLost: () => away = true));

        var failure = await Arena.ThrowsAsync(ErrorCodes.OutcomeUnknown, () => engine.TransferAsync(arena.Request, null, Arena.Token));

        var record = Assert.Single(arena.Engine.GetTransfers(null));
        Assert.Equal(StateTransferStatus.Unknown, record.Status);
        Assert.Contains(record.Id.ToString(), failure.Remedy, StringComparison.Ordinal);
        Assert.True(File.Exists(record.UndoPath));

        // As long as nobody answers, neither settling nor resuming guesses, and the way back is kept.
        await Arena.ThrowsAsync(ErrorCodes.ServerUnreachable, () => engine.SettleAsync(record.Id, null, Arena.Token));
        await Arena.ThrowsAsync(ErrorCodes.ServerUnreachable, () => engine.ResumeAsync(new ResumeRequest { Id = record.Id }, null, Arena.Token));
        await Arena.ThrowsAsync(ErrorCodes.TransferNotFound, () => arena.UndoAsync(record.Id));
        Assert.Equal(StateTransferStatus.Unknown, Assert.Single(arena.Engine.GetTransfers(record.Id)).Status);
        Assert.True(File.Exists(record.UndoPath));

        away = false;
        var settled = await engine.SettleAsync(record.Id, null, Arena.Token);

        if (committed)
        {
            Assert.Equal(StateTransferStatus.Completed, settled.Status);
            await arena.AssertEqualSidesAsync();
            await arena.UndoAsync(record.Id);
            Assert.Equal(before, arena.Destination.Dump());
            return;
        }

        Assert.Equal(StateTransferStatus.Interrupted, settled.Status);
        Assert.Null(settled.UndoPath);
        Assert.Equal(before, arena.Destination.Dump());
        await arena.ResumeAsync(record.Id);
        await arena.AssertEqualSidesAsync();
    }

    private static Arena Filled()
    {
        var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'new'), (2, 'new')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'old'), (3, 'old')");
        return arena;
    }
}

/// <summary>A driver whose first COMMIT gives no answer. Everything else goes to the real one.</summary>
public class LostAnswer : DispatchProxy
{
    private object _inner = null!;
    private Shared _shared = null!;

    internal static ISideDriver Driver(bool committed, Func<bool> staysAway, Action? onLost = null)
        => (ISideDriver)Wrap(typeof(ISideDriver), new SqliteSideDriver(), new Shared(committed, staysAway, onLost));

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        ArgumentNullException.ThrowIfNull(targetMethod);
        if (targetMethod.Name == nameof(ISideDriver.OpenAsync) && _shared.StaysAway())
            throw new LoggerCmsException(ErrorCodes.ServerUnreachable, "The side does not answer.", "Try again later.");
        if (targetMethod.Name == nameof(ISideTransaction.CommitAsync) && !_shared.Lost)
            return CommitAsync();
        var arguments = args?.Select(a => a is LostAnswer proxy ? proxy._inner : a).ToArray();
        var result = targetMethod.Invoke(_inner, arguments);
        return result switch
        {
            Task<ISide> side => ThenAsync(side),
            Task<ISidePair?> pair => ThenAsync(pair),
            Task<ISideTransaction> transaction => ThenAsync(transaction),
            Task<IPairedTransaction> transaction => ThenAsync(transaction),
            _ => result,
        };
    }

    private static object Wrap(Type type, object inner, Shared shared)
    {
        var proxy = Create(type, typeof(LostAnswer));
        ((LostAnswer)proxy)._inner = inner;
        ((LostAnswer)proxy)._shared = shared;
        return proxy;
    }

    private async Task<T> ThenAsync<T>(Task<T> inner)
    {
        var value = await inner;
        if (value is null)
            return value;
        var type = value is IPairableSide ? typeof(IPairableSide) : typeof(T);
        return (T)Wrap(type, value, _shared);
    }

    private async Task CommitAsync()
    {
        var transaction = (ISideTransaction)_inner;
        _shared.Lost = true;
        if (_shared.Committed)
            await transaction.CommitAsync();
        else
            await transaction.DisposeAsync();
        _shared.OnLost?.Invoke();
        throw new LoggerCmsException(ErrorCodes.OutcomeUnknown, "The answer to COMMIT was lost.", "Settle it.");
    }

    private sealed record Shared(bool Committed, Func<bool> StaysAway, Action? OnLost)
    {
        public bool Lost { get; set; }
    }
}
