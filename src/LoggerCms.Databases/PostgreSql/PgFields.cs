using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Fields of the binary COPY form into the canonical form.</summary>
internal static class PgFields
{
    /// <summary>Days from 1970-01-01 to 2000-01-01, PostgreSQL's day 0.</summary>
    public const int EpochDays = 10957;

    public const long MicrosecondsPerDay = 86_400_000_000;

    public static void Append(RowBatch batch, PgCodec codec, ReadOnlySpan<byte> field)
    {
        switch (codec)
        {
            case PgCodec.Int4:
                Canonical.WriteInteger(batch, BinaryPrimitives.ReadInt32BigEndian(field));
                break;
            case PgCodec.Text:
                Canonical.WriteBytes(batch, FieldTag.Text, field);
                break;
            case PgCodec.Int8:
                Canonical.WriteInteger(batch, BinaryPrimitives.ReadInt64BigEndian(field));
                break;
            case PgCodec.Int2:
                Canonical.WriteInteger(batch, BinaryPrimitives.ReadInt16BigEndian(field));
                break;
            case PgCodec.Bool:
                Canonical.WriteBoolean(batch, field[0] != 0);
                break;
            case PgCodec.Float8:
                Canonical.WriteDouble(batch, BinaryPrimitives.ReadDoubleBigEndian(field));
                break;
            case PgCodec.Float4:
                Canonical.WriteSingle(batch, BinaryPrimitives.ReadSingleBigEndian(field));
                break;
            case PgCodec.Numeric:
                PgNumeric.Append(batch, field);
                break;
            case PgCodec.Bytea:
                Canonical.WriteBytes(batch, FieldTag.Binary, field);
                break;
            case PgCodec.Uuid:
                Canonical.WriteGuid(batch, field);
                break;
            case PgCodec.Date:
                Canonical.WriteDate(batch, ToDays(BinaryPrimitives.ReadInt32BigEndian(field)));
                break;
            case PgCodec.Time:
                Canonical.WriteTime(batch, BinaryPrimitives.ReadInt64BigEndian(field) * 10);
                break;
            case PgCodec.Timestamp:
                {
                    var (days, ticks) = ToInstant(BinaryPrimitives.ReadInt64BigEndian(field));
                    Canonical.WriteDateTime(batch, days, ticks);
                    break;
                }

            case PgCodec.TimestampTz:
                {
                    var (days, ticks) = ToInstant(BinaryPrimitives.ReadInt64BigEndian(field));
                    Canonical.WriteDateTimeOffset(batch, days, ticks, 0);
                    break;
                }

            case PgCodec.Native:
                Canonical.WriteBytes(batch, FieldTag.Native, field);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(codec), codec, null);
        }
    }

    private static int ToDays(int date) => date is int.MaxValue or int.MinValue ? date : date + EpochDays;

    private static (int Days, long Ticks) ToInstant(long microseconds)
    {
        if (microseconds is long.MaxValue)
            return (int.MaxValue, 0);
        if (microseconds is long.MinValue)
            return (int.MinValue, 0);
        var (days, rest) = Math.DivRem(microseconds, MicrosecondsPerDay);
        return rest < 0 ? ((int)days - 1 + EpochDays, (rest + MicrosecondsPerDay) * 10) : ((int)days + EpochDays, rest * 10);
    }
}
