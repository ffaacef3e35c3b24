using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Temp;

/// <summary>The rights of a folder before and after a repair.</summary>
internal sealed record AclDescriptor
{
    public required Guid Id { get; init; }

    public required string Path { get; init; }

    public required FolderIdentity Identity { get; init; }

    public required string Account { get; init; }

    public required TempRight Right { get; init; }

    public required FolderRights Before { get; init; }

    public required FolderRights After { get; init; }

    public required DateTimeOffset Saved { get; init; }
}

/// <summary>
/// Saved descriptors: one owner-only JSON file each, with magic, version and the SHA-256 of the descriptor's own text.
/// On the disk before the folder is touched.
/// </summary>
internal sealed class AclStore
{
    private const string Magic = "LCMSACL";
    private const int Version = 1;
    private static readonly JsonSerializerOptions Json = ChangeFile.Json;
    private readonly TimeProvider _time;

    /// <param name="time">The clock.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    public AclStore(TimeProvider time, string? home = null)
    {
        _time = time;
        Folder = LoggerHome.Folder("acls", home);
    }

    public string Folder { get; }

    public DateTimeOffset Now => _time.GetUtcNow();

    public string PathOf(Guid id) => Path.Combine(Folder, $"{id:N}.json");

    /// <exception cref="LoggerCmsException">DiskFull or TempFolderUnusable.</exception>
    public void Save(AclDescriptor descriptor)
    {
        try
        {
            var text = JsonSerializer.Serialize(descriptor, Json);
            IFileLayer files = SystemFiles.Instance;
            files.MakeFolder(Folder);
            files.Replace(
                PathOf(descriptor.Id),
                Encoding.UTF8.GetBytes($$"""{"magic":"{{Magic}}","version":{{Version}},"sha256":"{{Sum(text)}}","descriptor":{{text}}}"""));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, Folder, "Give the account access to the folder and room in it, or set LOGGERCMS_HOME to another. The rights were not changed.");
        }
    }

    /// <exception cref="LoggerCmsException">AclDescriptorNotFound, AclDescriptorDamaged, FormatNotSupported.</exception>
    public AclDescriptor Get(Guid id) => Read(PathOf(id)) ?? throw NotFound($"id {id}");

    /// <summary>The newest descriptor of a folder, so that repairs are taken back last first.</summary>
    /// <exception cref="LoggerCmsException">AclDescriptorNotFound, AclDescriptorDamaged, FormatNotSupported.</exception>
    public AclDescriptor GetNewest(string path)
    {
        var files = Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.json") : [];
        return files.Select(Read).OfType<AclDescriptor>()
            .Where(d => d.Path == path)
            .MaxBy(d => d.Saved) ?? throw NotFound($"folder '{path}'");
    }

    public void Remove(Guid id) => File.Delete(PathOf(id));

    private static AclDescriptor? Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            if (root.GetProperty("magic").GetString() != Magic)
                throw Damaged(path, "it is no saved descriptor", null);
            if (root.GetProperty("version").GetInt32() != Version)
            {
                throw new LoggerCmsException(
                    ErrorCodes.FormatNotSupported,
                    $"'{path}' is of version {root.GetProperty("version").GetInt32()}, which this release does not know.",
                    "Use the release that wrote it.");
            }

            var text = root.GetProperty("descriptor").GetRawText();
            if (root.GetProperty("sha256").GetString() != Sum(text))
                throw Damaged(path, "its checksum is wrong", null);
            return JsonSerializer.Deserialize<AclDescriptor>(text, Json);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged(path, exception.Message, exception);
        }
    }

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static LoggerCmsException Damaged(string path, string why, Exception? inner) => new(
        ErrorCodes.AclDescriptorDamaged,
        $"The saved descriptor '{path}' cannot be used: {why}.",
        "Set the folder's rights by hand, and remove the file. Nothing was changed.",
        innerException: inner);

    private LoggerCmsException NotFound(string what) => new(
        ErrorCodes.AclDescriptorNotFound,
        $"No saved rights for {what} are in '{Folder}'.",
        $"Look as the user, and with the LOGGERCMS_HOME, that repaired the folder: Get-ChildItem {TempRemedy.Quote(Folder)}");
}
