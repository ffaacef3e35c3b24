using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Security;

/// <summary>
/// What a client needs to reach a system: the node's address, the authority to trust, and a token. A node's first start writes one for the
/// administrator, so that local use needs no set-up; the file is owner-only, and one that others may read is refused.
/// </summary>
internal sealed record LocalProfile
{
    public const string DefaultName = "admin";

    private const string Suffix = ".profile.json";

    private const string ProfileMagic = "loggercms-profile";
    private const int FormatVersion = 1;
    private const int MostTries = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        MaxDepth = 4,
        AllowDuplicateProperties = false,
    };

    /// <summary>As <c>https://localhost:6400/</c>.</summary>
    public required Uri Endpoint { get; init; }

    public required string CaCertificatePem { get; init; }

    /// <summary>Secret; empty where the client is to log on.</summary>
    public required string Token { get; init; }

    /// <summary>The profile of that name in this user's folder.</summary>
    /// <param name="name">The profile's name.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    public static string PathOf(string name = DefaultName, string? home = null) => Path.Combine(LoggerHome.Folder("cms", home), name + Suffix);

    /// <exception cref="LoggerCmsException">The folder cannot be used, or the disk is full.</exception>
    public void Write(IFileLayer files, string path)
        => SecretFile.Write(
            files, path, JsonSerializer.SerializeToUtf8Bytes(new FileForm(ProfileMagic, FormatVersion, Endpoint.AbsoluteUri, CaCertificatePem, Token), Json));

    /// <summary>Puts it where this user's clients look for it. Nodes of one user may start at once, and take turns: each writes whole files.</summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="names">The names to put it under.</param>
    /// <param name="home">The folder to keep everything under; null takes it from the environment.</param>
    /// <exception cref="LoggerCmsException">The folder cannot be used, or the disk is full.</exception>
    public async Task PublishAsync(IFileLayer files, IEnumerable<string> names, string? home = null)
    {
        var folder = LoggerHome.Folder("cms", home);
        try
        {
            files.MakeFolder(folder);
            var turn = await TakeTurnAsync(Path.Combine(folder, "profiles.lock")).ConfigureAwait(false);
            await using var ending = turn.ConfigureAwait(false);
            foreach (var name in names)
                Write(files, PathOf(name, home));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, folder, TransferStore.FolderRemedy);
        }
    }

    /// <exception cref="LoggerCmsException">ProfileNotFound, SecretExposed, SecretDamaged or FormatNotSupported.</exception>
    public static LocalProfile Read(IFileLayer files, string path)
    {
        var bytes = SecretFile.Read(files, path, ofAnother: account => OfService(path, account)) ?? throw new LoggerCmsException(
            ErrorCodes.ProfileNotFound,
            $"There is no profile '{path}'.",
            "Start-CmsNode makes one at its first start; or name a node: Connect-Cms. For a node that runs under an account of its own, as under systemd, see Get-Help about_LoggerCms.");
        FileForm? form;
        try
        {
            form = JsonSerializer.Deserialize<FileForm>(bytes, Json);
        }
        catch (JsonException exception)
        {
            // Its message could quote the file.
            throw SecretFile.Damaged(path, $"it is no JSON of a profile (line {exception.LineNumber + 1})");
        }

        if (form?.Magic != ProfileMagic)
            throw SecretFile.Damaged(path, "it is no profile of LoggerCms");
        if (form.Version != FormatVersion)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"'{path}' is of format version {form.Version}; this release reads {FormatVersion}.",
                "Use the release that wrote it, or a later one.");
        }

        if (!Uri.TryCreate(form.Endpoint, UriKind.Absolute, out var endpoint) || endpoint.Scheme != Uri.UriSchemeHttps)
            throw SecretFile.Damaged(path, "its endpoint is no https address");
        if (form.Token is null || (form.Token.Length > 0 && !TokenText.TryParse(form.Token, out _, stackalloc byte[TokenText.SecretBytes])))
            throw SecretFile.Damaged(path, "its token has not the form of one");
        var profile = new LocalProfile { Endpoint = endpoint, CaCertificatePem = form.Ca ?? string.Empty, Token = form.Token };
        try
        {
            using var authority = profile.Authority();
            return CaPinning.IsAuthority(authority) ? profile : throw SecretFile.Damaged(path, "its certificate is no authority's");
        }
        catch (Exception exception) when (CaPinning.IsOfCertificate(exception))
        {
            throw SecretFile.Damaged(path, "it holds no certificate", exception);
        }
    }

    // Only root gets as far as to be told whose it is. In its own folder there is no reason for another's file.
    private static string? OfService(string path, string account)
    {
        var file = Path.GetFileName(path);
        var name = file.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? file[..^Suffix.Length] : Path.GetFileNameWithoutExtension(file);
        name = name == DefaultName ? account : name;
        var own = PathOf(name, LoggerHome.OfUser());
        if (Path.GetDirectoryName(own) == Path.GetDirectoryName(Path.GetFullPath(path)))
            return null;
        var isHomeSet = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("LOGGERCMS_HOME"));
        return $"install -D -m 600 '{path}' '{own}'\n{(isHomeSet ? "Remove-Item Env:LOGGERCMS_HOME\n" : "")}"
            + $"Connect-Cms -Profile {name}\n"
            + $"So root goes by the profile of a node that {account} runs; or run PowerShell as {account} (Get-Help about_LoggerCms says how). Where none is meant to, move the file away.";
    }

    /// <summary>The authority to trust; the caller disposes of it.</summary>
    public X509Certificate2 Authority() => X509Certificate2.CreateFromPem(CaCertificatePem);

    /// <summary>Without the token: this text goes to logs.</summary>
    public override string ToString() => $"{nameof(LocalProfile)} {{ {Endpoint} }}";

    // The system lets go of it when the process ends, however it ends.
    private static async Task<FileStream> TakeTurnAsync(string path)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return LockFile.Open(path);
            }
            catch (IOException) when (tries < MostTries)
            {
                await Task.Delay(50).ConfigureAwait(false);
            }
        }
    }

    private sealed record FileForm(string? Magic, int Version, string? Endpoint, string? Ca, string? Token);
}
