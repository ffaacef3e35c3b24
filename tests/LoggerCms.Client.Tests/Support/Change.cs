namespace LoggerCms.Client.Tests.Support;

internal static class Change
{
    public static CmsChangeRequest Create(params string[] names) => CreateIn(0, names);

    /// <param name="parent">The folder; 0 for the root folder.</param>
    /// <param name="names">One object each.</param>
    public static CmsChangeRequest CreateIn(long parent, params IEnumerable<string> names) => new()
    {
        Changes = [.. names.Select(name => new CmsChange { Operation = "Create", Kind = "Folder", Name = name, ParentId = parent == 0 ? Root : parent })],
    };

    private static long Root => Core.RunTimeImage.SystemObjects.RootFolder;
}
