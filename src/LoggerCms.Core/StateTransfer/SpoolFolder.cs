using System.Globalization;
using LoggerCms.Core.Files;
using LoggerCms.Core.Temp;

namespace LoggerCms.Core.StateTransfer;

/// <summary>The folder of the spool: checked before anything is sent, and given up where the caller allows that.</summary>
internal static class SpoolFolder
{
    /// <summary>The spool's path where a spool is wanted and its folder works; null to go on without.</summary>
    public static string? Prepare(TransferRun run, StateTransferRequest request)
    {
        if (request.Spool == SpoolMode.None)
            return null;
        var folder = Path.TrimEndingDirectorySeparator(request.TempPath ?? Path.GetTempPath());
        try
        {
            OwnTemp.Require(folder);
            return Path.Combine(folder, $"loggercms-{run.Id:N}.spool");
        }
        catch (LoggerCmsException exception)
        {
            run.Trace.NoSpool(exception);
            if (!request.AllowStreaming)
                throw;
            Note(run, exception);
            return null;
        }
    }

    /// <exception cref="LoggerCmsException">DiskFull.</exception>
    public static void RequireRoom(string spool, long bytes)
    {
        var folder = Path.GetDirectoryName(spool)!;
        if (OwnTemp.FreeBytes(folder) is var free && free < bytes)
        {
            throw new LoggerCmsException(
                ErrorCodes.DiskFull,
                string.Create(CultureInfo.InvariantCulture, $"'{folder}' has {free} bytes free for {Environment.UserName}, and the spool will need about {bytes} (DiskFull)."),
                OwnTemp.Remedy(TempAccessCause.DiskFull, folder, bytes));
        }
    }

    /// <summary>Whether a failure is the spool's and the transfer may go on without one.</summary>
    public static bool MayGoOn(Exception exception, StateTransferRequest request, TransferWork work)
        => request.AllowStreaming && work.Spool is not null
            && exception is IOException or UnauthorizedAccessException or LoggerCmsException { Code: ErrorCodes.DiskFull, Phase: null, Side: null };

    /// <summary>Removes the spool; the comparison has to run again, because what it found was kept there.</summary>
    public static void GiveUp(TransferRun run, TransferWork work, Exception exception)
    {
        var folder = Path.GetDirectoryName(work.Spool!.Path)!;
        var failure = exception as LoggerCmsException ?? FileFailure.Of(exception, folder);
        run.Trace.NoSpool(failure);
        Note(run, failure);
        work.Spool.Dispose();
        run.Files.DeleteForGood(work.Spool.Path);
        work.Spool = null;
        work.ForgetComparison();
        run.Set(run.Result with { SpoolPath = null });
    }

    private static void Note(TransferRun run, LoggerCmsException exception)
        => run.Note($"Going on without a spool: {exception.Message} To repair it: {exception.Remedy}");
}
