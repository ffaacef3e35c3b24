using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// What the plan of one request costs, in looks at an object. It is made under the order of changes, where everybody else waits: so it ends with its
/// caller's leaving, and a request of several operations, which can be split, may take a second or two more than what each of them takes anyway. That of
/// one operation takes what it must: a move looks at all that lies below.
/// </summary>
internal sealed class PlanWork(WriteRequest request)
{
    /// <summary>Looks of a request, beyond those that each operation is free to take.</summary>
    public const long Allowance = 20_000_000;

    /// <summary>From so many looks on a plan takes long: some 50 ms.</summary>
    public const long Long = 1_000_000;

    private const int FreeOfEach = 256;
    private const int BytesOfLook = 64;
    private const int LooksBetween = 1 << 12;

    private long _left = request.Operations.Count == 1 ? long.MaxValue : Allowance + (FreeOfEach * (long)request.Operations.Count);
    private long _sinceLook;
    private long _looks;

    /// <summary>At a version of an object, whose access list may be long.</summary>
    public void Look(CmsObject? found) => Spend(1 + ((found?.AccessList.Length ?? 0) / BytesOfLook));

    /// <exception cref="LoggerCmsException">LimitExceeded.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public void Spend(long looks)
    {
        _left -= looks;
        if (_left < 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded, "The request's changes need a look at too many objects.", "Split it: move and rename folders that hold much one a request.")
            {
                IsOfRequest = true,
            };
        }

        _sinceLook += looks;
        if (_sinceLook < LooksBetween)
            return;
        _looks += _sinceLook;
        _sinceLook = 0;
        if (_looks > Long && !request.MayTakeLong)
            throw new TakesLongException();
        request.Gone.ThrowIfCancellationRequested();
    }
}

/// <summary>A plan that keeps everybody waiting was begun by one who may not; nothing was done.</summary>
internal sealed class TakesLongException() : Exception("The plan takes long.");
