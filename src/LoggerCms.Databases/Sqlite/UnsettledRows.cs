namespace LoggerCms.Databases.Sqlite;

/// <summary>Ids of rows whose counterpart has not been found. Kept in memory, and so only up to a limit.</summary>
internal sealed class UnsettledRows
{
    private const int Most = 1_000_000;
    private const int SliceSize = 4096;
    private const int EnoughToTell = 2000;

    private readonly Lock _gate = new();
    private readonly List<long> _source = [];
    private readonly List<long> _destination = [];

    public long Equal { get; private set; }

    public bool AreNone => _source.Count == 0 && _destination.Count == 0;

    /// <summary>False where so many are left that the row ids of the two tables cannot correspond, or that memory would not hold them.</summary>
    public bool AreFew { get; private set; } = true;

    public void Add(long equal, List<long> source, List<long> destination)
    {
        lock (_gate)
        {
            Equal += equal;
            _source.AddRange(source);
            _destination.AddRange(destination);
            var left = Math.Max(_source.Count, _destination.Count);
            if (left > Most || (left > EnoughToTell && left > Equal))
                AreFew = false;
        }
    }

    public List<UnsettledSlice> Slices()
    {
        var slices = new List<UnsettledSlice>();
        Cut(inSource: true, [.. _source]);
        Cut(inSource: false, [.. _destination]);
        return slices;

        void Cut(bool inSource, long[] ids)
        {
            for (var at = 0; at < ids.Length; at += SliceSize)
                slices.Add(new UnsettledSlice(inSource, new ArraySegment<long>(ids, at, Math.Min(SliceSize, ids.Length - at))));
        }
    }
}

/// <summary>Some ids of rows of one side.</summary>
internal sealed record UnsettledSlice(bool InSource, ArraySegment<long> Ids);
