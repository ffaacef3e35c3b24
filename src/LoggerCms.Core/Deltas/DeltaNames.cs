using System.Globalization;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>The names of delta files: <c>EPOCH-SEQUENCE.delta</c>, both with leading zeros, so that names sort as they were written.</summary>
internal static class DeltaNames
{
    public const string Suffix = ".delta";

    /// <summary>Room made ahead; nothing in it was ever acknowledged.</summary>
    public const string SpareSuffix = ".spare";

    public const string DamagedSuffix = ".damaged";

    public const string TornSuffix = ".torn";

    public static string Segment(string folder, long epoch, long sequence) => Path.Combine(folder, Stem(epoch, sequence) + Suffix);

    public static string Spare(string folder, long epoch, long sequence) => Path.Combine(folder, Stem(epoch, sequence) + SpareSuffix);

    public static bool IsSegment(string path) => path.EndsWith(Suffix, StringComparison.Ordinal) && Parse(path) is not null;

    /// <summary>A segment, also one that somebody set aside: not what was only cut off from one.</summary>
    public static bool IsWhole(string path)
        => !path.EndsWith(SpareSuffix, StringComparison.Ordinal) && !Path.GetFileName(path.AsSpan()).Contains(TornSuffix, StringComparison.Ordinal) && Parse(path) is not null;

    /// <summary>Epoch and sequence by the name alone, whatever its suffix; null for a name of another kind.</summary>
    public static (long Epoch, long Sequence)? Parse(string path)
    {
        var name = Path.GetFileName(path.AsSpan());
        var dot = name.IndexOf('.');
        var dash = name.IndexOf('-');
        if (dash <= 0 || dot <= dash)
            return null;
        return long.TryParse(name[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && long.TryParse(name[(dash + 1)..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? (epoch, sequence)
            : null;
    }

    /// <summary>The highest sequence that any name in the folder uses for the epoch, also of files that were set aside; 0 for none.</summary>
    public static long LastSequence(IFileLayer files, string folder, long epoch)
        => files.List(folder).Select(f => Parse(f.Path)).Where(n => n is { } named && named.Epoch == epoch).Max(n => n?.Sequence) ?? 0;

    /// <summary>The name, or where that is taken the name with a number behind it: nothing that was set aside is overwritten.</summary>
    public static string Free(IFileLayer files, string name)
    {
        var free = name;
        for (var i = 2; files.Find(free) is not null; i++)
            free = $"{name}.{i}";
        return free;
    }

    private static string Stem(long epoch, long sequence) => string.Create(CultureInfo.InvariantCulture, $"{epoch:D12}-{sequence:D8}");
}
