using System.Buffers.Binary;
using System.Security.Cryptography;
using LoggerCms.Core.Cluster;

namespace LoggerCms.Core.Deltas;

/// <summary>The request id under which a record of a delta file is made again: of node, epoch and key, so that it is the same in every reconcile.</summary>
internal static class OnceOnly
{
    public static Guid Id(Guid nodeId, ChangeRecord record)
    {
        Span<byte> source = stackalloc byte[32];
        nodeId.TryWriteBytes(source);
        BinaryPrimitives.WriteInt64LittleEndian(source[16..], record.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(source[24..], record.LastUpdateKey);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | (RequestLedger.OnceOnlyVersion << 4));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
