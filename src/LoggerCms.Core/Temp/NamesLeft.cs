namespace LoggerCms.Core.Temp;

/// <summary>How many of the 65,535 names that <c>GetTempFileName</c> has for one prefix are taken.</summary>
internal static class NamesLeft
{
    public const int Names = 65_535;
    private const int PrefixLength = 3;
    private const string Extension = ".tmp";

    /// <summary>The prefix with the fewest names left, and how many; null where no such file is there.</summary>
    /// <param name="fileNames">Names such as <c>tmp1A2F.tmp</c>: up to three letters, one to four hexadecimal digits.</param>
    public static (string Prefix, int Left)? Fewest(IEnumerable<string> fileNames)
    {
        var taken = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in fileNames)
        {
            if (Prefix(name) is { } prefix)
                taken[prefix] = taken.GetValueOrDefault(prefix) + 1;
        }

        if (taken.Count == 0)
            return null;
        var (most, count) = taken.MaxBy(t => t.Value);
        return (most, Math.Max(0, Names - count));
    }

    private static string? Prefix(string name)
    {
        if (!name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            return null;
        var stem = name.AsSpan(0, name.Length - Extension.Length);
        if (stem.Length <= PrefixLength || stem.Length > PrefixLength + 4)
            return null;
        foreach (var digit in stem[PrefixLength..])
        {
            if (!char.IsAsciiHexDigit(digit))
                return null;
        }

        return stem[..PrefixLength].ToString();
    }
}
