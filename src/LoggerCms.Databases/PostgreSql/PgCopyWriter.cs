using System.Buffers;
using System.Buffers.Binary;
using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Writes canonical rows as a binary <c>COPY … FROM STDIN</c>. Disposed before <see cref="CompleteAsync"/>, the server takes none of them.</summary>
internal sealed class PgCopyWriter : IAsyncDisposable
{
    private const int FlushAt = 256 * 1024;

    /// <summary>Well under the server's limit for one message; a row may span messages.</summary>
    private const int LargestMessage = 16 * 1024 * 1024;

    private readonly PgSession _session;
    private readonly NpgsqlRawCopyStream _stream;
    private readonly TableName _table;
    private readonly PgColumn[] _columns;
    private readonly bool _staged;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(2 * FlushAt);
    private int _at;
    private bool _ended;

    private PgCopyWriter(PgSession session, NpgsqlRawCopyStream stream, TableName table, PgColumn[] columns, bool staged)
    {
        (_session, _stream, _table, _columns, _staged) = (session, stream, table, columns, staged);
        ReadOnlySpan<byte> header = [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0];
        header.CopyTo(_buffer);
        _buffer.AsSpan(header.Length, 8).Clear();
        _at = header.Length + 8;
    }

    /// <param name="session">The session, inside a transaction.</param>
    /// <param name="sql">The COPY statement.</param>
    /// <param name="table">The table that errors name.</param>
    /// <param name="columns">The columns in the order of the fields.</param>
    /// <param name="staged">True where native columns are of type text in the target.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<PgCopyWriter> BeginAsync(
        PgSession session, string sql, TableName table, PgColumn[] columns, bool staged, CancellationToken cancellationToken)
        => new(session, await session.CopyAsync(sql, cancellationToken).ConfigureAwait(false), table, columns, staged);

    /// <summary>Appends every row of the batch.</summary>
    public async ValueTask WriteAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        var next = 0;
        while (next < batch.Count)
        {
            next = Fill(batch, next);
            if (_at >= FlushAt)
                await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the COPY; constraint violations come here at the latest.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        Reserve(2);
        BinaryPrimitives.WriteInt16BigEndian(_buffer.AsSpan(_at), -1);
        _at += 2;
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        _ended = true;
        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw _session.Translate(e, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (_ended)
            return;
        _ended = true;
        try
        {
            if (_session.IsUsable)
                await _stream.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            // The failure that led here is the one to tell; the transaction is rolled back either way.
        }
    }

    /// <summary>Encodes rows from <paramref name="next"/> on until the buffer is due; returns the first row that was not encoded.</summary>
    private int Fill(RowBatch batch, int next)
    {
        while (next < batch.Count && _at < FlushAt)
            Append(batch[next++]);
        return next;
    }

    private void Append(ReadOnlySpan<byte> row)
    {
        Reserve(row.Length + 2 + (_columns.Length * PgFieldWriter.Overhead));
        var buffer = _buffer.AsSpan();
        BinaryPrimitives.WriteInt16BigEndian(buffer[_at..], (short)_columns.Length);
        var at = _at + 2;
        var reader = new CanonicalReader(row);
        foreach (var column in _columns)
        {
            if (!reader.Read())
                throw new ArgumentException($"A row of {_table} has fewer fields than its table has columns.");
            var used = PgFieldWriter.Write(buffer[at..], reader, column, _staged);
            if (used < 0)
            {
                throw new LoggerCmsException(
                    ErrorCodes.ValueNotRepresentable,
                    $"Column {column.Name} of table {_table} ({column.Schema.DeclaredType}) cannot hold a value of kind {reader.Tag} that the source has there.",
                    "Widen the column, or leave it out with a side profile.");
            }

            at += used;
        }

        _at = at;
    }

    private void Reserve(int size)
    {
        if (_buffer.Length - _at >= size)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(_at + size);
        _buffer.AsSpan(0, _at).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var from = 0; from < _at; from += LargestMessage)
                await _stream.WriteAsync(_buffer.AsMemory(from, Math.Min(LargestMessage, _at - from)), cancellationToken).ConfigureAwait(false);
            _at = 0;
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw _session.Translate(e, cancellationToken);
        }
    }
}
