using System.Buffers;
using System.Buffers.Binary;
using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Turns the stream of a binary <c>COPY … TO STDOUT</c> into batches of canonical rows.</summary>
internal sealed class PgCopyReader : IAsyncDisposable
{
    public const int BatchBytes = 256 * 1024;

    /// <summary>One read gives one row at most; parsing begins when this much has come together, and finds it in the cache still.</summary>
    private const int FillTo = 32 * 1024;

    /// <summary>"PGCOPY\n\377\r\n\0", a word of flags and the length of an extension that does not exist yet.</summary>
    private const int HeaderBytes = 19;

    private readonly PgSession _session;
    private readonly NpgsqlRawCopyStream _stream;
    private readonly PgCodec[] _codecs;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
    private int _start;
    private int _end;
    private int _needed = HeaderBytes;
    private bool _headerRead;

    private PgCopyReader(PgSession session, NpgsqlRawCopyStream stream, PgCodec[] codecs)
    {
        _session = session;
        _stream = stream;
        _codecs = codecs;
    }

    private enum Parsed
    {
        Row,
        NeedsMore,
        End,
    }

    /// <summary>True when every row has been read, so that the connection is ready for the next command.</summary>
    public bool IsComplete { get; private set; }

    public static async Task<PgCopyReader> BeginAsync(PgSession session, string sql, IEnumerable<PgColumn> columns, CancellationToken cancellationToken)
        => new(session, await session.CopyAsync(sql, cancellationToken).ConfigureAwait(false), [.. columns.Select(c => c.Codec)]);

    /// <summary>The next rows, or null after the last one.</summary>
    public async ValueTask<RowBatch?> ReadBatchAsync(CancellationToken cancellationToken)
    {
        if (IsComplete)
            return null;
        var batch = new RowBatch(BatchBytes + (BatchBytes / 8));
        try
        {
            while (true)
            {
                var parsed = Parse(batch);
                if (parsed == Parsed.NeedsMore)
                {
                    await FillAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (parsed == Parsed.End)
                {
                    await DrainAsync(cancellationToken).ConfigureAwait(false);
                    if (batch.Count > 0)
                        return batch;
                    batch.Dispose();
                    return null;
                }

                return batch;
            }
        }
        catch (Exception e)
        {
            batch.Dispose();
            if (PgErrors.IsForeign(e))
                throw _session.Translate(e, cancellationToken);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        try
        {
            if (!IsComplete && _session.IsUsable)
                await _stream.CancelAsync().ConfigureAwait(false);
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            // The connection went away; whoever uses the session next is told.
        }
    }

    /// <summary>Parses rows until the batch is full (Row), the buffer is used up (NeedsMore) or the end was seen.</summary>
    private Parsed Parse(RowBatch batch)
    {
        if (!_headerRead)
        {
            if (_end - _start < HeaderBytes)
                return Parsed.NeedsMore;
            _start += HeaderBytes;
            _headerRead = true;
        }

        while (true)
        {
            var parsed = ParseRow(batch);
            if (parsed != Parsed.Row || batch.Length >= BatchBytes)
                return parsed;
        }
    }

    private Parsed ParseRow(RowBatch batch)
    {
        var data = new ReadOnlySpan<byte>(_buffer, _start, _end - _start);
        _needed = 2;
        if (data.Length < 2)
            return Parsed.NeedsMore;
        if (BinaryPrimitives.ReadInt16BigEndian(data) < 0)
            return Parsed.End;
        var at = 2;
        var codecs = _codecs;
        for (var i = 0; i < codecs.Length; i++)
        {
            _needed = at + 4;
            if (data.Length < _needed)
                return Incomplete(batch);
            var length = BinaryPrimitives.ReadInt32BigEndian(data[at..]);
            at += 4;
            if (length < 0)
            {
                Canonical.WriteNull(batch);
                continue;
            }

            _needed = at + length;
            if (data.Length < _needed)
                return Incomplete(batch);
            PgFields.Append(batch, codecs[i], data.Slice(at, length));
            at += length;
        }

        batch.EndRow();
        _start += at;
        return Parsed.Row;
    }

    private static Parsed Incomplete(RowBatch batch)
    {
        batch.AbandonRow();
        return Parsed.NeedsMore;
    }

    /// <summary>Reads until the buffer holds what the row at its start is known to need, and some more where there is more.</summary>
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_needed > _buffer.Length)
            Grow();
        do
        {
            var reading = _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            var read = reading.IsCompletedSuccessfully ? reading.Result : await reading.ConfigureAwait(false);
            if (read == 0)
            {
                if (_end < _needed)
                    throw new IOException("The server ended the rows before their end mark.");
                return;
            }

            _end += read;
        }
        while (_end < _needed || _end < FillTo);
    }

    private void Grow()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_needed + (BatchBytes / 2));
        _buffer.AsSpan(0, _end).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
    }

    /// <summary>After the end mark comes the command's completion; an error can still come instead.</summary>
    private async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        while (await _stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        IsComplete = true;
    }
}
