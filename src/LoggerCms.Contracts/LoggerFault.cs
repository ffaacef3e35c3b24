namespace LoggerCms;

/// <summary>How sure a finding is.</summary>
public enum FaultCertainty
{
    /// <summary>The trace states the cause itself, or two figures of it contradict each other.</summary>
    Certain,

    /// <summary>The trace states an effect that a named document ties to this cause.</summary>
    Likely,

    /// <summary>The trace fits this cause, and others too.</summary>
    Possible,
}

/// <summary>One finding of <c>Find-LoggerFault</c>. Flat: every property is a text, a number or a list of texts.</summary>
public sealed record LoggerFault
{
    /// <summary>One of <see cref="FaultCauses"/>, or of <see cref="ErrorCodes"/> for a transfer of this module.</summary>
    public required string Cause { get; init; }

    /// <summary>The side that must be repaired, or whose trace tells it: <c>A</c>, <c>B</c>, as a transfer names it, or null where nothing says which.</summary>
    public string? Side { get; init; }

    /// <summary>What was going on: a phase of <see cref="StateTransferPhase"/>, or <c>Start</c>, <c>Receive</c>, <c>Recovery</c>, <c>Run</c>.</summary>
    public required string Phase { get; init; }

    public required FaultCertainty Certainty { get; init; }

    /// <summary>What it means, in one or two sentences.</summary>
    public required string Message { get; init; }

    /// <summary>The lines that it rests on, each as <c>path:line: text</c>; at most ten.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>The file of the first of them.</summary>
    public string? Path { get; init; }

    /// <summary>The line of the first of them.</summary>
    public long? Line { get; init; }

    /// <summary>What to do about it.</summary>
    public required string Remedy { get; init; }

    /// <summary>The first step of that as a command to paste.</summary>
    public required string RemedyCommand { get; init; }

    /// <summary>Where the rule comes from.</summary>
    public required string Source { get; init; }
}

/// <summary>The causes that <c>Find-LoggerFault</c> knows beside the codes of <see cref="ErrorCodes"/>.</summary>
public static class FaultCauses
{
    // Why the sender could not make its temporary file: the words of TempAccessCause.
    public const string AccessDenied = "AccessDenied";
    public const string DiskFull = "DiskFull";
    public const string QuotaExceeded = "QuotaExceeded";
    public const string NamesExhausted = "NamesExhausted";
    public const string Missing = "Missing";
    public const string NotAFolder = "NotAFolder";
    public const string ReadOnly = "ReadOnly";
    public const string PathTooLong = "PathTooLong";
    public const string NotDetermined = "NotDetermined";

    public const string SenderTraceNeeded = "SenderTraceNeeded";
    public const string MemoryStateNotTransferred = "MemoryStateNotTransferred";
    public const string TracesDoNotBelongTogether = "TracesDoNotBelongTogether";
    public const string ConfigMessageLogEmpty = "ConfigMessageLogEmpty";
    public const string AssertionFailed = "AssertionFailed";
    public const string AssertionLoop = "AssertionLoop";
    public const string RecoveryKeyOutOfOrder = "RecoveryKeyOutOfOrder";
    public const string SchemaVersionDiffers = "SchemaVersionDiffers";
    public const string SortOrderDiffers = "SortOrderDiffers";
    public const string ChecksumDiffers = "ChecksumDiffers";
    public const string MdsNotInService = "MdsNotInService";
    public const string PrivateNetworkLost = "PrivateNetworkLost";
    public const string DatabaseFull = "DatabaseFull";
    public const string NotATrace = "NotATrace";
}

/// <summary>The traces to look into. At least one path.</summary>
public sealed record FaultRequest
{
    /// <summary>Files whose side is to be found out from what they say.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    public IReadOnlyList<string> SideA { get; init; } = [];

    public IReadOnlyList<string> SideB { get; init; } = [];
}
