using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Versions of objects with the properties that were dropped from memory: read back for one plan and held for it, so that the image may drop them again
/// before the plan looks.
/// </summary>
/// <remarks>
/// A plan holds the order of changes and cannot wait for the database. It says at once of all that it misses, which is read back while the order is not
/// held, and is made again with that. It misses more only where another one of the objects was changed, flushed and dropped in between, or where what it
/// has seen of them leads it further; both end.
/// </remarks>
internal sealed class WholeVersions
{
    private const int MostTries = 100;

    private readonly Dictionary<long, CmsObject> _versions = [];
    private long _bytes;

    /// <summary>The same version with its properties, where they were read back.</summary>
    public CmsObject Of(CmsObject found)
        => found.IsSkeleton && _versions.TryGetValue(found.Id, out var whole) && (whole.UpdateKey, whole.Version) == (found.UpdateKey, found.Version) ? whole : found;

    /// <summary>Plans, and reads back what that needs, until it goes through.</summary>
    /// <param name="image">What reads back.</param>
    /// <param name="mostBytes">So many may be read back and held.</param>
    /// <param name="state">The plan's.</param>
    /// <param name="plan">Given what was read back for it; null for nothing.</param>
    /// <param name="cancellationToken">Ends it between two objects; nothing was done.</param>
    /// <exception cref="LoggerCmsException">LimitExceeded; NodeNotReady where the database cannot be read, or others are always faster.</exception>
    public static async ValueTask<T> PlanAsync<TState, T>(
        IPropertySource image, long mostBytes, TState state, Func<TState, WholeVersions?, ValueTask<T>> plan, CancellationToken cancellationToken)
    {
        WholeVersions? whole = null;
        for (var tries = 0; ; tries++)
        {
            IReadOnlyList<long> missing;
            try
            {
                return await plan(state, whole).ConfigureAwait(false);
            }
            catch (NotInMemoryException exception)
            {
                missing = exception.Ids;
            }

            if (tries == MostTries)
                throw new LoggerCmsException(ErrorCodes.NodeNotReady, "The objects of the request are changed and dropped from memory faster than they are read back.", "Try again in a moment.");
            whole ??= new WholeVersions();
            foreach (var id in missing)
            {
                cancellationToken.ThrowIfCancellationRequested();
                whole.Add(await image.GetAsync(id, cancellationToken).ConfigureAwait(false), mostBytes);
            }
        }
    }

    private void Add(CmsObject? read, long mostBytes)
    {
        if (read is null)
            return;
        if (_versions.TryGetValue(read.Id, out var before))
            _bytes -= before.Properties.Length;
        _versions[read.Id] = read;
        _bytes += read.Properties.Length;
        if (_bytes > mostBytes)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded, $"The request changes objects of more than {mostBytes:N0} bytes that are not in memory.", "Split it into several requests.")
            {
                IsOfRequest = true,
            };
        }
    }
}
