namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Fills an empty image: <see cref="Add"/> from any number of threads, each into a list of its own; then <see cref="Complete"/> builds all
/// indexes at once, side by side, each at its final size.
/// </summary>
internal sealed class ImageLoader : IDisposable
{
    private readonly RunTimeImage _image;
    private readonly long _limit;
    private readonly ThreadLocal<List<CmsObject>> _lists = new(static () => new List<CmsObject>(4096), trackAllValues: true);
    private readonly NoBackgroundCollection _noCollection = new();
    private long _bytes;

    internal ImageLoader(RunTimeImage image, long? limit)
    {
        _image = image;
        _limit = limit ?? long.MaxValue;
    }

    /// <summary>One object of the system database; beyond the memory limit its properties are not kept.</summary>
    public void Add(CmsObject version)
    {
        if (_limit != long.MaxValue && Interlocked.Add(ref _bytes, RunTimeImage.SizeOf(version)) > _limit && RunTimeImage.MayDrop(version))
        {
            var skeleton = version.With(CmsObject.NotInMemory);
            Interlocked.Add(ref _bytes, RunTimeImage.SizeOf(skeleton) - RunTimeImage.SizeOf(version));
            version = skeleton;
        }

        _lists.Value!.Add(version);
    }

    /// <summary>Makes the image readable. <c>DatabaseDamaged</c> where two objects have one id: nothing is loaded then.</summary>
    /// <param name="updateKey">The last change that the database knows of. An object that came by another way may have a higher one, which then counts.</param>
    public void Complete(long updateKey)
    {
        var all = Sorted();
        for (var i = 0; i < all.Length; i++)
        {
            updateKey = Math.Max(updateKey, all[i].UpdateKey);
            if (i > 0 && all[i - 1].Id == all[i].Id)
            {
                throw new LoggerCmsException(
                    ErrorCodes.DatabaseDamaged, $"The system database holds two objects with the id {all[i].Id}.", "Bring it back with Restore-CmsSide.");
            }
        }

        _image.Load(all, updateKey);
    }

    public void Dispose()
    {
        _noCollection.Dispose();
        _lists.Dispose();
    }

    /// <summary>In ascending order of ids. Threads that read ranges of ids deliver sorted lists: then there is nothing to sort.</summary>
    private CmsObject[] Sorted()
    {
        var lists = _lists.Values.Where(static list => list.Count > 0).ToList();
        if (lists.TrueForAll(IsSorted))
            return Merge(lists);
        var all = lists.SelectMany(static list => list).ToArray();
        Array.Sort(Array.ConvertAll(all, static one => one.Id), all);
        return all;
    }

    private static bool IsSorted(List<CmsObject> list)
    {
        for (var i = 1; i < list.Count; i++)
        {
            if (list[i - 1].Id > list[i].Id)
                return false;
        }

        return true;
    }

    // By runs: a list gives all that is not above the first of the others.
    private static CmsObject[] Merge(List<List<CmsObject>> lists)
    {
        var all = new CmsObject[lists.Sum(static list => list.Count)];
        var next = new int[lists.Count];
        for (var at = 0; at < all.Length;)
        {
            var (lowest, first, limit) = (-1, long.MaxValue, long.MaxValue);
            for (var i = 0; i < next.Length; i++)
            {
                if (next[i] == lists[i].Count)
                    continue;
                var id = lists[i][next[i]].Id;
                if (lowest < 0 || id < first)
                    (lowest, first, limit) = (i, id, first);
                else
                    limit = Math.Min(limit, id);
            }

            var list = lists[lowest];
            do
                all[at++] = list[next[lowest]++];
            while (next[lowest] < list.Count && list[next[lowest]].Id <= limit);
        }

        return all;
    }
}
