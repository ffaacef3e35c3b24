using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Canonical fields into the fields of the binary COPY form.</summary>
internal static class PgFieldWriter
{
    /// <summary>What a field can take beyond the length of its canonical form.</summary>
    public const int Overhead = 24;

    /// <summary>Writes length and value; returns the bytes used, or -1 where the column cannot hold the value exactly.</summary>
    /// <param name="to">Room for the canonical length and <see cref="Overhead"/>.</param>
    /// <param name="field">The reader, standing on the field.</param>
    /// <param name="column">The column.</param>
    /// <param name="staged">True where a native column's value goes into a staging column of type text.</param>
    public static int Write(Span<byte> to, CanonicalReader field, PgColumn column, bool staged)
    {
        if (field.Tag == FieldTag.Null)
        {
            BinaryPrimitives.WriteInt32BigEndian(to, -1);
            return 4;
        }

        if (PgLimits.IsLimited(column) && PgLimits.Objection(field, column) is not null)
            return -1;
        var length = Value(to[4..], field, column, staged);
        BinaryPrimitives.WriteInt32BigEndian(to, length);
        return length < 0 ? -1 : length + 4;
    }

    private static int Value(Span<byte> to, CanonicalReader field, PgColumn column, bool staged)
    {
        switch (column.Codec, field.Tag)
        {
            case (PgCodec.Int4, FieldTag.Integer) when field.Int64 is >= int.MinValue and <= int.MaxValue:
                BinaryPrimitives.WriteInt32BigEndian(to, (int)field.Int64);
                return 4;
            case (PgCodec.Int8, FieldTag.Integer):
                BinaryPrimitives.WriteInt64BigEndian(to, field.Int64);
                return 8;
            case (PgCodec.Int2, FieldTag.Integer) when field.Int64 is >= short.MinValue and <= short.MaxValue:
                BinaryPrimitives.WriteInt16BigEndian(to, (short)field.Int64);
                return 2;
            case (PgCodec.Text, FieldTag.Text) or (PgCodec.Bytea, FieldTag.Binary) or (PgCodec.Uuid, FieldTag.Guid):
                field.Payload.CopyTo(to);
                return field.Payload.Length;
            case (PgCodec.Native, FieldTag.Native):
                var version = !staged && column.NativeInput == PgNativeInput.Jsonb ? 1 : 0;
                if (version > 0)
                    to[0] = 1;
                field.Payload.CopyTo(to[version..]);
                return field.Payload.Length + version;
            case (PgCodec.Bool, FieldTag.Boolean):
                to[0] = field.Payload[0];
                return 1;
            case (PgCodec.Float8, FieldTag.Double):
                BinaryPrimitives.WriteInt64BigEndian(to, field.Int64);
                return 8;
            case (PgCodec.Float4, FieldTag.Single):
                BinaryPrimitives.WriteInt32BigEndian(to, field.Int32);
                return 4;
            case (PgCodec.Numeric, FieldTag.Decimal):
                return PgNumeric.TryEncode(field.Payload, to, out var written) ? written : -1;
            case (PgCodec.Date, FieldTag.Date):
                return Date(to, field.Int32);
            case (PgCodec.Time, FieldTag.Time) when field.Int64 % 10 == 0:
                BinaryPrimitives.WriteInt64BigEndian(to, field.Int64 / 10);
                return 8;
            case (PgCodec.Timestamp, FieldTag.DateTime):
                return Instant(to, field.DateTime);
            case (PgCodec.TimestampTz, FieldTag.DateTimeOffset) when field.OffsetMinutes == 0:
                return Instant(to, field.DateTime);
            default:
                return -1;
        }
    }

    private static int Date(Span<byte> to, int days)
    {
        var date = days is int.MaxValue or int.MinValue ? days : (long)days - PgFields.EpochDays;
        if (date is < int.MinValue or > int.MaxValue)
            return -1;
        BinaryPrimitives.WriteInt32BigEndian(to, (int)date);
        return 4;
    }

    private static int Instant(Span<byte> to, (int Days, long Ticks) instant)
    {
        var microseconds = instant.Days switch
        {
            int.MaxValue => long.MaxValue,
            int.MinValue => long.MinValue,
            _ => ((Int128)(instant.Days - (long)PgFields.EpochDays) * PgFields.MicrosecondsPerDay) + (instant.Ticks / 10),
        };
        if (instant.Ticks % 10 != 0 || microseconds < long.MinValue || microseconds > long.MaxValue)
            return -1;
        BinaryPrimitives.WriteInt64BigEndian(to, (long)microseconds);
        return 8;
    }
}
