using System.Text.Json.Serialization;

namespace LoggerCms.Benchmarks.RunOne;

/// <summary>What a child process tells on its last line of output.</summary>
internal sealed record RunOneReport
{
    /// <summary>Time of the engine's call alone, without the process's start.</summary>
    public required double ElapsedMilliseconds { get; init; }

    /// <summary>The most memory that the process ever held.</summary>
    public required long PeakBytes { get; init; }

    public IReadOnlyList<StateFigures> States { get; init; } = [];

    public ComparisonFigures? Comparison { get; init; }

    public TransferFigures? Transfer { get; init; }

    public DeltaFigures? Deltas { get; init; }

    public ImageFigures? Image { get; init; }
}

/// <summary>What is checked of a side's state.</summary>
internal sealed record StateFigures(long Rows, long Bytes, string Checksum);

/// <summary>What is checked of a comparison.</summary>
internal sealed record ComparisonFigures(string Equal, long RowsEqual, long RowsDifferent, int Tables, string ComparedBy);

/// <summary>What is checked of a transfer.</summary>
internal sealed record TransferFigures(string Status, string Mode, long RowsInserted, long RowsUpdated, long RowsDeleted, string Verified, string? UndoPath);

/// <summary>
/// Written without reflection and without metadata of the types, and of texts and numbers alone: what anything else compiles would count as the work's time.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(RunOneReport))]
internal sealed partial class RunOneJson : JsonSerializerContext;
