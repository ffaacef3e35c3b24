namespace LoggerCms;

/// <summary>The engine as a caller outside its load context sees it.</summary>
/// <remarks>Every method throws <see cref="LoggerCmsException"/> for a typed failure and honours cancellation.</remarks>
public interface ISideEngine
{
    Task<SideState> GetSideStateAsync(SideStateRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken);

    /// <param name="request">The two sides and the scope.</param>
    /// <param name="onDifference">Called for each differing row, in no promised order across tables; null when not wanted.</param>
    /// <param name="progress">Told a few times a second.</param>
    /// <param name="cancellationToken">Ends the comparison; neither side is changed by it at any time.</param>
    Task<SideComparison> CompareAsync(
        ComparisonRequest request, Func<RowDifference, ValueTask>? onDifference, IProgress<TransferProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Runs a transfer. A failure is thrown after its durable record was written; cancelling gives a result.</summary>
    Task<StateTransferResult> TransferAsync(StateTransferRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken);

    Task<StateTransferResult> ResumeAsync(ResumeRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken);

    Task<StateTransferResult> UndoAsync(UndoRequest request, IProgress<TransferProgress>? progress, CancellationToken cancellationToken);

    /// <summary>The durable records on this machine, newest first; a dead process's running transfer is shown as interrupted.</summary>
    IReadOnlyList<StateTransferResult> GetTransfers(Guid? id);

    /// <summary>Settles a transfer whose status is Unknown or Interrupted by looking for its id in the destination.</summary>
    Task<StateTransferResult> SettleAsync(Guid id, SideConnection? destination, CancellationToken cancellationToken);

    /// <summary>Asks a running transfer, also one of another process, to cancel.</summary>
    void StopTransfer(Guid id);

    /// <summary>Spools, undo files and records that can be removed.</summary>
    IReadOnlyList<TransferFile> GetTransferFiles();

    /// <summary>Removes one of <see cref="GetTransferFiles"/>.</summary>
    void RemoveTransferFile(TransferFile file);

    Task<ConfigMessageLogState> EnableLogAsync(EnableLogRequest request, CancellationToken cancellationToken);

    Task<ConfigMessageLogState> DisableLogAsync(SideConnection side, CancellationToken cancellationToken);

    Task<ConfigMessageLogState> GetLogAsync(SideConnection side, CancellationToken cancellationToken);

    /// <summary>The entries in order of their keys, of one origin or all.</summary>
    IAsyncEnumerable<ConfigMessage> ReadLogAsync(SideConnection side, string? origin, long afterUpdateKey, CancellationToken cancellationToken);

    /// <summary>Table names of a side, for completion.</summary>
    Task<IReadOnlyList<string>> GetTableNamesAsync(SideConnection side, CancellationToken cancellationToken);
}

/// <summary>A file that a transfer left on purpose.</summary>
public sealed record TransferFile
{
    public required string Path { get; init; }

    /// <summary><c>Spool</c>, <c>Undo</c>, <c>Record</c>, <c>Trace</c> or <c>Partial</c>.</summary>
    public required string Kind { get; init; }

    public required Guid Id { get; init; }

    public required long Size { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is removed without being named.</summary>
    public required DateTimeOffset Expires { get; init; }
}

/// <summary>Makes the engine; found by name in the private load context.</summary>
public interface ISideEngineFactory
{
    ISideEngine Create();

    ITraceTools CreateTraceTools();

    ITempTools CreateTempTools();
}
