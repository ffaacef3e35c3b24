using System.Text.Json;

namespace LoggerCms;

/// <summary>A connection to a node, as its callers see it. Safe for several callers at once.</summary>
/// <remarks>
/// Every method throws <see cref="LoggerCmsException"/> with the node's own code for a typed failure, <c>ServerUnreachable</c> or
/// <c>ConnectionLost</c> for the network's, and honours cancellation. Reads are tried again where the connection broke; a change is too, because it
/// carries a request id under which the node does it once.
/// </remarks>
public interface ICmsClient : IDisposable
{
    string Endpoint { get; }

    /// <summary>The authority that it trusts, as PEM.</summary>
    string CaCertificatePem { get; }

    Task<CmsNodeInfo> GetNodeAsync(CancellationToken cancellationToken);

    /// <summary>Who the node takes this caller for.</summary>
    Task<CmsCaller> GetCallerAsync(CancellationToken cancellationToken);

    Task<RunTimeImageInfo> GetImageAsync(CancellationToken cancellationToken);

    /// <summary>Has all changes written to the system database.</summary>
    Task FlushAsync(CancellationToken cancellationToken);

    /// <summary>Asks the node to stop; it flushes first. Ends when it has been asked.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    Task<DeltaReconcileResult> ReconcileAsync(CmsReconcileRequest request, CancellationToken cancellationToken);

    Task<CmsObjectInfo> GetObjectAsync(long id, CancellationToken cancellationToken);

    Task<CmsObjectInfo> GetObjectByPathAsync(string path, CancellationToken cancellationToken);

    Task<CmsObjectInfo> GetObjectByCuidAsync(string cuid, CancellationToken cancellationToken);

    /// <summary>What lies in a folder, by id, page after page.</summary>
    IAsyncEnumerable<CmsObjectInfo> GetChildrenAsync(long id, CancellationToken cancellationToken);

    /// <summary>Makes changes, all or none, or plans them. A request without an id gets one.</summary>
    Task<CmsChangeAnswer> ChangeAsync(CmsChangeRequest request, CancellationToken cancellationToken);

    /// <summary>The rows of a query, page after page: JSON objects with the columns by name.</summary>
    IAsyncEnumerable<JsonElement> QueryAsync(string query, CancellationToken cancellationToken);

    /// <summary>The same, where <paramref name="top"/> stands for the query's TOP if it has none. A node of an earlier release gives 1,000 rows then.</summary>
    IAsyncEnumerable<JsonElement> QueryAsync(string query, int? top, CancellationToken cancellationToken);

    /// <summary>An object and all below it as of one moment, folders before what is in them.</summary>
    /// <param name="id">The object.</param>
    /// <param name="includeRights">With the rights of those whose rights the caller may see.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<CmsObjectInfo> ExportAsync(long id, bool includeRights, CancellationToken cancellationToken);

    /// <summary>The entries that count for an object, its own first.</summary>
    Task<IReadOnlyList<CmsRightEntry>> GetRightsAsync(long id, CancellationToken cancellationToken);

    Task<CmsRightDecision> TestRightAsync(CmsRightQuestion question, CancellationToken cancellationToken);

    Task<IReadOnlyList<CmsToken>> GetTokensAsync(CancellationToken cancellationToken);

    Task<CmsIssuedToken> IssueTokenAsync(CmsTokenRequest request, CancellationToken cancellationToken);

    Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Revokes the token that this client's own logon made; nothing where it was given one.</summary>
    Task LogOffAsync(CancellationToken cancellationToken);

    Task SetPasswordAsync(long userId, CmsPassword password, CancellationToken cancellationToken);

    /// <summary>Events that match, page after page.</summary>
    IAsyncEnumerable<CmsAuditEvent> GetAuditAsync(CmsAuditQuery query, CancellationToken cancellationToken);

    /// <summary>Hands events of a service over; sent again they are stored once.</summary>
    Task SendAuditAsync(IReadOnlyList<CmsAuditEvent> events, CancellationToken cancellationToken);

    /// <summary>Has the node write a backup into a folder on its machine.</summary>
    Task<CmsBackupInfo> BackupAsync(CmsBackupRequest request, CancellationToken cancellationToken);
}

/// <summary>How to reach a node.</summary>
public sealed record CmsConnection
{
    /// <summary>As <c>https://host:6400/</c>; null takes it from the profile.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The profile's name or the path of its file; null for this user's admin profile.</summary>
    public string? Profile { get; init; }

    /// <summary>Secret; null takes it from the profile.</summary>
    public string? Token { get; init; }

    /// <summary>The user to log on as, instead of a token.</summary>
    public System.Net.NetworkCredential? Credential { get; init; }

    /// <summary>The authority to trust, as PEM; null takes it from the profile.</summary>
    public string? CaCertificatePem { get; init; }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{nameof(CmsConnection)} {{ {Endpoint?.ToString() ?? Profile} }}";
}

/// <summary>What to start a node with; null leaves a setting as the node has it.</summary>
public sealed record CmsNodeStart
{
    public string? Name { get; init; }

    public string? Side { get; init; }

    public string? DataPath { get; init; }

    public SideConnection? Database { get; init; }

    public SideConnection? AuditDatabase { get; init; }

    public string? Address { get; init; }

    public int? Port { get; init; }

    public IReadOnlyList<string>? HostNames { get; init; }

    public bool TakeOver { get; init; }

    public ConflictPolicy ConflictPolicy { get; init; }

    public bool SetDamagedAside { get; init; }

    public long? MemoryLimitMB { get; init; }

    /// <summary>How long to wait until it is ready.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>All that a shell does with nodes and with what they leave on disk; found by name in the engine's load context.</summary>
public interface ICmsTools
{
    /// <summary>Connects: reads the profile, logs on where a credential is given, and asks the node once.</summary>
    Task<ICmsClient> ConnectAsync(CmsConnection connection, CancellationToken cancellationToken);

    /// <summary>The address that a profile names; null where there is none, or none that can be read.</summary>
    /// <param name="profile">The profile's name or the path of its file; null for this user's admin profile.</param>
    Uri? FindEndpoint(string? profile);

    /// <summary>Starts a node on this machine that outlives the caller, and waits until it is ready.</summary>
    /// <exception cref="LoggerCmsException">Why it could not start, as it says itself.</exception>
    Task<CmsNodeInfo> StartNodeAsync(CmsNodeStart start, IProgress<string>? progress, CancellationToken cancellationToken);

    /// <summary>Stops a node and waits until its process has gone.</summary>
    Task StopNodeAsync(ICmsClient client, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>The delta files of a folder, or one file.</summary>
    IEnumerable<DeltaFileInfo> GetDeltaFiles(string path, CancellationToken cancellationToken);

    /// <summary>The records of a delta file that <see cref="GetDeltaFiles"/> gave, as many as that counted.</summary>
    IEnumerable<DeltaRecordInfo> GetDeltaRecords(DeltaFileInfo file, CancellationToken cancellationToken);

    /// <summary>Brings a folder of delta files into a system database that no node serves.</summary>
    Task<DeltaReconcileResult> ReconcileAsync(SideConnection database, CmsReconcileRequest request, CancellationToken cancellationToken);

    /// <summary>Puts a backup in the place of a side that no node serves.</summary>
    Task<CmsBackupInfo> RestoreAsync(CmsRestoreRequest request, CancellationToken cancellationToken);
}
