using System.Globalization;
using System.Text.RegularExpressions;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Tracing;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// What a transfer writes about itself, for both parties, because one process plays both: in the words of the Logger's own trace where
/// they fit, so that who knows that one can read it, and <c>Find-LoggerFault</c> knows the failures.
/// </summary>
internal sealed partial class TransferTrace(string path, TimeProvider time) : IDisposable
{
    /// <summary>How a failure begins; <see cref="FailureLine"/> makes the rest.</summary>
    public const string FailureMark = "Fail: State transfer ";

    /// <summary>How the last line of a transfer begins.</summary>
    public const string EndMark = "State transfer ";

    public const string ProductMark = "LoggerCms ";
    public const string AccountMark = ", account ";

    private readonly TraceWriter _writer = new(path, new TraceWriterOptions { Milliseconds = true, UtcOffset = true }, time);

    /// <summary>Null where nothing could be written.</summary>
    public string? Path => _writer.Failure is not null && !File.Exists(path) ? null : path;

    public string? Failure => _writer.Failure;

    public void Begin(StateTransferPhase phase, StateTransferResult result)
    {
        switch (phase)
        {
            case StateTransferPhase.Connect:
                Trace($"{ProductMark}{typeof(TransferTrace).Assembly.GetName().Version!.ToString(3)}, process {Environment.ProcessId}{AccountMark}{Environment.UserName}");
                Trace($"State transfer {result.Id}: {result.Source} sends, {result.Destination} receives");
                break;
            case StateTransferPhase.PrepareToSend:
                Trace("PrepareToSendState");
                break;
            case StateTransferPhase.Apply:
                Announce("Initiating state transfer RECEIVE operation.");
                break;
            case StateTransferPhase.Cleanup:
                Trace("CleanupPreparedState");
                break;
            default:
                Trace($"{phase}: begun");
                break;
        }
    }

    public void End(PhaseResult phase)
        => Trace(string.Create(
            CultureInfo.InvariantCulture,
            $"{phase.Phase}: {phase.Result}{(phase.Detail is null ? string.Empty : $", {phase.Detail}")}, {phase.Elapsed.TotalMilliseconds:0} ms"));

    public void Positions(StateTransferResult result, long? sourceKey, long? destinationKey)
    {
        Trace($"LastUpdateKey for {result.Source} Configuration is {Key(sourceKey)}");
        Trace($"LastUpdateKey for {result.Destination} Configuration is {Key(destinationKey)}");
    }

    public void SortOrders(StateTransferResult result, string source, string destination)
    {
        Trace($"Sort order of {result.Source} is {source}");
        Trace($"Sort order of {result.Destination} is {destination}");
    }

    /// <summary>The sender cannot make its spool.</summary>
    public void NoSpool(LoggerCmsException failure)
    {
        // The numbers of two systems mean different things, so that only Windows' own are written in the Logger's form.
        var error = failure.InnerException ?? failure;
        var number = OperatingSystem.IsWindows() ? string.Create(CultureInfo.InvariantCulture, $"Last API Error [{error.HResult & 0xFFFF}]") : "Last system error";
        Trace($"Unable to GetTempFileName for temporary state transfer file. {number}: {failure.Message}");
        Trace("Unable to setup to use file in sending state.");
    }

    public void Checksum(StateTransferResult result, IReadOnlyList<TableSum> sums)
        => Trace(string.Create(
            CultureInfo.InvariantCulture,
            $"Checksum config complete: Rows = {sums.Sum(s => s.Rows)}, bytes = {sums.Sum(s => s.Bytes)}, checksum = {result.Checksum}, updateKey = {Key(result.SourceUpdateKey)}"));

    public void Note(string note) => Announce($"Warning: {note}");

    public void Fail(Guid id, LoggerCmsException failure)
    {
        Announce(FailureLine(id, failure.Code, failure.Phase, failure.Side, failure.Message));
        Trace($"Remedy: {failure.Remedy}");
    }

    public void Finish(StateTransferResult result)
    {
        Announce(string.Create(
            CultureInfo.InvariantCulture,
            $"{EndMark}{result.Id} has ended: {result.Status}, {result.RowsInserted} rows inserted, {result.RowsUpdated} updated, {result.RowsDeleted} deleted, verified {result.Verified}."));
    }

    /// <summary>The line of a failure. Names are in brackets, because a side's name may hold any character but these.</summary>
    public static string FailureLine(Guid id, string code, string? phase, string? side, string message)
        => $"{FailureMark}{id} failed: [{code}] [{phase}] [{side?.Replace('[', '(').Replace(']', ')')}] {message}";

    public void Dispose() => _writer.Dispose();

    private void Trace(string text) => _writer.Trace(WithoutPasswords(text));

    private void Announce(string text) => _writer.Announce(WithoutPasswords(text));

    private static string Key(long? key) => key?.ToString(CultureInfo.InvariantCulture) ?? "none";

    // No connection is ever shown with its password; this is for what a driver or a server may quote in a message.
    private static string WithoutPasswords(string text)
        => text.Contains('=') ? Password().Replace(text, "$1=***") : text;

    [GeneratedRegex("""(password|passwd|pwd|psw)\s*=\s*("[^"]*"|'[^']*'|[^;\s]*)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Password();
}
