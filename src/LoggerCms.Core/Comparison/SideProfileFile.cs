using System.Text.Json;
using System.Text.Json.Serialization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Reads a side profile: <c>{"tables":["audit_*"],"columns":{"account":["last_login"]},"rowFilters":{"account":"region = 'EU'"}}</c>.
/// </summary>
public static class SideProfileFile
{
    private const long MaxBytes = 1024 * 1024;

    /// <param name="path">The file, or null for <see cref="SideProfile.Empty"/>.</param>
    /// <exception cref="LoggerCmsException">InvalidProfile.</exception>
    public static SideProfile Load(string? path)
    {
        if (path is null)
            return SideProfile.Empty;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > MaxBytes)
                throw Invalid(path, $"it is larger than {MaxBytes} bytes");
            var file = JsonSerializer.Deserialize(stream, SideProfileJson.Default.SideProfileDocument)
                ?? throw Invalid(path, "it holds null");
            return Check(path, file);
        }
        catch (JsonException e)
        {
            throw Invalid(path, $"{e.Message.TrimEnd('.')}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Invalid(path, e.Message.TrimEnd('.'), e);
        }
    }

    private static SideProfile Check(string path, SideProfileDocument file)
    {
        var tables = file.Tables ?? [];
        if (tables.Any(string.IsNullOrWhiteSpace))
            throw Invalid(path, "a name under \"tables\" is empty");
        var columns = file.Columns ?? [];
        foreach (var (table, names) in columns)
        {
            if (string.IsNullOrWhiteSpace(table) || names is null || names.Any(string.IsNullOrWhiteSpace))
                throw Invalid(path, $"\"columns\" for table '{table}' must be a list of column names");
        }

        var filters = file.RowFilters ?? [];
        foreach (var (table, filter) in filters)
        {
            if (string.IsNullOrWhiteSpace(table) || string.IsNullOrWhiteSpace(filter))
                throw Invalid(path, $"the row filter for table '{table}' must be an SQL condition");
        }

        // Something will stand behind it, which is not to be a part of its last comment.
        static string Ended(string filter) => filter.Contains("--", StringComparison.Ordinal) ? filter + "\n" : filter;

        return new SideProfile(
            tables,
            columns.ToDictionary(p => p.Key, p => (IReadOnlyList<string>)p.Value, StringComparer.Ordinal),
            filters.ToDictionary(p => p.Key, p => Ended(p.Value), StringComparer.Ordinal));
    }

    private static LoggerCmsException Invalid(string path, string why, Exception? inner = null)
        => new(
            ErrorCodes.InvalidProfile,
            $"The side profile '{path}' cannot be used: {why}.",
            "Write it as {\"tables\":[\"audit_*\"],\"columns\":{\"table\":[\"column\"]},\"rowFilters\":{\"table\":\"condition\"}}; see Get-Help about_LoggerCms.",
            innerException: inner);
}

internal sealed record SideProfileDocument
{
    public List<string>? Tables { get; init; }

    public Dictionary<string, List<string>>? Columns { get; init; }

    public Dictionary<string, string>? RowFilters { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(SideProfileDocument))]
internal sealed partial class SideProfileJson : JsonSerializerContext;
