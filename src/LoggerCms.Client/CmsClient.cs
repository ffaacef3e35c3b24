using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LoggerCms.Client;

/// <summary>A connection to a node over HTTPS. Made by <see cref="ConnectAsync"/>.</summary>
public sealed partial class CmsClient : ICmsClient
{
    private const int MostEventsAtOnce = 10_000;

    private readonly NodeChannel _channel;
    private readonly CmsClientOptions _options;

    /// <summary>The token that a logon made; null where one was given.</summary>
    private Guid? _logon;

    private CmsClient(NodeRoute route, CmsClientOptions options, TimeProvider time)
    {
        _channel = new NodeChannel(route.Endpoint, route.Authority, options, time);
        _options = options;
        CaCertificatePem = route.Authority.ExportCertificatePem();
    }

    public string Endpoint => _channel.Endpoint.AbsoluteUri;

    public string CaCertificatePem { get; }

    /// <summary>Connects: reads the profile, logs on where a credential is given, and asks the node once.</summary>
    /// <param name="connection">How to reach the node.</param>
    /// <param name="options">The times; null for the usual ones.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">
    /// ProfileNotFound, SecretExposed, SecretDamaged; ServerUnreachable; CertificateNotTrusted; Unauthenticated, AuthenticationFailed; NodeNotReady.
    /// </exception>
    public static async Task<CmsClient> ConnectAsync(
        CmsConnection connection, CmsClientOptions? options = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        options ??= new CmsClientOptions();
        var route = NodeRoute.Of(connection);
        var client = new CmsClient(route, options, time ?? TimeProvider.System);
        try
        {
            client._channel.Token = route.Token;
            if (connection.Credential is { } credential)
                await client.LogOnAsync(credential, cancellationToken).ConfigureAwait(false);
            await client._channel.GetAsync("v1/node", CmsJson.Default.CmsNodeInfo, cancellationToken, Repeat.Never).ConfigureAwait(false);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public void Dispose() => _channel.Dispose();

    public Task<CmsNodeInfo> GetNodeAsync(CancellationToken cancellationToken)
        => _channel.GetAsync("v1/node", CmsJson.Default.CmsNodeInfo, cancellationToken);

    public Task<CmsCaller> GetCallerAsync(CancellationToken cancellationToken)
        => _channel.GetAsync("v1/me", CmsJson.Default.CmsCaller, cancellationToken);

    public Task<RunTimeImageInfo> GetImageAsync(CancellationToken cancellationToken)
        => _channel.GetAsync("v1/image", CmsJson.Default.RunTimeImageInfo, cancellationToken);

    public Task FlushAsync(CancellationToken cancellationToken)
        => _channel.DoAsync(HttpMethod.Post, "v1/flush", null, Repeat.Always, isLong: true, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken)
        => _channel.DoAsync(HttpMethod.Post, "v1/stop", null, Repeat.Never, isLong: false, cancellationToken);

    public Task<DeltaReconcileResult> ReconcileAsync(CmsReconcileRequest request, CancellationToken cancellationToken)
        => PostAsync("v1/reconcile", request, CmsJson.Default.DeltaReconcileResult, cancellationToken, Repeat.IfNotBegun, isLong: true);

    public Task<CmsObjectInfo> GetObjectAsync(long id, CancellationToken cancellationToken)
        => _channel.GetAsync($"v1/objects/{Text(id)}", CmsJson.Default.CmsObjectInfo, cancellationToken);

    public Task<CmsObjectInfo> GetObjectByPathAsync(string path, CancellationToken cancellationToken)
        => _channel.GetAsync($"v1/objects?path={RequestText.Escape("Path", path)}", CmsJson.Default.CmsObjectInfo, cancellationToken);

    public Task<CmsObjectInfo> GetObjectByCuidAsync(string cuid, CancellationToken cancellationToken)
        => _channel.GetAsync($"v1/objects?cuid={RequestText.Escape("Cuid", cuid)}", CmsJson.Default.CmsObjectInfo, cancellationToken);

    public Task<CmsChangeAnswer> ChangeAsync(CmsChangeRequest request, CancellationToken cancellationToken)
        => PostAsync(
            "v1/changes",
            // Made once: every try carries the same one, and the node makes the changes once.
            request.RequestId is null && !request.WhatIf ? request with { RequestId = Guid.CreateVersion7() } : request,
            CmsJson.Default.CmsChangeAnswer,
            cancellationToken,
            Repeat.Always);

    public Task<IReadOnlyList<CmsRightEntry>> GetRightsAsync(long id, CancellationToken cancellationToken)
        => _channel.GetAsync($"v1/objects/{Text(id)}/rights", CmsJson.Default.IReadOnlyListCmsRightEntry, cancellationToken);

    public Task<CmsRightDecision> TestRightAsync(CmsRightQuestion question, CancellationToken cancellationToken)
        => PostAsync("v1/rights/test", question, CmsJson.Default.CmsRightDecision, cancellationToken, Repeat.Always);

    public Task<IReadOnlyList<CmsToken>> GetTokensAsync(CancellationToken cancellationToken)
        => _channel.GetAsync("v1/tokens", CmsJson.Default.IReadOnlyListCmsToken, cancellationToken);

    public async Task<CmsIssuedToken> IssueTokenAsync(CmsTokenRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await PostAsync("v1/tokens", request, CmsJson.Default.CmsIssuedToken, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.ConnectionLost)
        {
            // Its secret is told once, and by nobody now.
            throw new LoggerCmsException(
                exception.Code,
                $"{exception.Message} The token '{request.Name}' may have been made all the same, and nobody has its secret.",
                $"Get-CmsToken '{request.Name.Replace("'", "''", StringComparison.Ordinal)}' shows whether it is there; pipe it to Revoke-CmsToken, and make another.",
                innerException: exception);
        }
    }

    public Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken)
        => RevokeAsync(id, Repeat.Always, cancellationToken);

    public async Task LogOffAsync(CancellationToken cancellationToken)
    {
        if (_logon is not { } id)
            return;
        await RevokeAsync(id, Repeat.Never, cancellationToken).ConfigureAwait(false);
        _logon = null;
    }

    public Task SetPasswordAsync(long userId, CmsPassword password, CancellationToken cancellationToken)
        => _channel.DoAsync(
            HttpMethod.Post,
            $"v1/users/{Text(userId)}/password",
            RequestText.Write(password),
            Repeat.IfNotBegun,
            isLong: false,
            cancellationToken);

    public async Task SendAuditAsync(IReadOnlyList<CmsAuditEvent> events, CancellationToken cancellationToken)
    {
        foreach (var part in events.Chunk(MostEventsAtOnce))
        {
            // What happened is told, whatever it is called: half a surrogate pair becomes U+FFFD.
            var body = JsonSerializer.SerializeToUtf8Bytes(part, CmsJson.Default.IReadOnlyListCmsAuditEvent);
            await _channel.DoAsync(HttpMethod.Post, "v1/audit", body, Repeat.Always, isLong: false, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<CmsBackupInfo> BackupAsync(CmsBackupRequest request, CancellationToken cancellationToken)
        => PostAsync("v1/backup", request, CmsJson.Default.CmsBackupInfo, cancellationToken, isLong: true);

    private Task RevokeAsync(Guid id, Repeat repeat, CancellationToken cancellationToken)
        => _channel.DoAsync(HttpMethod.Delete, $"v1/tokens/{id}", null, repeat, isLong: false, cancellationToken);

    private async Task LogOnAsync(System.Net.NetworkCredential credential, CancellationToken cancellationToken)
    {
        var logon = new CmsLogon { User = credential.UserName, Password = credential.Password };
        var issued = await PostAsync("v1/logon", logon, CmsJson.Default.CmsIssuedToken, cancellationToken, Repeat.Never).ConfigureAwait(false);
        (_channel.Token, _logon) = (issued.Text, issued.Token.Id);
    }

    private Task<T> PostAsync<TBody, T>(
        string path,
        TBody body,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken,
        Repeat repeat = Repeat.IfNotBegun,
        bool isLong = false)
        => _channel.PostAsync(path, body, type, repeat, isLong, cancellationToken);

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
