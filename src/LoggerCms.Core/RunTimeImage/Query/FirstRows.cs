namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>The first rows of an order, out of any number that come in any order. Where their keys are large they are fewer.</summary>
/// <param name="columns">The order.</param>
/// <param name="most">At most so many are kept.</param>
/// <param name="mostBytes">So much memory their keys may take; one is kept whatever it takes.</param>
internal sealed class FirstRows(IReadOnlyList<OrderByColumn> columns, int most, long mostBytes)
{
    private readonly PriorityQueue<CmsObject, SortedRow> _lastOnTop = new(Comparer<SortedRow>.Create((left, right) => SortedRow.Compare(columns, right, left)));
    private int _most = most;
    private long _bytes;

    public int Count => _lastOnTop.Count;

    /// <summary>Whether there were more than are kept; those come after all that are.</summary>
    public bool LeavesOut { get; private set; }

    public void Add(CmsObject one, SortedRow row)
    {
        if (_lastOnTop.Count == _most)
        {
            LeavesOut = true;
            if (_lastOnTop.TryPeek(out _, out var last) && SortedRow.Compare(columns, row, last) > 0)
                return;
            DropLast();
        }

        _lastOnTop.Enqueue(one, row);
        _bytes += row.Bytes;
        while (_bytes > mostBytes && _lastOnTop.Count > 1)
        {
            DropLast();

            // A smaller one must not take its place: it would be kept where one before it is not.
            _most = _lastOnTop.Count;
        }
    }

    /// <summary>Empties it.</summary>
    public (CmsObject Object, SortedRow Row)[] TakeInOrder()
    {
        var rows = new (CmsObject, SortedRow)[_lastOnTop.Count];
        for (var i = rows.Length - 1; i >= 0; i--)
        {
            _lastOnTop.TryDequeue(out var one, out var row);
            rows[i] = (one!, row);
        }

        return rows;
    }

    private void DropLast()
    {
        _lastOnTop.TryDequeue(out _, out var row);
        _bytes -= row.Bytes;
        LeavesOut = true;
    }
}
