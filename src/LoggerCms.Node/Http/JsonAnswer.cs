using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LoggerCms.Node.Http;

/// <summary>
/// An answer of many objects or rows. It is held here until it is much, because the response's own buffer cannot be emptied: what fails before anything was
/// sent is answered by the failure alone. From then on it waits for its reader, not in memory.
/// </summary>
internal sealed class JsonAnswer : IAsyncDisposable
{
    private const int ManyBytes = 32 << 10;

    private readonly HttpContext _context;
    private readonly ArrayBufferWriter<byte> _held = new();

    public JsonAnswer(HttpContext context, string contentType)
    {
        _context = context;
        context.Response.ContentType = contentType;
        Writer = new Utf8JsonWriter(_held);
    }

    public Utf8JsonWriter Writer { get; }

    /// <summary>Of what was sent.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether to hand on what there is.</summary>
    public bool IsMuch => _held.WrittenCount + Writer.BytesPending >= ManyBytes;

    /// <summary>Ends one value of many, a line each.</summary>
    public void EndLine()
    {
        Writer.Flush();
        Writer.Reset();
        _held.Write("\n"u8);
    }

    public async ValueTask HandOnAsync(CancellationToken cancellationToken)
    {
        End();
        await _context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
        await ObjectEndpoints.LeaveTheSocketsThread();
    }

    /// <summary>Nothing comes any more that could fail.</summary>
    public void End()
    {
        Writer.Flush();
        _context.Response.BodyWriter.Write(_held.WrittenSpan);
        Bytes += _held.WrittenCount;
        _held.ResetWrittenCount();
    }

    public ValueTask DisposeAsync() => Writer.DisposeAsync();
}
