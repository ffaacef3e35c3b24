using System.Globalization;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// Applies changes inside the destination's transaction. For each row the state before goes to the undo file, and what Compare
/// saw is checked against what is there now, under the lock. Rows go before rows come, so that swapped unique values never meet.
/// </summary>
internal sealed class Applier(ISideTransaction transaction, IChangeSource changes, ChangeSet undo, ApplyOptions options)
{
    private const int MostConflictsListed = 20;
    private readonly List<string> _conflicts = [];
    private readonly byte[] _hash = new byte[RowKeys.HashSize];
    private readonly HashSet<TableSchema> _withoutTheirOwnColumns = [];
    private long _conflictCount;

    /// <summary>Rows that the first of two passes took out and that have yet to come back.</summary>
    private long _away;

    /// <summary>Tables of which rows went whose side-local columns no undo file holds.</summary>
    public IReadOnlyCollection<TableSchema> WithoutTheirOwnColumns => _withoutTheirOwnColumns;

    public long Inserted { get; private set; }

    public long Updated { get; private set; }

    public long Deleted { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Applies one table. From the first row on that is not as expected nothing is written any more: the rest is only looked at, to list it too.</summary>
    public async Task ApplyTableAsync(int index, TableSchema table, Func<CancellationToken, IAsyncEnumerable<RowBatch>> wholeRows, CancellationToken cancellationToken)
    {
        if (changes.Tables[index].Whole)
        {
            await ReplaceWholeAsync(index, table, wholeRows, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!table.HasKey)
        {
            await ApplyKeylessAsync(index, table, cancellationToken).ConfigureAwait(false);
            return;
        }

        // With further unique constraints a row may only come once every row that goes or changes is gone.
        var twoPasses = table.SideLocalColumns.Count == 0
            && (table.Uniques.Count > 0 || table.Key.Any(i => !table.Columns[i].CollationIsBinary));
        foreach (var kind in new[] { ChangeKind.Delete, ChangeKind.Remove })
            await EachAsync(index, kind, batch => GoAsync(table, batch, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (twoPasses)
        {
            foreach (var kind in new[] { ChangeKind.Update, ChangeKind.Put })
                await EachAsync(index, kind, batch => GoToComeBackAsync(table, batch, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        foreach (var kind in new[] { ChangeKind.Update, ChangeKind.Put, ChangeKind.Insert })
        {
            var undone = twoPasses && kind != ChangeKind.Insert;
            await EachAsync(index, kind, batch => ComeAsync(table, batch, undone, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <exception cref="LoggerCmsException">Rows were not as expected; it lists them.</exception>
    public void ThrowIfConflicts()
    {
        if (_conflictCount == 0)
            return;
        var list = string.Join("; ", _conflicts) + (_conflictCount > _conflicts.Count ? $"; and {_conflictCount - _conflicts.Count} more" : string.Empty);
        throw options.ConflictError(list);
    }

    private async Task ReplaceWholeAsync(
        int index, TableSchema table, Func<CancellationToken, IAsyncEnumerable<RowBatch>> wholeRows, CancellationToken cancellationToken)
    {
        if (_conflictCount > 0)
            return;
        await foreach (var batch in transaction.ReadAsync(new RowQuery(table), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                    undo.Add(index, ChangeKind.Whole, batch[i]);
            }
        }

        Gone(table, await transaction.ClearAsync(table, cancellationToken).ConfigureAwait(false));
        if (options.CopyWhole is { } copy)
        {
            var rows = await copy(index, table, cancellationToken).ConfigureAwait(false);
            Inserted += rows;
            options.Meter.Add(table.Name.ToString(), rows, 0);
            return;
        }

        await InsertAsync(table, CountedAsync(table, wholeRows(cancellationToken), cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<RowBatch> CountedAsync(
        TableSchema table, IAsyncEnumerable<RowBatch> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await SentAsync(table, batch, cancellationToken).ConfigureAwait(false);
            Inserted += batch.Count;
            yield return batch;
        }
    }

    private async Task ApplyKeylessAsync(int index, TableSchema table, CancellationToken cancellationToken)
    {
        await EachAsync(index, ChangeKind.DeleteRow, options.Lenient ? DeleteThoseThereAsync : DeleteRowsAsync, cancellationToken).ConfigureAwait(false);
        if (_conflictCount > 0)
            return;
        await EachAsync(index, ChangeKind.Insert, InsertAsync, cancellationToken).ConfigureAwait(false);

        async Task DeleteRowsAsync(ChangeBatch batch)
        {
            for (var i = 0; i < batch.Rows.Count; i++)
                undo.Add(index, ChangeKind.Insert, batch.Rows[i]);
            var gone = await transaction.DeleteRowsAsync(table, batch.Rows, cancellationToken).ConfigureAwait(false);
            Gone(table, gone);
            if (gone != batch.Rows.Count)
                Conflict(table, $"{batch.Rows.Count - gone} rows without a key are no longer there");
        }

        async Task DeleteThoseThereAsync(ChangeBatch batch)
        {
            // One by one, so that the undo brings back only what really went.
            using var one = new RowBatch(1024);
            for (var i = 0; i < batch.Rows.Count; i++)
            {
                one.Clear();
                one.Add(batch.Rows[i]);
                if (await transaction.DeleteRowsAsync(table, one, cancellationToken).ConfigureAwait(false) == 0)
                    continue;
                undo.Add(index, ChangeKind.Insert, one[0]);
                Gone(table, 1);
            }
        }

        async Task InsertAsync(ChangeBatch batch)
        {
            for (var i = 0; i < batch.Rows.Count; i++)
                undo.Add(index, ChangeKind.DeleteRow, batch.Rows[i]);
            await SentAsync(table, batch.Rows, cancellationToken).ConfigureAwait(false);
            Inserted += batch.Rows.Count;
            await transaction.InsertAsync(table, One(batch.Rows), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task GoAsync(TableSchema table, ChangeBatch batch, CancellationToken cancellationToken)
    {
        var whole = options.Wholes[batch.Table];
        using var before = await KeyMap.ReadAsync(transaction, table, batch.Rows, cancellationToken).ConfigureAwait(false);
        using var going = new RowBatch();
        for (var i = 0; i < batch.Rows.Count; i++)
        {
            var there = before.TryGet(batch.Rows[i], out var row);
            CheckExpected(table, batch, i, batch.Rows[i], there, row);
            if (!there)
                continue;
            if (whole is null)
                undo.Add(batch.Table, ChangeKind.Insert, row);
            going.Add(batch.Rows[i]);
        }

        if (whole is not null)
            await NoteWholeAsync(whole, going, cancellationToken).ConfigureAwait(false);
        await DeleteAsync(table, going, cancellationToken).ConfigureAwait(false);
        Gone(table, going.Count, isNotedWhole: whole is not null);
    }

    private void Gone(TableSchema table, long rows, bool isNotedWhole = false)
    {
        Deleted += rows;
        if (rows > 0 && table.SideLocalColumns.Count > 0 && !isNotedWhole)
            _withoutTheirOwnColumns.Add(table);
    }

    /// <summary>Rows that go take their side-local columns along: the undo file gets them with these.</summary>
    private async Task NoteWholeAsync(WholeTable whole, RowBatch keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
            return;
        using var rows = await KeyMap.ReadAsync(transaction, whole.Schema, keys, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < keys.Count; i++)
        {
            if (rows.TryGet(keys[i], out var row))
                undo.Add(whole.Index, ChangeKind.Insert, row);
        }
    }

    /// <summary>First of two passes: rows that change are noted for the undo and taken out.</summary>
    private async Task GoToComeBackAsync(TableSchema table, ChangeBatch batch, CancellationToken cancellationToken)
    {
        using var keys = KeyMap.KeysOf(table, batch.Rows);
        using var before = await KeyMap.ReadAsync(transaction, table, keys, cancellationToken).ConfigureAwait(false);
        using var going = new RowBatch();
        for (var i = 0; i < keys.Count; i++)
        {
            var there = before.TryGet(keys[i], out var row);
            CheckExpected(table, batch, i, keys[i], there, row);
            if (there && row.SequenceEqual(batch.Rows[i]))
                continue;
            NoteForUndo(batch, i, keys[i], there, row);
            if (there)
                going.Add(keys[i]);
        }

        await DeleteAsync(table, going, cancellationToken).ConfigureAwait(false);
        _away += going.Count;
    }

    private async Task ComeAsync(TableSchema table, ChangeBatch batch, bool undone, CancellationToken cancellationToken)
    {
        using var keys = KeyMap.KeysOf(table, batch.Rows);
        using var before = await KeyMap.ReadAsync(transaction, table, keys, cancellationToken).ConfigureAwait(false);
        using var inserts = new RowBatch();
        using var updates = new RowBatch();
        for (var i = 0; i < keys.Count; i++)
        {
            var there = before.TryGet(keys[i], out var row);
            if (!undone)
                CheckExpected(table, batch, i, keys[i], there, row);
            if (there && row.SequenceEqual(batch.Rows[i]))
                continue;
            if (!undone)
                NoteForUndo(batch, i, keys[i], there, row);
            (there ? updates : inserts).Add(batch.Rows[i]);
        }

        if (_conflictCount > 0)
            return;
        if (updates.Count > 0)
        {
            await SentAsync(table, updates, cancellationToken).ConfigureAwait(false);
            var rows = await transaction.UpdateAsync(table, updates, cancellationToken).ConfigureAwait(false);
            Expect(table, updates.Count, rows, "updated");
        }

        if (inserts.Count > 0)
        {
            await SentAsync(table, inserts, cancellationToken).ConfigureAwait(false);
            await InsertAsync(table, One(inserts), cancellationToken).ConfigureAwait(false);
        }

        var back = Math.Min(_away, inserts.Count);
        _away -= back;
        Updated += updates.Count + back;
        Inserted += inserts.Count - back;
    }

    private void NoteForUndo(ChangeBatch batch, int row, ReadOnlySpan<byte> key, bool there, ReadOnlySpan<byte> before)
    {
        RowKeys.Hash(batch.Rows[row], _hash);
        if (there)
            undo.Add(batch.Table, ChangeKind.Update, before, _hash);
        else
            undo.Add(batch.Table, ChangeKind.Delete, key, _hash);
    }

    private void CheckExpected(TableSchema table, ChangeBatch batch, int row, ReadOnlySpan<byte> key, bool there, ReadOnlySpan<byte> before)
    {
        if (options.Lenient)
            return;
        var problem = batch.Kind switch
        {
            ChangeKind.Insert => there ? "is there now" : null,
            ChangeKind.Delete or ChangeKind.Update when !there => "is no longer there",
            ChangeKind.Delete or ChangeKind.Update => HashOf(before).SequenceEqual(batch.Hash(row)) ? null : "was changed",
            _ => null,
        };
        if (problem is not null)
            Conflict(table, $"{KeyText.Of(table, key)} {problem}");
    }

    private ReadOnlySpan<byte> HashOf(ReadOnlySpan<byte> row)
    {
        RowKeys.Hash(row, _hash);
        return _hash;
    }

    private async Task InsertAsync(TableSchema table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        try
        {
            await transaction.InsertAsync(table, rows, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.ConstraintViolated && table.RowFilter is not null)
        {
            throw new LoggerCmsException(
                exception.Code,
                $"{exception.Message} The side profile leaves out rows of {table.Name} that are not as '{table.RowFilter}' says.",
                "A row that is left out on the destination may have the same key or unique value: correct it there, or take the row filter out of the profile.",
                exception.Side,
                innerException: exception);
        }
    }

    private async Task DeleteAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0 || _conflictCount > 0)
            return;
        var rows = await transaction.DeleteAsync(table, keys, cancellationToken).ConfigureAwait(false);
        Expect(table, keys.Count, rows, "deleted");
    }

    private static void Expect(TableSchema table, long expected, long rows, string verb)
    {
        if (rows != expected)
        {
            throw new LoggerCmsException(
                ErrorCodes.VerificationFailed,
                string.Create(CultureInfo.InvariantCulture, $"Table {table.Name}: {rows} rows were {verb} where {expected} should have been."),
                "The destination is as it was. Check the table for rules or triggers that redirect writes.");
        }
    }

    private async ValueTask SentAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
    {
        Bytes += rows.Length;
        options.Meter.Add(table.Name.ToString(), rows.Count, rows.Length);
        await options.Throttle.WaitAsync(rows.Length, cancellationToken).ConfigureAwait(false);
    }

    private void Conflict(TableSchema table, string what)
    {
        _conflictCount++;
        if (_conflicts.Count < MostConflictsListed)
            _conflicts.Add($"{table.Name} {what}");
    }

    private async Task EachAsync(int index, ChangeKind kind, Func<ChangeBatch, Task> apply, CancellationToken cancellationToken)
    {
        await foreach (var batch in changes.ReadAsync(index, kind, cancellationToken).ConfigureAwait(false))
        {
            using (batch)
                await apply(batch).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<RowBatch> One(RowBatch rows)
    {
        // The consumer disposes what it gets; these rows still belong to the caller.
        yield return rows.Copy();
        await Task.CompletedTask.ConfigureAwait(false);
    }
}

/// <param name="Lenient">Rows that are not as expected are overwritten all the same (undo with -Force).</param>
/// <param name="ConflictError">Makes the error for rows that are not as expected.</param>
/// <param name="Throttle">Bounds the rate.</param>
/// <param name="Meter">Told what was sent.</param>
/// <param name="Wholes">By index: the table with its side-local columns, and its index in the undo file; null where it has none or they cannot be had.</param>
/// <param name="CopyWhole">Copies a whole table inside the database, where that is possible.</param>
internal sealed record ApplyOptions(
    bool Lenient,
    Func<string, LoggerCmsException> ConflictError,
    Throttle Throttle,
    ProgressMeter Meter,
    IReadOnlyList<WholeTable?> Wholes,
    Func<int, TableSchema, CancellationToken, Task<long>>? CopyWhole = null);

/// <summary>A table with its side-local columns in an undo file.</summary>
internal sealed record WholeTable(int Index, TableSchema Schema);
