namespace LoggerCms.Node.Http;

/// <summary>Something that all callers take from, and of which one caller does not get all.</summary>
/// <param name="mostOfAll">So much there is.</param>
/// <param name="mostOfCaller">So much of it one caller gets.</param>
/// <param name="what">What is too much, for the one who is refused.</param>
internal sealed class Room(long mostOfAll, long mostOfCaller, string what)
{
    private readonly Tally<long> _callers = new(mostOfAll, mostOfCaller);

    /// <exception cref="LoggerCmsException">LimitExceeded.</exception>
    public void Take(long principalId, long amount)
    {
        if (!_callers.TryTake(principalId, amount))
            throw new LoggerCmsException(ErrorCodes.LimitExceeded, $"{what} at once.", "Try again when one of them has ended.");
    }

    public void Give(long principalId, long amount) => _callers.Give(principalId, amount);
}

/// <summary>
/// The time that something large may take on its way, by how much of it has come or gone. A slow line has it; who sends or reads a little now and then,
/// and has the node hold the rest meanwhile, has not.
/// </summary>
internal sealed class Pace : IDisposable
{
    private const double LeastBytesPerSecond = 16 << 10;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _deadline;
    private readonly TimeProvider _time;
    private readonly long _begun;

    public Pace(TimeProvider time, CancellationToken cancellationToken)
    {
        (_time, _begun) = (time, time.GetTimestamp());
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        At(0);
    }

    /// <summary>Cancelled when what is missing is too late.</summary>
    public CancellationToken Token => _deadline.Token;

    /// <summary>So much has come or gone by now.</summary>
    public void At(long bytes)
    {
        var left = Grace + TimeSpan.FromSeconds(bytes / LeastBytesPerSecond) - _time.GetElapsedTime(_begun);
        _deadline.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Dispose() => _deadline.Dispose();
}

/// <summary>
/// A large body that has not come whole yet: its memory counts, because no right is asked of a request before it is known what it wants.
/// </summary>
internal sealed class LargeBody(Room room, long principalId, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    private readonly Pace _pace = new(time, cancellationToken);
    private long _bytes;

    public CancellationToken Token => _pace.Token;

    /// <exception cref="LoggerCmsException">LimitExceeded.</exception>
    public void GrowTo(long bytes)
    {
        room.Take(principalId, bytes - _bytes);
        _bytes = bytes;
        _pace.At(bytes);
    }

    public void Dispose()
    {
        room.Give(principalId, _bytes);
        _pace.Dispose();
    }
}
