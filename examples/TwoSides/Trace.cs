using LoggerCms.Core.Tracing;

namespace TwoSides;

/// <summary>The engine's own trace writer, with a copy of each line on the screen.</summary>
internal sealed class Trace(string path) : IDisposable
{
    private readonly TraceWriter _writer = new(path, new TraceWriterOptions(), TimeProvider.System);

    public void Write(string text) => Console.WriteLine(_writer.Trace(text));

    public void Dispose() => _writer.Dispose();
}
