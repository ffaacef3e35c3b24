using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Looks for room before anything is written: for the undo file and the destination itself.</summary>
internal static class SpaceCheck
{
    public static async Task RequireAsync(TransferPlan plan, ISide destination, string undoFolder, CancellationToken cancellationToken)
    {
        var overwritten = plan.RowsToInsert + plan.RowsToUpdate == 0
            ? 0
            : plan.Bytes / (plan.RowsToInsert + plan.RowsToUpdate) * (plan.RowsToUpdate + plan.RowsToDelete);
        Require(undoFolder, overwritten, "the undo file", "Free space there, or set LOGGERCMS_HOME to a folder with room.");
        var free = await destination.GetFreeBytesAsync(cancellationToken).ConfigureAwait(false);
        if (free < plan.Bytes)
            throw Full(destination.Database, free.Value, plan.Bytes, "the rows", "Free space on the destination's disk.");
    }

    private static void Require(string folder, long bytes, string what, string remedy)
    {
        var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free < bytes)
            throw Full(folder, free, bytes, what, remedy);
    }

    private static LoggerCmsException Full(string where, long free, long bytes, string what, string remedy) => new(
        ErrorCodes.DiskFull,
        string.Create(CultureInfo.InvariantCulture, $"'{where}' has {free} bytes free, and {what} will need about {bytes}."),
        remedy);
}
