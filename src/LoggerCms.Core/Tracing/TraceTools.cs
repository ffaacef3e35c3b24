namespace LoggerCms.Core.Tracing;

/// <summary>Reads and diagnoses traces.</summary>
/// <param name="time">The clock that following a trace waits by.</param>
public sealed class TraceTools(TimeProvider time) : ITraceTools
{
    public IAsyncEnumerable<TraceBatch> ReadAsync(TraceReadRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new TraceReader(request, time).ReadAsync(cancellationToken);
    }

    public ITraceTextParser CreateTextParser(TraceReadRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new TraceTextParser(request);
    }

    public Task<IReadOnlyList<LoggerFault>> FindFaultsAsync(FaultRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new Faults.FaultFinder(time).FindAsync(request, cancellationToken);
    }
}

/// <summary>Text that comes piece by piece from a pipeline.</summary>
internal sealed class TraceTextParser(TraceReadRequest request) : ITraceTextParser
{
    private readonly TraceAssembler _assembler = new(path: null, request.Date);
    private readonly TraceSelection _selection = new(request);
    private long _number;

    public TraceBatch Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);

        // A piece is one line, as Get-Content gives it, or a whole text; the end of a text begins no further line.
        var rest = text.AsSpan();
        do
        {
            var end = rest.IndexOfAny('\r', '\n');
            _assembler.Add(end < 0 ? rest : rest[..end], ++_number, cut: false);
            if (end < 0)
                break;
            rest = rest[(end + (rest[end..].StartsWith("\r\n", StringComparison.Ordinal) ? 2 : 1))..];
        }
        while (!rest.IsEmpty);

        return Take([]);
    }

    public TraceBatch End()
    {
        _assembler.Flush();
        var wanted = new List<LoggerTraceLine>();
        _selection.Take(_assembler.Ready, wanted);
        _selection.End(wanted);
        return Take(wanted, _selection.Note());
    }

    private TraceBatch Take(List<LoggerTraceLine> wanted, string? note = null)
    {
        _selection.Take(_assembler.Ready, wanted);
        return new TraceBatch(wanted, note is null ? [] : [note]);
    }
}
