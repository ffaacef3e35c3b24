using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// A bulk copy of given identity values leaves Babelfish's counter where it was, so that the next value that it gives may be one of theirs. An INSERT
/// moves it: the rows with the lowest and the highest value are held back from the copy, to be inserted after it. Both, because an identity may count down.
/// </summary>
internal sealed class BabelfishIdentity(SqlServerTable table) : IDisposable
{
    private readonly int _column = table.Columns.Select((c, i) => (c, i)).First(c => c.c.Schema.IsIdentity).i;
    private RowBatch? _lowest;
    private RowBatch? _highest;

    /// <summary>What was held back; none where there were no rows.</summary>
    public IEnumerable<RowBatch> Held => new[] { _lowest, _highest }.OfType<RowBatch>();

    public async IAsyncEnumerable<RowBatch> WithoutEndsAsync(IAsyncEnumerable<RowBatch> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                if (batch.Count == 0)
                    continue;
                var others = new RowBatch(Math.Max(1, batch.Length));
                Split(batch, others);
                yield return others;
            }
        }
    }

    public void Dispose()
    {
        _lowest?.Dispose();
        _highest?.Dispose();
    }

    private void Split(RowBatch batch, RowBatch others)
    {
        int lowest = 0, highest = 0;
        for (var i = 1; i < batch.Count; i++)
        {
            if (ValueOf(batch[i]) < ValueOf(batch[lowest]))
                lowest = i;
            if (ValueOf(batch[i]) >= ValueOf(batch[highest]))
                highest = i;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            if (i != lowest && i != highest)
                others.Add(batch[i]);
        }

        Hold(batch[lowest], others);
        if (highest != lowest)
            Hold(batch[highest], others);
    }

    /// <summary>Takes the row in place of one that is held where it lies beyond it; what is not held any more goes to the others.</summary>
    private void Hold(ReadOnlySpan<byte> row, RowBatch others)
    {
        if (_lowest is null)
        {
            _lowest = One(row);
        }
        else if (ValueOf(row) < ValueOf(_lowest[0]))
        {
            if (_highest is null)
                _highest = _lowest;
            else
                Release(_lowest, others);
            _lowest = One(row);
        }
        else if (_highest is null || ValueOf(row) > ValueOf(_highest[0]))
        {
            Release(_highest, others);
            _highest = One(row);
        }
        else
        {
            others.Add(row);
        }
    }

    private static void Release(RowBatch? held, RowBatch others)
    {
        if (held is null)
            return;
        others.Add(held[0]);
        held.Dispose();
    }

    private static RowBatch One(ReadOnlySpan<byte> row)
    {
        var one = new RowBatch(Math.Max(1, row.Length));
        one.Add(row);
        return one;
    }

    // An identity that was declared decimal is a bigint on Babelfish.
    private long ValueOf(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; i <= _column; i++)
            reader.Read();
        return reader.Int64;
    }
}
