using System.Text.Json.Serialization;

namespace LoggerCms.Benchmarks.RunOne;

/// <summary>What a child process tells on its last line of output.</summary>
internal sealed record RunOneReport
{
    /// <summary>Time of the engine's call alone, without the process's start.</summary>
    public required double ElapsedMilliseconds { get; init; }

    /// <summary>The most memory that the process ever held.</summary>
    public required long PeakBytes { get; init; }

    public IReadOnlyList<SideState> States { get; init; } = [];

    public SideComparison? Comparison { get; init; }

    public StateTransferResult? Transfer { get; init; }

    public DeltaFigures? Deltas { get; init; }

    public ImageFigures? Image { get; init; }
}

/// <summary>Written without reflection and without metadata of the types: what those compile would count as the work's time.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(RunOneReport))]
internal sealed partial class RunOneJson : JsonSerializerContext;
