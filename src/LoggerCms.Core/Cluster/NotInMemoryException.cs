namespace LoggerCms.Core.Cluster;

/// <summary>An object that a change needs whole was dropped from memory: read it back and plan again. Nothing was done.</summary>
internal sealed class NotInMemoryException(long id) : Exception
{
    public long Id => id;

    /// <summary>
    /// Plans, and reads back what that needs, until it goes through. The plan holds the order of changes and cannot wait for the database; here it is
    /// not held. An object may be dropped again before the next try, which then reads it again.
    /// </summary>
    public static async ValueTask<T> ReadBackAsync<TState, T>(
        RunTimeImage.RunTimeImage image, TState state, Func<TState, ValueTask<T>> plan, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await plan(state).ConfigureAwait(false);
            }
            catch (NotInMemoryException exception)
            {
                await image.GetAsync(exception.Id, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
