namespace LoggerCms.PowerShell.Objects;

/// <summary>Paths of objects as the node writes them: a slash or backslash in a name has a backslash before it.</summary>
internal static class CmsPath
{
    public const string Users = "/Users";
    public const string Groups = "/User Groups";

    public static string Child(string folder, string name)
        => $"{folder.TrimEnd('/')}/{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal)}";

    /// <summary>The path of the folder.</summary>
    public static string Parent(string path)
    {
        var at = path.LastIndexOf('/');
        while (at > 0 && IsInName(path, at))
            at = path.LastIndexOf('/', at - 1);
        return at > 0 ? path[..at] : "/";
    }

    // A backslash of the name is itself written as two.
    private static bool IsInName(string path, int slash)
    {
        var first = slash;
        while (first > 0 && path[first - 1] == '\\')
            first--;
        return (slash - first) % 2 == 1;
    }

    /// <summary>What a user may leave out: the slash at the beginning.</summary>
    public static string Normal(string path) => path.StartsWith('/') ? path : "/" + path;
}
