using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>What is to be done with the rows of a batch. What is expected in the destination is checked under its lock.</summary>
internal enum ChangeKind : byte
{
    /// <summary>Keys; the row with the given hash goes.</summary>
    Delete = 1,

    /// <summary>Rows; the row with the given hash becomes this one.</summary>
    Update = 2,

    /// <summary>Rows; no row with this key is there yet.</summary>
    Insert = 3,

    /// <summary>Rows of a table without a key; one equal row goes for each.</summary>
    DeleteRow = 4,

    /// <summary>Rows; inserted or updated, whatever is there (Log mode, which compared nothing).</summary>
    Put = 5,

    /// <summary>Keys; the row goes if it is there (Log mode).</summary>
    Remove = 6,

    /// <summary>Rows of a table that is replaced as a whole.</summary>
    Whole = 7,
}

/// <summary>Rows or keys of one table and kind. <see cref="Hashes"/> holds a row hash for each where the kind expects one.</summary>
internal sealed record ChangeBatch(int Table, ChangeKind Kind, RowBatch Rows, byte[] Hashes) : IDisposable
{
    public static bool HasHashes(ChangeKind kind) => kind is ChangeKind.Delete or ChangeKind.Update;

    public ReadOnlySpan<byte> Hash(int index) => Hashes.AsSpan(index * RowKeys.HashSize, RowKeys.HashSize);

    public void Dispose() => Rows.Dispose();
}

/// <summary>How much of each kind there is for one table.</summary>
internal sealed class TableChanges
{
    public long Inserts { get; set; }

    public long Updates { get; set; }

    public long Deletes { get; set; }

    public long Bytes { get; set; }

    /// <summary>Rows and keys that are sent though the destination was seen to be so already.</summary>
    public long AlreadyThere { get; set; }

    /// <summary>The table is replaced as a whole.</summary>
    public bool Whole { get; set; }

    public bool Any => Whole || Inserts + Updates + Deletes + AlreadyThere > 0;

    public void Count(ChangeKind kind, long rows, long bytes)
    {
        Bytes += bytes;
        switch (kind)
        {
            case ChangeKind.Insert or ChangeKind.Put or ChangeKind.Whole:
                Inserts += rows;
                break;
            case ChangeKind.Update:
                Updates += rows;
                break;
            default:
                Deletes += rows;
                break;
        }
    }
}

/// <summary>Everything that a transfer (or its undoing) would do, readable as often as needed.</summary>
internal interface IChangeSource
{
    /// <summary>By the index of the table in the transfer's scope.</summary>
    IReadOnlyList<TableChanges> Tables { get; }

    IAsyncEnumerable<ChangeBatch> ReadAsync(int table, ChangeKind kind, CancellationToken cancellationToken);
}
