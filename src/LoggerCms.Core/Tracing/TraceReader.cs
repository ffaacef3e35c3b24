using System.Runtime.CompilerServices;

namespace LoggerCms.Core.Tracing;

/// <summary>Reads the messages of one trace from its bytes.</summary>
internal sealed class TraceReader(TraceReadRequest request, TimeProvider time)
{
    private const int BatchLines = 2048;
    private const long BatchChars = 4 * 1024 * 1024;

    /// <summary>How long a followed trace must be still before its last message counts as complete.</summary>
    private static readonly TimeSpan Stillness = TimeSpan.FromMilliseconds(500);

    private readonly TraceLineSplitter _splitter = new();
    private readonly TraceAssembler _assembler = new(request.Path, request.Date);
    private readonly TraceSelection _selection = new(request);
    private readonly List<string> _notes = [];

    public async IAsyncEnumerable<TraceBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FollowedFile? followed = null;
        Stream bytes;
        if (request.Wait)
            (bytes, followed) = TraceFile.Follow(request.Path, time);
        else
            bytes = TraceFile.Open(request.Path);
        await using var closing = bytes.ConfigureAwait(false);
        var wanted = new List<LoggerTraceLine>();
        var (isFirst, isEnd, generation) = (true, false, 0);
        while (!isEnd)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = followed is null ? await FillAsync(bytes, cancellationToken).ConfigureAwait(false) : 0;
            if (followed is not null)
            {
                var fill = bytes.ReadAsync(_splitter.Room, cancellationToken).AsTask();
                if (!await IsSoonAsync(fill, cancellationToken).ConfigureAwait(false))
                {
                    _assembler.Flush();
                    _selection.Take(_assembler.Ready, wanted);
                    _selection.End(wanted);
                    if (wanted.Count > 0)
                        yield return Batch(wanted);
                }

                count = await fill.ConfigureAwait(false);
                if (followed.Generation != generation)
                {
                    generation = followed.Generation;
                    _splitter.Advance(count);
                    Drain(isLast: false);
                    _splitter.BeginFile();
                    _assembler.Flush();
                    continue;
                }
            }

            isEnd = count == 0;
            _splitter.Advance(count);
            if (isFirst)
                _splitter.SkipMark();
            isFirst &= count == 0;
            bool more;
            do
            {
                more = Drain(isEnd);
                if (isEnd && !more)
                    _assembler.Flush();
                _selection.Take(_assembler.Ready, wanted);
                if (wanted.Count >= BatchLines || (more && wanted.Count > 0))
                    yield return Batch(wanted);
            }
            while (more);
        }

        _selection.End(wanted);
        if (_selection.Note() is { } note)
            _notes.Add(note);
        if (wanted.Count > 0 || _notes.Count > 0)
            yield return Batch(wanted);
    }

    /// <summary>Lines to messages; true where the batch is full before the bytes are used up.</summary>
    private bool Drain(bool isLast)
    {
        long chars = 0;
        while (_splitter.TryNext(isLast, out var line, out var cut))
        {
            _assembler.Add(line, _splitter.Number, cut);
            chars += line.Length;
            if (_assembler.Ready.Count >= BatchLines || chars > BatchChars)
                return true;
        }

        return false;
    }

    private async ValueTask<int> FillAsync(Stream bytes, CancellationToken cancellationToken)
    {
        try
        {
            return await bytes.ReadAsync(_splitter.Room, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            // A compressed trace that was cut or damaged: what came before is worth reading.
            _notes.Add($"{request.Path} ends early: its compressed data is damaged or cut ({exception.Message}).");
            return 0;
        }
        catch (IOException exception)
        {
            throw TraceFile.Failure(request.Path, exception);
        }
    }

    private async Task<bool> IsSoonAsync(Task<int> fill, CancellationToken cancellationToken)
    {
        if (fill.IsCompleted)
            return true;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(fill, Task.Delay(Stillness, time, stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        return first == fill;
    }

    private TraceBatch Batch(List<LoggerTraceLine> wanted)
    {
        var batch = new TraceBatch([.. wanted], [.. _notes]);
        wanted.Clear();
        _notes.Clear();
        return batch;
    }
}
