using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LoggerCms.PowerShell.Tests.Objects;

/// <summary>
/// A node that holds folders and names and makes a request's changes all or none: a name that is taken is <c>NameInUse</c>, a missing parent
/// <c>ObjectNotFound</c>. Notes the size of each request.
/// </summary>
internal sealed class FakeClient : ICmsClient
{
    private readonly Dictionary<long, CmsObjectInfo> _objects = [];
    private long _nextId = 1000;

    public FakeClient() => _objects[4] = Info(4, 0, "/", "CMS", "Folder", default);

    public List<int> Requests { get; } = [];

    /// <summary>Fails the request that would be the nth, with this.</summary>
    public (int Request, LoggerCmsException Failure)? Fault { get; set; }

    public string Endpoint => "https://fake/";

    public string CaCertificatePem => throw new NotSupportedException();

    public IEnumerable<CmsObjectInfo> All => _objects.Values;

    public Task<CmsChangeAnswer> ChangeAsync(CmsChangeRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requests.Add(request.Changes.Count);
        if (Fault is { } fault && fault.Request == Requests.Count)
            throw fault.Failure;

        var made = new List<CmsObjectInfo>();
        foreach (var change in request.Changes)
            made.Add(change.Operation == "Create" ? Create(change, made) : Update(change));
        foreach (var one in made)
            _objects[one.Id] = one;
        return Task.FromResult(new CmsChangeAnswer
        {
            Changed = [.. made.Select(one => new CmsChangedObject { Id = one.Id, Version = one.Version, UpdateKey = 1 })],
            Repeated = false,
            DurableOn = 1,
        });
    }

    public Task<CmsObjectInfo> GetObjectAsync(long id, CancellationToken cancellationToken) => Task.FromResult(_objects.GetValueOrDefault(id) ?? throw NotFound());

    public Task<CmsObjectInfo> GetObjectByPathAsync(string path, CancellationToken cancellationToken)
        => Task.FromResult(_objects.Values.FirstOrDefault(one => string.Equals(one.Path, path, StringComparison.OrdinalIgnoreCase)) ?? throw NotFound());

    public Task<CmsObjectInfo> GetObjectByCuidAsync(string cuid, CancellationToken cancellationToken)
        => Task.FromResult(_objects.Values.FirstOrDefault(one => one.Cuid == cuid) ?? throw NotFound());

    public async IAsyncEnumerable<CmsObjectInfo> GetChildrenAsync(long id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var one in _objects.Values.Where(one => one.ParentId == id).OrderBy(one => one.Id).ToList())
            yield return one;
    }

    public void Dispose()
    {
    }

    public Task<CmsNodeInfo> GetNodeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CmsCaller> GetCallerAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RunTimeImageInfo> GetImageAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task FlushAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task StopAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<DeltaReconcileResult> ReconcileAsync(CmsReconcileRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<JsonElement> QueryAsync(string query, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<JsonElement> QueryAsync(string query, int? top, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<CmsObjectInfo> ExportAsync(long id, bool includeRights, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<CmsRightEntry>> GetRightsAsync(long id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CmsRightDecision> TestRightAsync(CmsRightQuestion question, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<CmsToken>> GetTokensAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CmsIssuedToken> IssueTokenAsync(CmsTokenRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RevokeTokenAsync(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task LogOffAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetPasswordAsync(long userId, CmsPassword password, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<CmsAuditEvent> GetAuditAsync(CmsAuditQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SendAuditAsync(IReadOnlyList<CmsAuditEvent> events, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CmsBackupInfo> BackupAsync(CmsBackupRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public static CmsObjectInfo Info(long id, long parentId, string path, string name, string kind, JsonElement properties, string? cuid = null, int version = 1) => new()
    {
        Id = id,
        Cuid = cuid ?? $"cuid-{id}",
        Kind = kind,
        Name = name,
        Path = path,
        ParentId = parentId,
        OwnerId = 12,
        Owner = "Administrator",
        Version = version,
        UpdateKey = 1,
        Created = DateTimeOffset.UnixEpoch,
        Modified = DateTimeOffset.UnixEpoch,
        Properties = properties,
    };

    private CmsObjectInfo Create(CmsChange change, List<CmsObjectInfo> made)
    {
        var parent = _objects.GetValueOrDefault(change.ParentId!.Value) ?? throw NotFound();
        var path = $"{parent.Path.TrimEnd('/')}/{change.Name}";
        return _objects.Values.Concat(made).Any(one => string.Equals(one.Path, path, StringComparison.OrdinalIgnoreCase))
            ? throw new LoggerCmsException(ErrorCodes.NameInUse, $"{path} is there.", "Choose another.")
            : Info(_nextId++, parent.Id, path, change.Name!, change.Kind!, change.Properties ?? default, change.Cuid);
    }

    private CmsObjectInfo Update(CmsChange change)
    {
        var before = _objects.GetValueOrDefault(change.Id!.Value) ?? throw NotFound();
        return before with { Version = before.Version + 1, Properties = change.Properties ?? before.Properties };
    }

    private static LoggerCmsException NotFound() => new(ErrorCodes.ObjectNotFound, "It is not there.", "Look for it.");
}
