using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

public sealed class PropertyJsonTests
{
    [Fact]
    public void EachTypeHasItsForm()
    {
        var bag = PropertyBagTests.Build(
            ("a", "x"), ("b", 1), ("c", 1.00m), ("d", 0.5), ("e", true), ("f", new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(2))),
            ("g", Guid.Empty), ("h", new byte[] { 1, 2 }), ("i", PropertyValue.List([1, "y", 2.0m])), ("j", PropertyBagTests.Build(("k", 1))));

        Assert.Equal(
            """
            {"a":"x","b":1,"c":{"$decimal":"1.00"},"d":{"$double":"0.5"},"e":true,"f":{"$date":"2024-02-29T01:02:03.0000000\u002B02:00"},"g":{"$guid":"00000000-0000-0000-0000-000000000000"},"h":{"$binary":"AQI="},"i":[1,"y",{"$decimal":"2.0"}],"j":{"k":1}}
            """.Trim(),
            bag.ToJson());
    }

    [Fact]
    public void PlainJsonIsAccepted()
    {
        var bag = Parse("""{"int":-5,"fraction":1.50,"huge":1e300,"digits":0.12345678901234567890123456789012,"list":[1,"a",true],"bag":{"x":1}}""");

        Assert.Equal(-5, bag.Find("int").AsInteger);
        Assert.Equal("1.50", bag.Find("fraction").AsDecimal.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(1e300, bag.Find("huge").AsDouble);
        Assert.Equal(PropertyType.Double, bag.Find("digits").Type);
        Assert.Equal(3, bag.Find("list").AsList.Count);
        Assert.Equal(1, bag.Find("bag.x").AsInteger);
    }

    [Theory]
    [InlineData("2026-01-02T03:04:05.1234567+05:45", "2026-01-02T03:04:05.1234567+05:45")]
    [InlineData("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("2026-01-02T03:04:05.5", "2026-01-02T03:04:05.5000000+00:00")]
    [InlineData("2026-01-02T03:04", "2026-01-02T03:04:00.0000000+00:00")]
    [InlineData("2026-01-02", "2026-01-02T00:00:00.0000000+00:00")]
    public void ADateIsWhatIso8601Says(string text, string date)
    {
        var bag = Parse($$$"""{"a":{"$date":"{{{text}}}"}}""");

        Assert.Equal(date, bag.Find("a").AsDate.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void ANameThatLooksLikeATypeComesBackAsAName()
    {
        var bag = PropertyBagTests.Build(("$decimal", "1"), ("inner", PropertyBagTests.Build(("$guid", 7))));

        Assert.Equal(bag, Parse(bag.ToJson()));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"a":1,"A":2}""")]
    [InlineData("""{"a":{"$decimal":"1e5"}}""")]
    [InlineData("""{"a":{"$decimal":"0.123456789012345678901234567895"}}""")]
    [InlineData("""{"a":{"$decimal":1}}""")]
    [InlineData("""{"a":{"$decimal":"1","b":2}}""")]
    [InlineData("""{"a":{"$guid":"x"}}""")]
    [InlineData("""{"a":{"$binary":"*"}}""")]
    [InlineData("""{"a":{"$date":"yesterday"}}""")]
    [InlineData("""{"a":{"$double":"NaN:0"}}""")]
    [InlineData("""{"a":[[1]]}""")]
    [InlineData("""{"a":[null]}""")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":{"b":null}}""")]
    [InlineData("""{"a":{"$date":"12:30"}}""")]
    [InlineData("""{"a":{"$date":"1/2/2026"}}""")]
    [InlineData("""{"a":{"$date":"2026-01-02T03:04:05.12345678Z"}}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"a":1e999}""")]
    [InlineData("""{"":1}""")]
    [InlineData("""{"$decimal":"1"}""")]
    public void WhatIsNoBagIsATypedError(string json)
        => Assert.Equal(ErrorCodes.InvalidObject, Assert.Throws<LoggerCmsException>(() => Parse(json)).Code);

    [Fact]
    public void DeepJsonIsRefusedBeforeItIsFollowed()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);

        Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => Parse(deep)).Code);
    }

    // In {"$bag":…} the same entries go the long way.
    [Fact]
    public void PlainJsonIsWhatTheLongWayMakesOfIt()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 4_000; round++)
        {
            var entries = Enumerable.Range(0, random.Next(8) == 0 ? random.Next(30, 36) : random.Next(6)).Select(_ => $"{AnyText(random, 6)} : {AnyValue(random)}");
            var json = Bags.Utf8("{" + string.Join(" ,", entries) + "}");
            if (random.Next(4) == 0)
                json[random.Next(json.Length)] = (byte)random.Next(256);
            if (json.AsSpan().IndexOf("\"$"u8) >= 0 || json[0] != '{')
                continue;

            Assert.True(
                Outcome(json).Equals(Outcome([.. "{\"$bag\":"u8, .. json, (byte)'}'])),
                $"seed {seed}, round {round}: {System.Text.Encoding.Latin1.GetString(json)}");
        }
    }

    private static object Outcome(byte[] json)
    {
        try
        {
            return PropertyJson.Parse(json);
        }
        catch (LoggerCmsException exception)
        {
            return exception.Code;
        }
    }

    private static string AnyText(Random random, int length)
    {
        string[] parts = ["a", "A", "b", "k", "\u212A", "é", "\U0001F600", "\\u0041", "\\n", "ſ", "s", "SI_"];
        return "\"" + string.Concat(random.GetItems(parts, random.Next(length))) + "\"";
    }

    private static string AnyValue(Random random) => random.Next(12) switch
    {
        0 => "true",
        1 => "false",
        2 => random.NextInt64(long.MinValue, long.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture),
        3 => long.MinValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
        4 => "-0",
        5 => "1e3",
        6 => random.Next(40) == 0 ? "null" : "9223372036854775808",
        7 => "[1,2]",
        8 => "{\"a\":1}",
        9 => AnyText(random, 5_000),
        _ => AnyText(random, 9),
    };

    internal static PropertyBag Parse(string json) => PropertyJson.Parse(Bags.Utf8(json));
}
