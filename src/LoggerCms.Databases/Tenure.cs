using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases;

/// <summary>
/// The lease as it was taken through a connection: whose it is, and of which system. An epoch is a small number that counts starts, so that another
/// system's database may well have the same; a connection string whose host or file leads elsewhere by now must not write there.
/// </summary>
/// <param name="Epoch">The lease's.</param>
/// <param name="NodeId">Who took it.</param>
/// <param name="Identity">The system's.</param>
/// <param name="LastKey">
/// The least that the database has as the epoch's last key: it was seen there, committed. Nobody but this epoch moves that key, and only onwards, so a
/// lower one is that of an earlier state. It may well be higher: the answer to a COMMIT may have been lost, or come after its connection was.
/// </param>
internal sealed record Tenure(long Epoch, Guid NodeId, Guid Identity, long LastKey)
{
    /// <summary>What holds in no database: for one who writes without having taken the lease.</summary>
    public static Tenure Of(Tenure? taken, long epoch) => taken?.Epoch == epoch ? taken : new Tenure(epoch, Guid.Empty, Guid.Empty, 0);

    /// <summary>After a commit.</summary>
    public Tenure Committed(long lastKey) => this with { LastKey = Math.Max(LastKey, lastKey) };

    /// <summary>After a look: what it shows of this epoch is committed.</summary>
    public Tenure Seen(SystemDatabaseState state)
        => state.Identity == Identity && state.Epochs.FirstOrDefault(e => e.Epoch == Epoch) is { } end && end.NodeId == NodeId ? Committed(end.LastKey) : this;

    /// <exception cref="LoggerCmsException">DatabaseWentBack.</exception>
    public void Check(string database, long lastKey)
    {
        if (lastKey < LastKey)
            throw SystemTables.WentBack(database, this, lastKey);
    }
}
