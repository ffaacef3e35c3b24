using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Node.Http;

/// <summary>
/// Queries take half of the cores at most, in turns of some hundredths of a second, so that a short one does not wait for the end of long ones and
/// writes go on beside them; and one caller has only some under way. Whoever waits for a database or for its reader takes no turn. Reading a folder is
/// one of them from where it takes long.
/// </summary>
internal sealed class QueryTurns : IDisposable
{
    public const int MostOfCaller = 16;

    private readonly SemaphoreSlim _cores = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Tally<long> _underWay = new(long.MaxValue, MostOfCaller);

    /// <summary>The turns of one query, or of something else that may look at many objects.</summary>
    public Turn Of(long principalId, CancellationToken cancellationToken) => new(this, principalId, cancellationToken);

    public void Dispose() => _cores.Dispose();

    internal sealed class Turn(QueryTurns turns, long principalId, CancellationToken cancellationToken) : IQueryTurn, IDisposable
    {
        private bool _isUnderWay;
        private bool _isIn;

        public void Leave()
        {
            if (!_isIn)
                return;
            _isIn = false;
            turns._cores.Release();
        }

        /// <exception cref="LoggerCmsException">LimitExceeded, the first time.</exception>
        public async ValueTask EnterAsync()
        {
            if (!_isUnderWay && !turns._underWay.TryTake(principalId))
            {
                throw new LoggerCmsException(
                    ErrorCodes.LimitExceeded, $"{MostOfCaller} queries of the user with id {principalId} are under way.", "Wait for one of them, then try again.");
            }

            _isUnderWay = true;
            await turns._cores.WaitAsync(cancellationToken).ConfigureAwait(false);
            _isIn = true;
        }

        public void Dispose()
        {
            Leave();
            if (_isUnderWay)
                turns._underWay.Give(principalId);
        }
    }
}
