using System.Globalization;
using LoggerCms.Benchmarks.RunOne;
using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>What every result of ours is held against.</summary>
internal static class Checks
{
    public static string AllEqual(RunOneReport? report, long rows)
    {
        var comparison = report?.Comparison ?? throw new CheckFailedException("ours gave no comparison");
        Require(comparison.Equal == "True", "ours did not call the sides equal");
        Require(comparison.RowsEqual == rows, $"ours compared {comparison.RowsEqual} rows and not {rows}");
        return string.Create(CultureInfo.InvariantCulture, $"Equal, {comparison.RowsEqual:N0} rows in {comparison.Tables} tables compared by {comparison.ComparedBy}");
    }

    public static string OneDifference(RunOneReport? report)
    {
        var comparison = report?.Comparison ?? throw new CheckFailedException("ours gave no comparison");
        Require(comparison.Equal == "False" && comparison.RowsDifferent == 1, "ours did not find the one changed row");
        return "ours found the one row in which one bit was changed";
    }

    public static string Completed(RunOneReport? report, StateTransferMode? mode = null)
    {
        var transfer = report?.Transfer ?? throw new CheckFailedException("ours gave no transfer");
        Require(transfer.Status == nameof(StateTransferStatus.Completed), $"ours ended {transfer.Status}");
        Require(mode is null || transfer.Mode == $"{mode}", $"ours ran in mode {transfer.Mode} and not {mode}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{transfer.Mode}, {transfer.RowsInserted:N0} inserted, {transfer.RowsUpdated:N0} updated, {transfer.RowsDeleted:N0} deleted, " +
            $"verified {transfer.Verified}{(transfer.UndoPath is null ? string.Empty : ", undo file written")}");
    }

    public static string StaleLevelled(RunOneReport? report, long rows)
    {
        var text = Completed(report);
        var transfer = report!.Transfer!;
        var (changed, missing, extra) = ConfigData.StaleCounts(rows);
        Require(
            transfer.RowsUpdated == changed && transfer.RowsInserted == missing && transfer.RowsDeleted == extra,
            $"ours changed other rows than the {changed} changed, {missing} missing and {extra} extra ones ({text})");
        return text;
    }

    public static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new CheckFailedException(otherwise);
    }
}
