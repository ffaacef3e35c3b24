using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>A failure of a transfer of this module, as its trace has it.</summary>
internal sealed class OwnFailure
{
    public const string RemedyMark = "Remedy:";

    public required string Id { get; init; }

    public required string Code { get; init; }

    public required string Phase { get; init; }

    public required string? Side { get; init; }

    public required string Message { get; init; }

    public required LoggerTraceLine Line { get; init; }

    public string? Remedy { get; set; }

    public static OwnFailure? Read(LoggerTraceLine line)
    {
        var rest = line.Message.AsSpan();
        if (!rest.StartsWith(TransferTrace.FailureMark, StringComparison.Ordinal))
            return null;
        rest = rest[TransferTrace.FailureMark.Length..];
        var space = rest.IndexOf(' ');
        if (space < 0 || !Guid.TryParse(rest[..space], out var id))
            return null;
        rest = rest[(space + 1)..];
        const string failed = "failed: ";
        if (!rest.StartsWith(failed, StringComparison.Ordinal))
            return null;
        rest = rest[failed.Length..];
        if (Bracketed(ref rest) is not { Length: > 0 } code || Bracketed(ref rest) is not { } phase || Bracketed(ref rest) is not { } side)
            return null;
        return new OwnFailure
        {
            Id = id.ToString(),
            Code = code,
            Phase = phase.Length == 0 ? nameof(StateTransferPhase.Connect) : phase,
            Side = side.Length == 0 ? null : side,
            Message = rest.ToString(),
            Line = line,
        };
    }

    public LoggerFault ToFault(string? account) => new()
    {
        Cause = Code,
        Side = Side,
        Phase = Phase,
        Certainty = FaultCertainty.Certain,
        Message = Message,
        Evidence = new Evidence(Line).ToTexts(),
        Path = Line.Path,
        Line = Line.Line,
        Remedy = Remedy ?? "See the transfer's record.",
        RemedyCommand = Command(account),
        Source = Sources.Own,
    };

    /// <summary>The command that looks at the folder which a message names first, in quotes.</summary>
    public static string CheckFolder(string message, string? account)
    {
        var start = message.IndexOf('\'', StringComparison.Ordinal);
        var end = start < 0 ? -1 : message.IndexOf('\'', start + 1);
        var named = end < 0 ? null : message[(start + 1)..end];

        // Some systems name the file that was tried, and not its folder.
        if (named is not null && System.IO.Path.GetExtension(named) is ".probe" or ".spool" or ".partial")
            named = System.IO.Path.GetDirectoryName(named);
        return $"Test-TempAccess -Path {(string.IsNullOrEmpty(named) ? "(Read-Host 'Folder')" : TraceFile.Quote(named))}"
            + (account is null ? string.Empty : $" -Account {TraceFile.Quote(account)}");
    }

    private string Command(string? account) => Code switch
    {
        ErrorCodes.TempFolderUnusable or ErrorCodes.DiskFull => CheckFolder(Message, account),
        ErrorCodes.OutcomeUnknown => $"Get-StateTransfer -Id {Id} -Settle",
        ErrorCodes.ConnectionLost or ErrorCodes.ServerUnreachable or ErrorCodes.DestinationInUse => $"Resume-StateTransfer -Id {Id}",
        ErrorCodes.TransferInProgress or ErrorCodes.UndoNotLast => "Get-StateTransfer | Sort-Object StartedAt -Descending | Select-Object -First 5",
        ErrorCodes.SpoolDamaged => $"Clear-StateTransferTemp -Id {Id} -Kind Spool",
        _ => $"Get-StateTransfer -Id {Id} | Format-List *",
    };

    private static string? Bracketed(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(']');
        if (end < 0 || rest[0] != '[')
            return null;
        var inner = rest[1..end].ToString();
        rest = rest[(end + 1)..].TrimStart(' ');
        return inner;
    }
}
