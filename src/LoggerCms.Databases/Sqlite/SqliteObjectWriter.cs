using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Puts objects by one prepared statement. Nothing is copied but the texts, into a buffer that stays where it is.</summary>
internal sealed unsafe class SqliteObjectWriter(SqliteDb db, string sql) : IDisposable
{
    private const nint Static = 0;
    private const int UniqueBroken = Native.Constraint | (8 << 8);

    private readonly SqliteStatement _statement = db.Prepare(sql);
    private byte[] _texts = GC.AllocateUninitializedArray<byte>(4096, pinned: true);

    /// <summary>False where another object has the CUID.</summary>
    public bool TryWrite(CmsObject o)
    {
        var needed = 3 * (o.Cuid.Length + o.Kind.Length + o.Name.Length);
        if (needed > _texts.Length)
            _texts = GC.AllocateUninitializedArray<byte>(needed * 2, pinned: true);
        var statement = _statement.Handle;

        // SQLite takes a null pointer for NULL, also at length 0; a pinned empty array is one.
        byte nothing;
        fixed (byte* texts = _texts, accessList = o.AccessList, properties = o.Properties)
        {
            var at = 0;
            BindInt64(1, o.Id);
            BindText(2, o.Cuid, texts, ref at);
            BindText(3, o.Kind, texts, ref at);
            BindInt64(4, o.ParentId);
            BindText(5, o.Name, texts, ref at);
            BindInt64(6, o.OwnerId);
            BindInt64(7, o.Version);
            BindInt64(8, o.UpdateKey);
            BindInt64(9, o.CreatedUs);
            BindInt64(10, o.ModifiedUs);
            db.Check(Native.BindBlob(statement, 11, accessList is null ? &nothing : accessList, o.AccessList.Length, Static));
            db.Check(Native.BindBlob(statement, 12, properties is null ? &nothing : properties, o.Properties.Length, Static));
            var result = Native.Step(statement);
            if (result != Native.Done && Native.ExtendedErrorCode(db.Pointer) != UniqueBroken)
                throw db.Failure();
            _statement.Reset();
            return result == Native.Done;
        }
    }

    public void Dispose() => _statement.Dispose();

    private void BindInt64(int index, long value) => db.Check(Native.BindInt64(_statement.Handle, index, value));

    private void BindText(int index, string value, byte* texts, ref int at)
    {
        var length = Encoding.UTF8.GetBytes(value, new Span<byte>(texts + at, _texts.Length - at));
        db.Check(Native.BindText(_statement.Handle, index, texts + at, length, Static));
        at += length;
    }
}
