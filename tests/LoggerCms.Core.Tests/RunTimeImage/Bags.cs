using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

/// <summary>Random property bags of every type, with the values that codecs tend to lose.</summary>
internal static class Bags
{
    private static readonly decimal[] Decimals =
        [0m, 0.00m, 1.0m, 1.00m, new decimal(0, 0, 0, true, 3), decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, -12345.6789m];

    private static readonly double[] Doubles =
        [0.0, -0.0, double.NaN, BitConverter.Int64BitsToDouble(0x7FF0000000000001), double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, 0.1, 1e300];

    private static readonly string[] Texts = ["", " ", "x ", "\0", "ÄÖ", "e\u0301", "\U0001F600", "'\"\\/", "$decimal", "line\nbreak", "\u2028"];

    public static PropertyBag Any(Random random, int depth = 3)
    {
        var builder = new PropertyBagBuilder();
        for (var count = random.Next(0, 8); count > 0; count--)
            builder.Set(Name(random), Value(random, depth));
        return builder.Build();
    }

    public static PropertyBag Wide(Random random, int count)
    {
        var builder = new PropertyBagBuilder();
        for (var i = 0; i < count; i++)
            builder.Set("wide" + i, Value(random, 0));
        return builder.Build();
    }

    public static string Name(Random random) => random.Next(6) switch
    {
        0 => "SI_" + random.Next(30),
        1 => "$" + (random.Next(2) == 0 ? "decimal" : "bag"),
        2 => "Größe" + random.Next(3),
        3 => "a.b",
        4 => "\U0001F600" + random.Next(3),
        _ => ((char)random.Next('a', 'z')).ToString(),
    };

    public static PropertyValue Value(Random random, int depth) => random.Next(depth > 0 ? 10 : 8) switch
    {
        0 => Texts[random.Next(Texts.Length)],
        1 => random.Next(2) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-2, 3),
        2 => Decimals[random.Next(Decimals.Length)],
        3 => random.Next(2) == 0 ? Doubles[random.Next(Doubles.Length)] : random.NextDouble(),
        4 => random.Next(2) == 0,
        5 => new DateTimeOffset(random.NextInt64(TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay), TimeSpan.FromMinutes(random.Next(-840, 841))),
        6 => new Guid(Bytes(random, 16)),
        7 => Bytes(random, random.Next(0, 20)),
        8 => PropertyValue.List(Enumerable.Range(0, random.Next(0, 5)).Select(_ => Value(random, 0)).ToArray()),
        _ => Any(random, depth - 1),
    };

    public static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
