namespace LoggerCms.Databases.Sqlite;

/// <summary>Paths of database files.</summary>
internal static class SqlitePath
{
    private const int MaxLinks = 40;

    /// <summary>The full path of an existing file, with every link followed: one name for one database.</summary>
    public static string Resolve(SideConnection connection)
    {
        var given = connection.DataSource;
        string path;
        try
        {
            path = Follow(Path.GetFullPath(given));
            if (File.Exists(path))
                return path;
            if (Directory.Exists(path))
            {
                throw new LoggerCmsException(
                    ErrorCodes.NotADatabase, $"'{given}' is a folder, not a SQLite database.", "Give the path of the file in it.", connection.Name ?? given);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new LoggerCmsException(
                e is UnauthorizedAccessException ? ErrorCodes.AccessDenied : ErrorCodes.InvalidConnection,
                $"'{given}' cannot be used as the path of a SQLite database: {e.Message}",
                "Give the path of a SQLite file that this account can reach.",
                connection.Name ?? given,
                innerException: e);
        }

        throw new LoggerCmsException(
            ErrorCodes.DatabaseNotFound,
            $"There is no file '{path}'.",
            $"Check the path, or make an empty database with: sqlite3 '{path}' 'VACUUM'",
            connection.Name ?? given);
    }

    private static string Follow(string path)
    {
        var root = Path.GetPathRoot(path) ?? string.Empty;
        var at = root;
        var links = 0;
        var rest = new Stack<string>(path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        while (rest.TryPop(out var part))
        {
            var next = Path.Combine(at, part);
            var target = new FileInfo(next).LinkTarget;
            if (target is null)
            {
                at = next;
                continue;
            }

            if (++links > MaxLinks)
                throw new IOException($"Too many links at '{next}'.");
            var full = Path.GetFullPath(target, at.Length == 0 ? root : at);
            at = Path.GetPathRoot(full) ?? string.Empty;
            foreach (var piece in full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(piece);
        }

        return at;
    }
}
