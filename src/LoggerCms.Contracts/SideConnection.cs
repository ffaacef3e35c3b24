using System.Data.Common;
using System.Net;
using System.Text.RegularExpressions;

namespace LoggerCms;

/// <summary>
/// Where a side's database is and as whom to reach it. A string converts to one:
/// <c>sqlite:PATH</c> or a bare path (one that begins like a scheme only as <c>sqlite:PATH</c>), <c>postgresql:CONNECTION STRING</c>, <c>sqlserver:CONNECTION STRING</c>.
/// </summary>
/// <remarks>The password is never part of <see cref="ToString"/>, <see cref="DataSource"/> or any other output.</remarks>
public sealed partial class SideConnection
{
    private static readonly string[] PasswordKeys = ["password", "pwd", "psw"];
    private readonly NetworkCredential? _credential;

    /// <summary>Converts a string; see the type's summary for its forms.</summary>
    /// <exception cref="LoggerCmsException">The text is empty or not a connection string.</exception>
    public SideConnection(string text)
        : this(Scheme(text, out var rest), rest)
    {
    }

    /// <param name="provider">The make of the database.</param>
    /// <param name="dataSource">A path for SQLite, otherwise a connection string.</param>
    /// <param name="credential">Takes the place of a user name and a password in the string.</param>
    /// <param name="name">What the side is called in results: <c>A</c>, <c>B</c> or any other word.</param>
    /// <exception cref="LoggerCmsException">The connection string cannot be read.</exception>
    public SideConnection(SideProvider provider, string dataSource, NetworkCredential? credential = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        Provider = provider;
        Name = name;
        if (provider == SideProvider.Sqlite)
        {
            if (PasswordInPath().IsMatch(dataSource))
                throw Unclear("The path of a SQLite file holds a password: it is a connection string.");
            DataSource = dataSource;
            return;
        }

        var builder = ReadConnectionString(dataSource, provider);
        string? user = null, password = null;
        foreach (var key in PasswordKeys)
        {
            if (builder.TryGetValue(key, out var value))
            {
                password = value.ToString();
                builder.Remove(key);
            }
        }

        foreach (var key in new[] { "username", "user id", "user name", "uid", "user" })
        {
            if (builder.TryGetValue(key, out var value))
                user ??= value.ToString();
        }

        DataSource = builder.ConnectionString;
        _credential = credential ?? (password is null ? null : new NetworkCredential(user ?? string.Empty, password));
    }

    /// <summary>The make of the database.</summary>
    public SideProvider Provider { get; }

    /// <summary>A path for SQLite, otherwise the connection string without its password.</summary>
    public string DataSource { get; }

    /// <summary>What the side is called in results, or null.</summary>
    public string? Name { get; }

    /// <summary>The user to connect as, where one was given with a password.</summary>
    public string? UserName => _credential?.UserName;

    /// <summary>For drivers only: the credential to connect with. A method, so that no view shows it.</summary>
    public NetworkCredential? GetCredential() => _credential;

    /// <summary>The same side under another path or with another name.</summary>
    public SideConnection With(string? dataSource = null, string? name = null)
        => new(Provider, dataSource ?? DataSource, _credential, name ?? Name);

    /// <summary>A form that <see cref="SideConnection(string)"/> reads back, without the password.</summary>
    public override string ToString() => Provider switch
    {
        SideProvider.Sqlite => "sqlite:" + DataSource,
        SideProvider.PostgreSql => "postgresql:" + DataSource,
        _ => "sqlserver:" + DataSource,
    };

    private static SideProvider Scheme(string text, out string rest)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw Unclear("A side's connection is empty.");

        foreach (var (prefix, provider) in new[]
        {
            ("sqlite:", SideProvider.Sqlite),
            ("postgresql:", SideProvider.PostgreSql),
            ("sqlserver:", SideProvider.SqlServer),
        })
        {
            if (text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                rest = text[prefix.Length..];
                return provider;
            }
        }

        // As a path, a scheme that was mistyped would make a new SQLite file, named with all that stands behind it.
        if (UnknownScheme().Match(text) is { Success: true } scheme)
            throw Unclear($"'{scheme.Value}' is no make of database that a side has.");
        rest = text;
        return SideProvider.Sqlite;
    }

    private static DbConnectionStringBuilder ReadConnectionString(string text, SideProvider provider)
    {
        try
        {
            var builder = new DbConnectionStringBuilder { ConnectionString = text };

            // 'server;Password=x' reads as one key named 'server;password', and would be shown as such.
            return builder.Keys.Cast<string>().Any(HidesPassword) ? throw Unreadable(provider) : builder;
        }
        catch (ArgumentException)
        {
            // The original message may quote a part of the string, and with it a password.
            throw Unreadable(provider);
        }
    }

    private static LoggerCmsException Unclear(string message)
        => new(
            ErrorCodes.InvalidConnection,
            message,
            "Give a path of a SQLite file, or sqlite:PATH, postgresql:CONNECTION STRING or sqlserver:CONNECTION STRING.");

    // One letter is a drive of Windows, and one with a slash behind it a drive of the shell; two slashes are an address.
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]+:(?=//|[^/\\]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex UnknownScheme();

    [GeneratedRegex(@"(^|;)\s*(password|pwd|psw)\s*=", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PasswordInPath();

    private static bool HidesPassword(string key)
        => key.Contains(';') || (!PasswordKeys.Contains(key) && key.Contains("password", StringComparison.OrdinalIgnoreCase));

    private static LoggerCmsException Unreadable(SideProvider provider)
        => new(
            ErrorCodes.InvalidConnection,
            $"The {provider} connection string cannot be read.",
            "Write it as 'Key=value;Key=value', with no password but the user's; better, give that with New-SideConnection -Credential.");
}
