using System.Security.Cryptography;
using LoggerCms.Core.Cluster;

namespace LoggerCms.Core.Deltas;

/// <summary>The request id under which a record of a delta file is made again: of node, epoch and key, so that it is the same in every reconcile.</summary>
internal static class OnceOnly
{
    public static Guid Id(Guid nodeId, ChangeRecord record) => Id(nodeId, record.Epoch, record.LastUpdateKey);

    public static Guid Id(Guid nodeId, long epoch, long lastUpdateKey)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        DerivedId.Hash(nodeId, epoch, lastUpdateKey, [], hash);
        return DerivedId.Of(hash);
    }
}
