using System.Runtime.CompilerServices;

namespace LoggerCms.Databases;

/// <summary>Gives what the name of a trace says: <c>fail-CODE</c> throws, <c>hang</c> waits until it is cancelled, <c>flood</c> gives far too much.</summary>
public sealed class ScriptedTraceTools : ITraceTools
{
    public async IAsyncEnumerable<TraceBatch> ReadAsync(TraceReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await PlayAsync(request.Path, cancellationToken).ConfigureAwait(false);
        var count = Path.GetFileName(request.Path) == "flood" ? ScriptedEngine.FloodRows : 2;
        for (var i = 1; i <= count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new TraceBatch([new LoggerTraceLine { Message = $"message {i}", Line = i, Path = request.Path }], []);
        }
    }

    public ITraceTextParser CreateTextParser(TraceReadRequest request) => new Echo();

    public async Task<IReadOnlyList<LoggerFault>> FindFaultsAsync(FaultRequest request, CancellationToken cancellationToken)
    {
        foreach (var path in request.Path)
            await PlayAsync(path, cancellationToken).ConfigureAwait(false);
        return [];
    }

    private static async Task PlayAsync(string path, CancellationToken cancellationToken)
    {
        var script = Path.GetFileName(path);
        if (script == "hang")
        {
            ScriptedEngine.Note("hanging");
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }

        if (script.StartsWith("fail-", StringComparison.Ordinal))
            throw new LoggerCmsException(script[5..], $"'{path}' did as its name says.", $"Remedy of {script[5..]}.");
    }

    private sealed class Echo : ITraceTextParser
    {
        private long _line;

        public TraceBatch Add(string text) => new([new LoggerTraceLine { Message = text, Line = ++_line }], []);

        public TraceBatch End() => new([], []);
    }
}
