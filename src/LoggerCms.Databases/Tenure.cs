namespace LoggerCms.Databases;

/// <summary>
/// The lease as it was taken through a connection: whose it is, and of which system. An epoch is a small number that counts starts, so that another
/// system's database may well have the same; a connection string whose host or file leads elsewhere by now must not write there.
/// </summary>
internal sealed record Tenure(long Epoch, Guid NodeId, Guid Identity)
{
    /// <summary>What holds in no database: for one who writes without having taken the lease.</summary>
    public static Tenure Of(Tenure? taken, long epoch) => taken?.Epoch == epoch ? taken : new Tenure(epoch, Guid.Empty, Guid.Empty);
}
