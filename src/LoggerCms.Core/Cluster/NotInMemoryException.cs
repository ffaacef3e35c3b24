namespace LoggerCms.Core.Cluster;

/// <summary>Objects that a change needs whole were dropped from memory: read them back and plan again. Nothing was done.</summary>
internal sealed class NotInMemoryException(params IReadOnlyList<long> ids) : Exception
{
    public IReadOnlyList<long> Ids => ids;
}
