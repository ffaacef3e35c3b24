namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// Who one query is for and what it costs, in steps of some nanoseconds. A condition can look at a long text or list very often, for one object that is all there is
/// to see between two looks at the cancellation; so steps are counted where they are taken.
/// </summary>
/// <param name="mayName">Whether the caller may know who owns something; null for everybody.</param>
/// <param name="cancellationToken">Looked at between any two objects and within one.</param>
internal sealed class QueryWork(Func<CmsObject, bool>? mayName, CancellationToken cancellationToken)
{
    /// <summary>About a second of a core, over all objects of a query, beyond what each of them is free to take.</summary>
    public const long Allowance = 200_000_000;

    // Enough for some simple conditions on it.
    private const int FreeOfEach = 10_000;
    private const int FreeOfByte = 4;
    private const int StepsOfObject = 100;
    private const int StepsBetweenLooks = 1 << 16;

    // About a hundredth of a second.
    private const long StepsOfTurn = 2_000_000;

    private long _left = Allowance;
    private long _free;
    private long _sinceTurn;
    private int _sinceLook;

    public bool MayName(CmsObject somebody) => mayName?.Invoke(somebody) != false;

    /// <summary>Whether others that wait should have their turn.</summary>
    public bool IsTurnOver => _sinceTurn >= StepsOfTurn;

    public void BeginTurn() => _sinceTurn = 0;

    public void Begin(CmsObject one)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _free = FreeOfEach + ((long)FreeOfByte * one.Properties.Length);
        _sinceTurn += StepsOfObject;
    }

    /// <exception cref="LoggerCmsException">InvalidQuery: all that the query may take is spent.</exception>
    public void Spend(int steps)
    {
        _sinceTurn += steps;
        _sinceLook += steps;
        if (_sinceLook >= StepsBetweenLooks)
        {
            _sinceLook = 0;
            cancellationToken.ThrowIfCancellationRequested();
        }

        _free -= steps;
        if (_free >= 0)
            return;
        _left += _free;
        _free = 0;
        if (_left < 0)
            throw QueryErrors.TooMuchWork();
    }
}

/// <summary>A query's part of the cores that queries may take: it is left while the query waits for something, and now and then for others.</summary>
internal interface IQueryTurn
{
    void Leave();

    ValueTask EnterAsync();
}
