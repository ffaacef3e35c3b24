namespace LoggerCms.Core.RunTimeImage;

/// <summary>Filling an empty image.</summary>
internal sealed partial class RunTimeImage
{
    /// <summary>Begins to fill an image that nobody reads yet.</summary>
    public ImageLoader BeginLoad()
        => _objects == 0 && UpdateKey == 0
            ? new ImageLoader(this, _options.MemoryLimitBytes)
            : throw new InvalidOperationException("Only an empty run time image can be loaded.");

    /// <param name="sorted">Whole, each id once, ascending.</param>
    /// <param name="updateKey">The last change that is among them.</param>
    internal void Load(CmsObject[] sorted, long updateKey)
    {
        lock (_gate)
        {
            Parallel.Invoke(
                () => _indexes.Load(sorted),
                () =>
                {
                    _table.Reserve(sorted.Length);
                    foreach (var one in sorted)
                    {
                        _table.Put(one);
                        CountMemory(one, 1);
                    }
                });
            _objects = sorted.Length;
            _flushedKey = updateKey;
            Volatile.Write(ref _updateKey, updateKey);
        }

        // Skeletons that came after the limit was reached take memory too.
        Shrink();
    }
}
