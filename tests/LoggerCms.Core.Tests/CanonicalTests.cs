using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

public sealed class CanonicalTests
{
    /// <summary>Strings that are rich in surrogates, paired and alone, and in what lies around them.</summary>
    private static readonly Gen<string> Texts =
        Gen.OneOf(
            Gen.Choose(0x20, 0x7E).Select(c => ((char)c).ToString()),
            Gen.Choose(0xD7F0, 0xE010).Select(c => ((char)c).ToString()),
            Gen.Choose(0xFF00, 0xFFFF).Select(c => ((char)c).ToString()),
            Gen.Choose(0x10000, 0x10FFFF).Select(char.ConvertFromUtf32),
            Gen.Elements("\0", "é", "ß", " "))
        .ListOf().Select(string.Concat);

    [Fact]
    public void Utf16OrderOfKeysIsTheOrdinalOrderOfTheirStrings()
        => Check(Prop.ForAll(Texts.Two().ToArbitrary(), pair =>
        {
            byte[] left = TextKey(pair.Item1), right = TextKey(pair.Item2);
            return Math.Sign(CanonicalOrder.Compare(left, right, [KeyOrder.Utf16])) == Math.Sign(string.CompareOrdinal(pair.Item1, pair.Item2));
        }));

    [Fact]
    public void Utf8OrderOfKeysIsTheOrderOfTheirCodePoints()
        => Check(Prop.ForAll(Texts.Two().ToArbitrary(), pair =>
        {
            var expected = Units(pair.Item1).Zip(Units(pair.Item2), (x, y) => x.CompareTo(y)).FirstOrDefault(order => order != 0);
            if (expected == 0)
                expected = Units(pair.Item1).Count.CompareTo(Units(pair.Item2).Count);
            return Math.Sign(CanonicalOrder.Compare(TextKey(pair.Item1), TextKey(pair.Item2), [KeyOrder.Utf8])) == Math.Sign(expected);
        }));

    [Fact]
    public void DecimalsOrderByValue()
        => Check(Prop.ForAll(ArbMap.Default.GeneratorFor<decimal>().Two().ToArbitrary(), pair =>
            Math.Sign(CanonicalOrder.Compare(FakeTable.Row(pair.Item1), FakeTable.Row(pair.Item2), [KeyOrder.Decimal])) == pair.Item1.CompareTo(pair.Item2)));

    [Fact]
    public void KeysOfAnyKindAreComparedWithoutFailure()
        => Check(Prop.ForAll(FakeRows.Value.Two().ToArbitrary(), pair =>
        {
            byte[] left = FakeTable.Row(pair.Item1), right = FakeTable.Row(pair.Item2);
            return Enum.GetValues<KeyOrder>().Where(order => order != KeyOrder.None)
                .All(order => Math.Sign(CanonicalOrder.Compare(left, right, [order])) == -Math.Sign(CanonicalOrder.Compare(right, left, [order])));
        }));

    [Fact]
    public void WhatIsWrittenIsReadBack()
        => Check(Prop.ForAll(FakeRows.Value.ListOf().ToArbitrary(), values =>
        {
            var row = FakeTable.Row([.. values]);
            var reader = new CanonicalReader(row);
            foreach (var value in values)
            {
                if (!reader.Read() || !Holds(reader, value))
                    return false;
            }

            return !reader.Read();
        }));

    [Fact]
    public void ALogKeyReadsBackAsTheSameKey()
        => Check(Prop.ForAll(FakeRows.Value.Where(value => value is not (double or float)).NonEmptyListOf().ToArbitrary(), values =>
        {
            var key = FakeTable.Row([.. values]);
            using var parsed = new RowBatch();
            LogKey.Parse(LogKey.Format(key), parsed);
            return parsed.Count == 1 && parsed[0].SequenceEqual(key);
        }));

    [Theory]
    [InlineData("")]
    [InlineData("i1,")]
    [InlineData("x1")]
    [InlineData("t0")]
    [InlineData("tzz")]
    [InlineData("iabc")]
    [InlineData("i99999999999999999999")]
    public void ATextThatIsNoLogKeyIsRefused(string text)
    {
        using var keys = new RowBatch();
        Assert.Throws<FormatException>(() => LogKey.Parse(text, keys));
    }

    private static bool Holds(CanonicalReader reader, object? value) => value switch
    {
        null => reader.Tag == FieldTag.Null && reader.Payload.IsEmpty,
        long number => reader.Tag == FieldTag.Integer && reader.Int64 == number,
        bool truth => reader.Tag == FieldTag.Boolean && reader.Boolean == truth,
        double number => reader.Tag == FieldTag.Double && BitConverter.DoubleToInt64Bits(reader.Double) == BitConverter.DoubleToInt64Bits(number),
        float number => reader.Tag == FieldTag.Single && BitConverter.SingleToInt32Bits(reader.Single) == BitConverter.SingleToInt32Bits(number),
        string text => reader.Tag == FieldTag.Text && Encoding.UTF8.GetString(reader.Payload) == text,
        byte[] bytes => reader.Tag == FieldTag.Binary && reader.Payload.SequenceEqual(bytes),
        Guid guid => reader.Tag == FieldTag.Guid && new Guid(reader.Payload, bigEndian: true) == guid,
        decimal number => reader.Tag == FieldTag.Decimal && Encoding.ASCII.GetString(reader.Payload) == FormattableString.Invariant($"{number}"),
        _ => false,
    };

    private static byte[] TextKey(string text)
    {
        using var batch = new RowBatch();
        var bytes = new List<byte>();
        foreach (var point in Units(text))
        {
            if (point is >= 0xD800 and <= 0xDFFF)
                bytes.AddRange([(byte)(0xE0 | point >> 12), (byte)(0x80 | point >> 6 & 0x3F), (byte)(0x80 | point & 0x3F)]);
            else
                bytes.AddRange(Encoding.UTF8.GetBytes(char.ConvertFromUtf32(point)));
        }

        Canonical.WriteBytes(batch, FieldTag.Text, bytes.ToArray());
        batch.EndRow();
        return batch[0].ToArray();
    }

    /// <summary>Code points, with lone surrogates as they are.</summary>
    private static List<int> Units(string text)
    {
        var points = new List<int>();
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                points.Add(char.ConvertToUtf32(text[i], text[++i]));
            else
                points.Add(text[i]);
        }

        return points;
    }

    private static void Check(Property property) => FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), property);
}
