using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>What one of the small files of a data folder holds, as JSON.</summary>
/// <param name="Magic">What the file is.</param>
/// <param name="Version">Of its form.</param>
internal abstract record FolderFile(string Magic, int Version)
{
    // A restore would put the whole database back to the backup, and leave the file as it is.
    private const string Remedy = "No backup holds it. See that the database is the one that this folder's node served last, and that its delta files are there;"
        + " then move the file away, and it is made anew (a new node.json.id is another node's, and needs Start-CmsNode -TakeOver).";

    /// <param name="files">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="type">Its form.</param>
    /// <param name="magic">What it must be.</param>
    /// <param name="version">What is read.</param>
    /// <param name="whyNot">Why it is damaged where it is something else.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="LoggerCmsException">SecretDamaged, SecretExposed, FormatNotSupported; or it cannot be read.</exception>
    public static T? Read<T>(IFileLayer files, string path, JsonTypeInfo<T> type, string magic, int version, string whyNot)
        where T : FolderFile
    {
        if (SecretFile.Read(files, path, Remedy) is not { } bytes)
            return null;
        try
        {
            if (JsonSerializer.Deserialize(bytes, type) is { } read && read.Magic == magic)
            {
                return read.Version == version ? read : throw new LoggerCmsException(
                    ErrorCodes.FormatNotSupported, $"'{path}' has version {read.Version}.", "Use the release that wrote it.");
            }
        }
        catch (JsonException exception)
        {
            throw SecretFile.Damaged(path, exception.Message, exception, Remedy);
        }

        throw SecretFile.Damaged(path, whyNot, remedy: Remedy);
    }

    public static void Write<T>(IFileLayer files, string path, T content, JsonTypeInfo<T> type)
        where T : FolderFile
        => SecretFile.Write(files, path, JsonSerializer.SerializeToUtf8Bytes(content, type));
}
