namespace LoggerCms.TestData;

/// <summary>SplitMix64: the same row of the same table is the same on every machine and in every run.</summary>
internal struct RowRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);
}
