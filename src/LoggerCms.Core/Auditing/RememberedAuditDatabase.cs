using System.Text.Json.Serialization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// The audit database of a node, whose data folder remembers in <c>node.audit</c> (<c>LCMSAUDT</c>, 1) that it has been there: one that is missing is not
/// made anew, which would put the history out of sight and what waits into another file, without a word.
/// </summary>
/// <param name="inner">The database.</param>
/// <param name="files">The disk.</param>
/// <param name="dataPath">The node's data folder.</param>
/// <param name="connection">The database as it is given to the node, without a password: another one is made where it is missing.</param>
internal sealed partial class RememberedAuditDatabase(IAuditDatabase inner, IFileLayer files, string dataPath, string connection) : IAuditDatabase
{
    public const string File = "node.audit";
    private const string Magic = "LCMSAUDT";
    private const int Version = 1;

    private readonly string _path = Path.Combine(dataPath, File);

    public string Name => inner.Name;

    /// <exception cref="LoggerCmsException">DatabaseNotFound: it is not there, and was; what the database says.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var known = FolderFile.Read(files, _path, KnownJson.Default.Known, Magic, Version, "it does not tell which audit database a node has");
        if (known?.Database == connection)
            await CheckThereAsync(cancellationToken).ConfigureAwait(false);
        await inner.PrepareAsync(cancellationToken).ConfigureAwait(false);
        if (known?.Database != connection)
            FolderFile.Write(files, _path, new Known(Magic, Version, connection), KnownJson.Default.Known);
    }

    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken) => inner.InsertAsync(events, cancellationToken);

    public Task LookAsync(CancellationToken cancellationToken) => inner.LookAsync(cancellationToken);

    public Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken) => inner.QueryAsync(filter, cancellationToken);

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken) => inner.PurgeAsync(beforeUs, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task CheckThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            await inner.LookAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.DatabaseNotFound or ErrorCodes.TableNotFound)
        {
            throw new LoggerCmsException(
                ErrorCodes.DatabaseNotFound,
                $"The node has written to '{Name}' before, and it is missing, was emptied, or is on a volume that is not mounted.",
                $"Bring it back. To begin a new one, remove '{_path}'.",
                Name,
                innerException: exception);
        }
        catch (LoggerCmsException)
        {
            // It is there; what is wrong with it is told when it is prepared.
        }
    }

    private sealed record Known(string Magic, int Version, string Database) : FolderFile(Magic, Version);

    [JsonSerializable(typeof(Known))]
    private sealed partial class KnownJson : JsonSerializerContext;
}
