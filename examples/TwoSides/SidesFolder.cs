namespace TwoSides;

/// <summary>The folder <c>sides</c> beside this source: everything that the example makes, and nothing else.</summary>
internal sealed record SidesFolder(string Path)
{
    public string A => System.IO.Path.Combine(Path, "A.db");

    public string B => System.IO.Path.Combine(Path, "B.db");

    public string TracePath => System.IO.Path.Combine(Path, "trace.txt");

    /// <summary>Transfer records and undo files, so that they go with the sides.</summary>
    public string Records => System.IO.Path.Combine(Path, "records");

    /// <summary>The folder, without what an earlier run left in it.</summary>
    public static SidesFolder Renew()
    {
        var folder = System.IO.Path.Combine(FindProject(), "sides");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        return new SidesFolder(folder);
    }

    private static string FindProject()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "TwoSides.csproj")))
                return folder.FullName;
        }

        return Environment.CurrentDirectory;
    }
}
