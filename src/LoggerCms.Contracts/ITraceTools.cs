namespace LoggerCms;

/// <summary>Reads traces and finds faults in them.</summary>
/// <remarks>Every method throws <see cref="LoggerCmsException"/> for a typed failure (TraceNotFound, TraceUnreadable, AccessDenied, InvalidOption).</remarks>
public interface ITraceTools
{
    /// <summary>The messages of one file, in its order, in bounded memory.</summary>
    IAsyncEnumerable<TraceBatch> ReadAsync(TraceReadRequest request, CancellationToken cancellationToken);

    /// <summary>A parser for text that does not come from a file. Of the request it takes all but Path and Wait.</summary>
    ITraceTextParser CreateTextParser(TraceReadRequest request);

    /// <summary>Reads all traces once and says what is wrong, the surest findings first. Nothing found gives an empty list.</summary>
    Task<IReadOnlyList<LoggerFault>> FindFaultsAsync(FaultRequest request, CancellationToken cancellationToken);
}

/// <summary>Takes text piece by piece. Not thread-safe.</summary>
public interface ITraceTextParser
{
    /// <summary>Takes one line or several, and gives the messages that are complete.</summary>
    TraceBatch Add(string text);

    /// <summary>The end: the last message, and what <see cref="TraceReadRequest.Tail"/> kept.</summary>
    TraceBatch End();
}
