namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// Who one query is for and what it costs, in steps of some nanoseconds. A condition can look at a long text or list very often, for one object that is all there is
/// to see between two looks at the cancellation; so steps are counted where they are taken.
/// </summary>
/// <param name="mayView">Cuts everything to the caller's rights.</param>
/// <param name="mayName">Whether the caller may know who owns something; null for everybody.</param>
/// <param name="turn">Entered by the caller, and left for others now and then; null where there are none.</param>
/// <param name="cancellationToken">Looked at between any two objects and within one.</param>
internal sealed class QueryWork(Func<CmsObject, bool> mayView, Func<CmsObject, bool>? mayName, IQueryTurn? turn, CancellationToken cancellationToken)
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

    public CancellationToken CancellationToken => cancellationToken;

    public bool MayView(CmsObject one) => mayView(one);

    public bool MayName(CmsObject somebody) => mayName?.Invoke(somebody) != false;

    /// <summary>
    /// Before anything is asked of an object. It is the same for all of them and takes nothing of the allowance, so that what a query may do does not tell
    /// of objects that the caller may not see.
    /// </summary>
    public void Look()
    {
        cancellationToken.ThrowIfCancellationRequested();
        _sinceTurn += StepsOfObject;
    }

    /// <summary>The same where others may have their turn.</summary>
    public ValueTask LookAsync()
    {
        Look();
        return _sinceTurn < StepsOfTurn ? ValueTask.CompletedTask : GiveWayAsync();
    }

    /// <summary>What is done with the object from here on is first of all free.</summary>
    public void Begin(CmsObject one) => _free = FreeOfEach + ((long)FreeOfByte * one.Properties.Length);

    /// <summary>Waits for something that takes no core: others have the turn meanwhile.</summary>
    public async ValueTask<T> AwayAsync<T>(ValueTask<T> something)
    {
        turn?.Leave();
        var result = await something.ConfigureAwait(false);
        if (turn is not null)
            await turn.EnterAsync().ConfigureAwait(false);
        return result;
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

    private async ValueTask GiveWayAsync()
    {
        _sinceTurn = 0;
        turn?.Leave();
        if (turn is not null)
            await turn.EnterAsync().ConfigureAwait(false);
    }
}

/// <summary>A query's part of the cores that queries may take: it is left while the query waits for something, and now and then for others.</summary>
internal interface IQueryTurn
{
    void Leave();

    ValueTask EnterAsync();
}
