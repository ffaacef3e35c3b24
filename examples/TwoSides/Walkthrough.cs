using System.Globalization;
using LoggerCms;
using LoggerCms.TestData;

namespace TwoSides;

/// <summary>The steps, in the order an administrator takes them.</summary>
internal sealed class Walkthrough(ISideEngine engine, SidesFolder folder, Trace trace)
{
    private readonly SideConnection _a = new(SideProvider.Sqlite, folder.A, name: "A");
    private readonly SideConnection _b = new(SideProvider.Sqlite, folder.B, name: "B");

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Headline($"Making side B with {ConfigData.FieldRows:N0} rows in {ConfigData.Tables.Count} tables, and side A stale and damaged");
        MakeSides(cancellationToken);

        Headline("The state of both sides");
        await ShowStateAsync(_a, cancellationToken);
        await ShowStateAsync(_b, cancellationToken);

        Headline("How A differs from B");
        await CompareAsync(showRows: 5, cancellationToken);

        Headline("The transfer from B to A");
        var transfer = await TransferAsync(cancellationToken);

        Headline("The proof");
        var a = await ShowStateAsync(_a, cancellationToken);
        var b = await ShowStateAsync(_b, cancellationToken);
        var comparison = await CompareAsync(showRows: 0, cancellationToken);
        var equal = a.Checksum == b.Checksum && a.Rows == b.Rows && comparison.Equal == true;
        Console.WriteLine(equal ? "A and B are equal: same checksum, and every row compared." : "A and B are NOT equal.");

        Headline("The way back");
        await ShowUndoAsync(transfer, cancellationToken);
        Console.WriteLine($"Both databases, the trace and the records are in {Path.GetRelativePath(Environment.CurrentDirectory, folder.Path)} for you to look at.");
        return equal;
    }

    private void MakeSides(CancellationToken cancellationToken)
    {
        SqliteData.Create(folder.B, ConfigData.FieldRows, cancellationToken);
        File.Copy(folder.B, folder.A);
        SqliteData.MakeStale(folder.A, ConfigData.FieldRows, cancellationToken);

        // The lowest bit of the first character of one text, as a failing disk or memory would turn it.
        SqliteData.Execute(
            folder.A,
            "UPDATE config_script SET description = char((unicode(description) | 1) - (unicode(description) & 1)) || substr(description, 2) WHERE config_no = 42");
    }

    private async Task<SideState> ShowStateAsync(SideConnection side, CancellationToken cancellationToken)
    {
        trace.Write($"Connect to side {side.Name} database.");
        trace.Write("Starting config checksum");
        var state = await engine.GetSideStateAsync(new SideStateRequest { Side = side }, null, cancellationToken);
        trace.Write($"Checksum config complete: Rows = {state.Rows}, bytes = {state.Bytes}, checksum = {state.Checksum[..16]}, updateKey = {Key(state.UpdateKey)}");
        trace.Write($"{state.Provider} sort order is {state.SortOrder}");
        return state;
    }

    private async Task<SideComparison> CompareAsync(int showRows, CancellationToken cancellationToken)
    {
        var rows = new List<RowDifference>();
        ValueTask Keep(RowDifference difference)
        {
            lock (rows)
                rows.Add(difference);
            return ValueTask.CompletedTask;
        }

        var comparison = await engine.CompareAsync(new ComparisonRequest { Source = _b, Destination = _a }, Keep, null, cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Equal: {comparison.Equal}; only in B: {comparison.RowsOnlyInSource}, only in A: {comparison.RowsOnlyInDestination}, " +
            $"different: {comparison.RowsDifferent}, equal: {comparison.RowsEqual}; compared by {comparison.ComparedBy} in {comparison.Elapsed.TotalMilliseconds:0} ms"));
        foreach (var table in comparison.TableComparisons.Where(t => t.Equal != true))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {table.Table,-28} only in B {table.RowsOnlyInSource,3}   only in A {table.RowsOnlyInDestination,3}   different {table.RowsDifferent,3}   equal {table.RowsEqual,6}"));
        }

        // The row with the turned bit is among those of its table.
        foreach (var row in rows.Where(r => r.Table == "config_script").OrderBy(r => r.Key, StringComparer.Ordinal).Take(showRows))
            Console.WriteLine($"  {row.Table} {row.Key}: {row.Kind}{(row.Columns.Count == 0 ? string.Empty : $" in {string.Join(", ", row.Columns)}")}");
        return comparison;
    }

    private async Task<StateTransferResult> TransferAsync(CancellationToken cancellationToken)
    {
        var transfer = await engine.TransferAsync(new StateTransferRequest { Source = _b, Destination = _a }, null, cancellationToken);

        // Every transfer writes a trace of its own; Get-LoggerTrace reads it in the shell.
        Console.Write(await File.ReadAllTextAsync(transfer.TracePath!, cancellationToken));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{transfer.Status} in {transfer.Elapsed.TotalMilliseconds:0} ms, mode {transfer.Mode} ({transfer.ModeReason}), {transfer.BytesSent} bytes sent, " +
            $"verified {transfer.Verified}, equal: {transfer.Equal}"));
        foreach (var note in transfer.Notes)
            Console.WriteLine($"  {note}");
        return transfer;
    }

    private async Task ShowUndoAsync(StateTransferResult transfer, CancellationToken cancellationToken)
    {
        var undo = await engine.UndoAsync(new UndoRequest { Id = transfer.Id, Destination = _a, WhatIf = true }, null, cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"An undo would insert {undo.RowsInserted}, update {undo.RowsUpdated} and delete {undo.RowsDeleted} rows ({undo.Status}). In the shell, after Import-Module LoggerCms:"));
        Console.WriteLine($"  $env:LOGGERCMS_HOME = '{Path.GetRelativePath(Environment.CurrentDirectory, folder.Records)}'; Undo-StateTransfer -Id {transfer.Id}");
    }

    private static string Key(long? updateKey) => updateKey?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static void Headline(string text) => Console.WriteLine($"\n== {text}");
}
