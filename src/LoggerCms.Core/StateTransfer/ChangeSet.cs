using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Checks a row that would be written to a table.</summary>
internal delegate void RowCheck(int table, ReadOnlySpan<byte> row);

/// <summary>
/// Collects changes while the sides are compared: in a spool, or in memory up to a bound. A table that outgrows the bound is no longer
/// collected but marked to be sent whole, so that memory stays bounded without a file.
/// </summary>
internal sealed class ChangeSet : IChangeSource, IDisposable
{
    /// <summary>Bytes of changes that are kept in memory at most, where there is no file.</summary>
    public const long MemoryLimit = 48L * 1024 * 1024;

    private const int BatchBytes = 256 * 1024;
    private readonly ChangeFileWriter? _file;
    private readonly RowCheck? _check;
    private readonly long _memoryLimit;
    private readonly TableBuffers[] _buffers;
    private readonly Lock _lock = new();
    private long _inMemory;

    /// <param name="tables">How many tables are in scope.</param>
    /// <param name="file">Where changes go, or null to keep them in memory.</param>
    /// <param name="check">Told each row that would be written, by table; throws for one that the destination cannot hold.</param>
    /// <param name="countOnly">Nothing is kept (WhatIf).</param>
    /// <param name="memoryLimit">Bytes of changes to keep in memory at most.</param>
    public ChangeSet(
        int tables, ChangeFileWriter? file, RowCheck? check = null, bool countOnly = false, long memoryLimit = MemoryLimit)
    {
        _file = file;
        _check = check;
        _memoryLimit = memoryLimit;
        CountOnly = countOnly;
        _buffers = [.. Enumerable.Range(0, tables).Select(_ => new TableBuffers())];
    }

    public bool CountOnly { get; }

    public IReadOnlyList<TableChanges> Tables => [.. _buffers.Select(b => b.Changes)];

    /// <summary>Tables whose differences did not fit into memory and must be sent whole.</summary>
    public IEnumerable<int> Outgrown => Enumerable.Range(0, _buffers.Length).Where(i => _buffers[i].Outgrown);

    /// <param name="table">The table's index in the scope.</param>
    /// <param name="kind">What is to be done.</param>
    /// <param name="row">A row or a key, as the kind says.</param>
    /// <param name="expected">The hash of the destination's row as Compare saw it, where the kind has one.</param>
    public void Add(int table, ChangeKind kind, ReadOnlySpan<byte> row, ReadOnlySpan<byte> expected = default)
    {
        if (kind is ChangeKind.Insert or ChangeKind.Update or ChangeKind.Put)
            _check?.Invoke(table, row);
        var buffers = _buffers[table];
        lock (buffers)
        {
            buffers.Changes.Count(kind, 1, row.Length);
            if (CountOnly || buffers.Outgrown)
                return;
            var open = buffers.Open[(int)kind] ??= new ChangeBatch(table, kind, new RowBatch(), []);
            open.Rows.Add(row);
            if (!expected.IsEmpty)
                buffers.Hashes[(int)kind].AddRange(expected);
            if (open.Rows.Length >= BatchBytes)
                Close(buffers, kind);
        }
    }

    /// <summary>Counts changes that are not kept.</summary>
    public void Count(int table, ChangeKind kind, long rows)
    {
        lock (_buffers[table])
            _buffers[table].Changes.Count(kind, rows, 0);
    }

    /// <summary>Says what puts and removals would find, which are counted as inserts and deletions until then.</summary>
    /// <param name="table">The table's index in the scope.</param>
    /// <param name="updates">Puts of rows that are there in another state.</param>
    /// <param name="puts">Puts of rows that are there as they are put.</param>
    /// <param name="removals">Removals of rows that are not there.</param>
    public void Foresee(int table, long updates, long puts, long removals)
    {
        lock (_buffers[table])
        {
            var changes = _buffers[table].Changes;
            changes.Inserts -= updates + puts;
            changes.Updates += updates;
            changes.Deletes -= removals;
            changes.AlreadyThere += puts + removals;
        }
    }

    /// <summary>Marks a table to be sent whole instead of by its differences.</summary>
    public void Outgrow(int table)
    {
        lock (_buffers[table])
        {
            Forget(_buffers[table]);
            _buffers[table].Outgrown = true;
        }
    }

    /// <summary>Forgets what was collected for a table, which will be compared again another way.</summary>
    public void Reset(int table)
    {
        var buffers = _buffers[table];
        lock (buffers)
        {
            Forget(buffers);
            buffers.Changes = new TableChanges();
            buffers.Outgrown = false;
            _file?.WriteVoid(table);
        }
    }

    /// <summary>Ends collecting; what is still open goes to the file or the list.</summary>
    public void Seal()
    {
        foreach (var buffers in _buffers)
        {
            lock (buffers)
            {
                foreach (var open in buffers.Open.ToArray())
                {
                    if (open is not null)
                        Close(buffers, open.Kind);
                }
            }
        }
    }

    public async IAsyncEnumerable<ChangeBatch> ReadAsync(
        int table, ChangeKind kind, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var batch in _buffers[table].Closed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (batch.Kind != kind)
                continue;

            // The reader disposes what it gets, and these are read more than once.
            yield return batch with { Rows = batch.Rows.Copy() };
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var buffers in _buffers)
            Forget(buffers);
    }

    private void Close(TableBuffers buffers, ChangeKind kind)
    {
        var open = buffers.Open[(int)kind]!;
        var hashes = buffers.Hashes[(int)kind];
        buffers.Open[(int)kind] = null;
        var batch = open with { Hashes = [.. hashes] };
        hashes.Clear();
        if (_file is not null)
        {
            _file.Write(batch.Table, kind, batch.Rows, batch.Hashes);
            batch.Dispose();
            return;
        }

        buffers.Closed.Add(batch);
        lock (_lock)
        {
            _inMemory += batch.Rows.Length + batch.Hashes.Length;
            if (_inMemory <= _memoryLimit)
                return;
            _inMemory -= buffers.Closed.Sum(b => (long)b.Rows.Length + b.Hashes.Length);
        }

        Forget(buffers);
        buffers.Outgrown = true;
    }

    private static void Forget(TableBuffers buffers)
    {
        foreach (var batch in buffers.Closed)
            batch.Dispose();
        buffers.Closed.Clear();
        for (var i = 0; i < buffers.Open.Length; i++)
        {
            buffers.Open[i]?.Dispose();
            buffers.Open[i] = null;
            buffers.Hashes[i].Clear();
        }
    }

    private sealed class TableBuffers
    {
        public TableChanges Changes { get; set; } = new();

        public ChangeBatch?[] Open { get; } = new ChangeBatch?[(int)ChangeKind.Whole + 1];

        public List<byte>[] Hashes { get; } = [.. Enumerable.Range(0, (int)ChangeKind.Whole + 1).Select(_ => new List<byte>())];

        public List<ChangeBatch> Closed { get; } = [];

        public bool Outgrown { get; set; }
    }
}
