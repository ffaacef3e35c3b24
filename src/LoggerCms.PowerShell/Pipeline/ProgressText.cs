using System.Globalization;
using System.Management.Automation;

namespace LoggerCms.PowerShell.Pipeline;

/// <summary>Turns the engine's progress into a progress record.</summary>
internal static class ProgressText
{
    public static ProgressRecord Record(int activityId, string activity, TransferProgress progress)
    {
        var record = new ProgressRecord(activityId, activity, Status(progress));
        if (progress.TotalRows is > 0)
            record.PercentComplete = (int)Math.Clamp(progress.Rows * 100 / progress.TotalRows.Value, 0, 100);
        if (progress.TimeLeft is { } left)
            record.SecondsRemaining = (int)Math.Min(left.TotalSeconds, int.MaxValue);
        return record;
    }

    /// <summary>A side in few enough letters for a progress bar.</summary>
    public static string Short(SideConnection side)
        => side.Name ?? (side.Provider == SideProvider.Sqlite ? Path.GetFileName(side.DataSource) : side.ToString());

    private static string Status(TransferProgress progress)
    {
        var culture = CultureInfo.CurrentCulture;
        var text = progress.Table is { } table ? $"{progress.Phase}: {table}" : $"{progress.Phase}";
        if (progress.Rows > 0 || progress.Bytes > 0)
            text += string.Create(culture, $", {progress.Rows:N0} rows, {progress.Bytes / 1e6:N1} MB");
        return progress.BytesPerSecond > 0 ? text + string.Create(culture, $", {progress.BytesPerSecond / 1e6:N1} MB/s") : text;
    }
}
