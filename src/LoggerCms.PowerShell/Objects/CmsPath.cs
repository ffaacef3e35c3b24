namespace LoggerCms.PowerShell.Objects;

/// <summary>Paths of objects as the node writes them: a slash or backslash in a name has a backslash before it.</summary>
internal static class CmsPath
{
    public const string Users = "/Users";
    public const string Groups = "/User Groups";

    public static string Child(string folder, string name)
        => $"{folder.TrimEnd('/')}/{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal)}";

    /// <summary>What a user may leave out: the slash at the beginning.</summary>
    public static string Normal(string path) => path.StartsWith('/') ? path : "/" + path;
}
