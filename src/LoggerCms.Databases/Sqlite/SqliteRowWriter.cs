using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Binds canonical fields to parameters: the way back of <see cref="SqliteRowReader"/>.</summary>
internal static unsafe class SqliteRowWriter
{
    private const nint Static = 0;
    private const nint Transient = -1;

    /// <summary>Binds the reader's current field. Its bytes must stay where they are (pinned) until the statement has been stepped.</summary>
    public static void Bind(SqliteDb db, nint statement, int index, SqliteColumn column, scoped ref CanonicalReader field)
    {
        switch (field.Tag)
        {
            case FieldTag.Null:
                db.Check(Native.BindNull(statement, index));
                return;
            case FieldTag.Boolean:
                db.Check(Native.BindInt64(statement, index, field.Boolean ? 1 : 0));
                return;
            case FieldTag.Integer:
                db.Check(Native.BindInt64(statement, index, field.Int64));
                return;
            case FieldTag.Double:
                db.Check(Native.BindDouble(statement, index, field.Double));
                return;
            case FieldTag.Single:
                db.Check(Native.BindDouble(statement, index, field.Single));
                return;
            case FieldTag.Text:
                BindBytes(db, statement, index, field.Payload, isText: true, Static);
                return;
            case FieldTag.Binary:
                BindBytes(db, statement, index, field.Payload, isText: false, Static);
                return;
            case FieldTag.Decimal when column.Affinity == Affinity.Text:
                BindBytes(db, statement, index, field.Payload, isText: true, Static);
                return;
            case FieldTag.Decimal when SqliteText.TryStoreDecimal(field.Payload, column.Scale, out var integer, out var real):
                db.Check(integer is { } value ? Native.BindInt64(statement, index, value) : Native.BindDouble(statement, index, real));
                return;
        }

        Span<byte> text = stackalloc byte[SqliteText.MaxLength];
        var length = WriteText(ref field, text);
        if (length == 0)
            throw NotStorable(db, column, field.Tag);

        BindBytes(db, statement, index, text[..length], isText: true, Transient);
    }

    /// <summary>Binds the fields of a row that is to be stored, and refuses what would not come back as it is. The row must be pinned.</summary>
    public static void BindStored(SqliteDb db, nint statement, ReadOnlySpan<SqliteColumn> columns, ReadOnlySpan<byte> row, Predicate<int>? which = null)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; i < columns.Length && reader.Read(); i++)
        {
            if (which is not null && !which(i))
                continue;
            if (!SqliteValueFit.Fits(columns[i], ref reader))
                throw NotStorable(db, columns[i], reader.Tag);
            Bind(db, statement, i + 1, columns[i], ref reader);
        }
    }

    /// <summary>Binds the fields of a canonical row (or key), one parameter a column, from <paramref name="first"/> on. The row must be pinned.</summary>
    public static void BindRow(SqliteDb db, nint statement, int first, ReadOnlySpan<SqliteColumn> columns, ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; i < columns.Length && reader.Read(); i++)
            Bind(db, statement, first + i, columns[i], ref reader);
    }

    /// <summary>The text form of a field without a storage class of its own; 0 where there is none.</summary>
    public static int WriteText(scoped ref CanonicalReader field, scoped Span<byte> text)
    {
        switch (field.Tag)
        {
            case FieldTag.Guid:
                return SqliteText.WriteGuid(field.Payload, text);
            case FieldTag.Date:
                return SqliteText.DateIsInRange(field.Int32) ? SqliteText.WriteDate(field.Int32, text) : 0;
            case FieldTag.Time:
                return field.Int64 is >= 0 and < SqliteText.TicksPerDay ? SqliteText.WriteTime(field.Int64, text) : 0;
            case FieldTag.DateTime:
                var (days, ticks) = field.DateTime;
                return SqliteText.DateIsInRange(days) ? SqliteText.WriteDateTime(days, ticks, text) : 0;
            case FieldTag.DateTimeOffset:
                var (utcDays, utcTicks) = field.DateTime;
                return SqliteText.WriteDateTimeOffset(utcDays, utcTicks, field.OffsetMinutes, text);
            default:
                return 0;
        }
    }

    private static LoggerCmsException NotStorable(SqliteDb db, SqliteColumn column, FieldTag tag) => new(
        ErrorCodes.ValueNotRepresentable,
        $"A value of kind {tag} cannot be stored in column '{column.Name}' of '{db.Path}' exactly.",
        "Leave the column out with a side profile, or declare it with a type that holds the value.",
        db.Side);

    private static void BindBytes(SqliteDb db, nint statement, int index, ReadOnlySpan<byte> payload, bool isText, nint destructor)
    {
        // A null pointer would bind NULL, so an empty value needs an address of its own.
        byte empty = 0;
        fixed (byte* bytes = payload)
        {
            var start = payload.IsEmpty ? &empty : bytes;
            var end = payload.IsEmpty ? Transient : destructor;
            db.Check(isText
                ? Native.BindText(statement, index, start, payload.Length, end)
                : Native.BindBlob(statement, index, start, payload.Length, end));
        }
    }
}
