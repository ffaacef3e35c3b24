using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Makes;

/// <summary>Values at the limits, by logical kind.</summary>
public static class ValueCases
{
    private static readonly byte[] AllBytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    /// <summary>Values that every make has to hold exactly.</summary>
    public static object[] MustHold(LogicalKind kind) => kind switch
    {
        LogicalKind.Boolean => [true, false],
        LogicalKind.Integer => [0L, 1L, -1L, 127L, 128L, 255L, 32767L, 32768L, 65536L, (1L << 53) + 1, -(1L << 53) - 1, long.MaxValue, long.MinValue],
        LogicalKind.Double => [0.0, 1.0, 1.0 / 3, Math.PI, -1e22, 1e300, double.MaxValue, double.MinValue, 0.1 + 0.2, (double)(1L << 53), 2.2250738585072014e-308],
        LogicalKind.Single => [0f, 1f, 1f / 3, float.MaxValue, float.MinValue, 16777217f, 0.1f, 1.17549435e-38f],
        LogicalKind.Text =>
        [
            "", " ", "a", "A", "a ", " a", "a\t", "é", "e\u0301", "😀", "👨‍👩‍👧", "\r\n", "\n", "'", "''", "\\", "\\x41", "\"", "%", "{}", "NULL", "null", "0", "00", "1.0", "1e3", "true",
            "\uFEFF", "\uFFFD", "\uFFFF", "\U0010FFFF", "\u200B", "\u0001", "\u007F", "\u0085", "ﬁ", "fi", "ß", "SS", "İ", "ı", "2026-11-22", new string('x', 9000), new string('€', 5000),
        ],
        LogicalKind.Binary => [Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 0, 0 }, new byte[] { 0xFF }, AllBytes, new byte[9000], "text"u8.ToArray()],
        LogicalKind.Guid => [Guid.Empty, new Guid("00112233-4455-6677-8899-aabbccddeeff"), new Guid("ffffffff-ffff-ffff-ffff-ffffffffffff")],
        LogicalKind.Date => [new DateOnly(1, 1, 1), new DateOnly(1582, 10, 10), new DateOnly(1900, 2, 28), new DateOnly(1970, 1, 1), new DateOnly(1969, 12, 31), new DateOnly(2024, 2, 29), new DateOnly(9999, 12, 31)],
        LogicalKind.Time => [TimeOnly.MinValue, new TimeOnly(23, 59, 59), Ticks(23, 59, 59, 9_999_990), Ticks(0, 0, 0, 10), new TimeOnly(12, 0)],
        LogicalKind.DateTime =>
        [
            new DateTime(1, 1, 1), new DateTime(1970, 1, 1), new DateTime(1969, 12, 31, 23, 59, 59).AddTicks(9_999_990), new DateTime(2026, 3, 29, 2, 30, 0),
            new DateTime(2026, 11, 22, 1, 2, 3).AddTicks(4_567_890), new DateTime(9999, 12, 31, 23, 59, 59).AddTicks(9_999_990),
        ],
        LogicalKind.DateTimeOffset =>
        [
            new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.Zero).AddTicks(4_567_890),
            new DateTimeOffset(1, 1, 2, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(9999, 12, 30, 0, 0, 0, TimeSpan.Zero),
        ],
        _ => [],
    };

    /// <summary>Values that a make holds exactly or refuses; it may never change one in silence.</summary>
    public static object[] HoldOrRefuse(LogicalKind kind) => kind switch
    {
        LogicalKind.Boolean => [2L, "true", 1L, 0.0],
        LogicalKind.Integer => ["12", "abc", "", 1.5, 1.0, 1e19, Raw.Decimal("12"), Raw.Decimal("9223372036854775808"), true, new byte[] { 1 }, new DateOnly(2026, 1, 1)],
        LogicalKind.Double =>
        [
            -0.0, double.Epsilon, -double.Epsilon, 2.2250738585072009e-308, double.NaN, double.PositiveInfinity, double.NegativeInfinity, BitConverter.Int64BitsToDouble(0x7FF8000000000001),
            BitConverter.Int64BitsToDouble(0x7FF0000000000001), 3L, (1L << 53) + 1, "1.5", "x", Raw.Decimal("0.1"), 1f, 0.1f,
        ],
        LogicalKind.Single => [-0f, float.Epsilon, float.NaN, float.PositiveInfinity, BitConverter.Int32BitsToSingle(0x7FC00001), 0.1, 1e300, 5L, "1"],
        LogicalKind.Decimal =>
        [
            Raw.Decimal("0.1"), Raw.Decimal("0.10"), Raw.Decimal("1" + new string('0', 40)), Raw.Decimal("0." + new string('0', 40) + "1"), Raw.Decimal("NaN"), Raw.Decimal("Infinity"),
            Raw.Decimal("-Infinity"), 12L, 1.5, "12", "x", Raw.Decimal("99999999999999999999999999999999999999"), Raw.Decimal("0.12345678901"),
        ],
        LogicalKind.Text =>
        [
            "a\0b", "\0", new Raw(FieldTag.Text, [0xED, 0xA0, 0xBD]), new Raw(FieldTag.Text, [0xFF, 0xFE]), new Raw(FieldTag.Text, [0x61, 0xC3]), 12L, 1.5, true,
            new byte[] { 0x61 }, new Guid("00112233-4455-6677-8899-aabbccddeeff"), Raw.Decimal("1.50"), new DateOnly(2026, 11, 22),
        ],
        LogicalKind.Binary => ["text", "", 1L, 1.0],
        LogicalKind.Guid => ["00112233-4455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-AABBCCDDEEFF}", "x", AllBytes[..16], 1L],
        LogicalKind.Date =>
        [
            new Raw(FieldTag.Date, BitConverter.GetBytes(int.MaxValue)), new Raw(FieldTag.Date, BitConverter.GetBytes(int.MinValue)), new Raw(FieldTag.Date, BitConverter.GetBytes(-800000)),
            new Raw(FieldTag.Date, BitConverter.GetBytes(2932897)), "2026-11-22", "2026-1-2", "x", new DateTime(2026, 11, 22, 1, 0, 0), 5L,
        ],
        LogicalKind.Time => [Ticks(23, 59, 59, 9_999_999), Ticks(0, 0, 0, 1), new Raw(FieldTag.Time, BitConverter.GetBytes(TimeSpan.TicksPerDay)), "12:00", "x", 5L],
        LogicalKind.DateTime =>
        [
            new DateTime(2026, 11, 22).AddTicks(1), DateTime.MaxValue, Moment(int.MaxValue, 0), Moment(int.MinValue, 0), Moment(2932897, 0), Moment(-800000, 5_000_000), "2026-11-22 01:02:03", "x",
            new DateOnly(2026, 11, 22), new DateTimeOffset(2026, 11, 22, 1, 0, 0, TimeSpan.Zero), 5L,
        ],
        LogicalKind.DateTimeOffset =>
        [
            new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.FromHours(2)), new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.FromMinutes(-570)), new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.Zero).AddTicks(1),
            new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.FromHours(14)), new DateTime(2026, 11, 22), "2026-11-22T01:02:03Z", "x", 5L,
        ],
        _ => [],
    };

    private static TimeOnly Ticks(int hours, int minutes, int seconds, long ticks) => new(new TimeSpan(hours, minutes, seconds).Ticks + ticks);

    private static Raw Moment(int days, long ticks) => new(FieldTag.DateTime, [.. BitConverter.GetBytes(days), .. BitConverter.GetBytes(ticks)]);
}
