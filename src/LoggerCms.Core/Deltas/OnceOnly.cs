using System.Security.Cryptography;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Deltas;

/// <summary>The request id under which a record of a delta file is made again: of node, epoch and key, so that it is the same in every reconcile.</summary>
internal static class OnceOnly
{
    /// <summary>Whether it is one that a reconcile made, of another that it repeats.</summary>
    public static bool IsCopy(ChangeRecord record) => record.RequestId.Version == RequestLedger.OnceOnlyVersion;

    /// <summary>The ids of what a copy repeats; a copy of a copy carries those of both.</summary>
    public static IEnumerable<Guid> OfCopied(ChangeRecord record) => IsCopy(record)
        ? record.Changes.OfType<PutLocalChange>().Where(change => IsKeptUnder(change.Entry)).Select(change => change.Entry.Key.Id).Prepend(record.RequestId)
        : [];

    /// <summary>Whether it is the answer that is kept under such an id.</summary>
    public static bool IsKeptUnder(LocalEntry entry) => entry.Key is { Class: LocalClass.Request, Id.Version: RequestLedger.OnceOnlyVersion };

    public static Guid Id(Guid nodeId, ChangeRecord record) => Id(nodeId, record.Epoch, record.LastUpdateKey);

    public static Guid Id(Guid nodeId, long epoch, long lastUpdateKey)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        DerivedId.Hash(nodeId, epoch, lastUpdateKey, [], hash);
        return DerivedId.Of(hash);
    }
}
