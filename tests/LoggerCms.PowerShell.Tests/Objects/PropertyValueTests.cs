using System.Collections;
using System.Numerics;
using LoggerCms.PowerShell.Values;
using Xunit;

namespace LoggerCms.PowerShell.Tests.Objects;

public sealed class PropertyValueTests
{
    public static TheoryData<object, string> Values => new()
    {
        { "text \"with\" ' \\ 𝄞", "\"text \\u0022with\\u0022 \\u0027 \\\\ \\uD834\\uDD1E\"" },
        { long.MinValue, "-9223372036854775808" },
        { 9007199254740993L, "9007199254740993" },
        { true, "true" },
        { 1.500m, """{"$decimal":"1.500"}""" },
        { decimal.MinValue, """{"$decimal":"-79228162514264337593543950335"}""" },
        { new decimal(0, 0, 0, true, 2), """{"$decimal":"-0.00"}""" },
        { 0.1, """{"$double":"0.1"}""" },
        { -0.0, """{"$double":"-0"}""" },
        { double.PositiveInfinity, """{"$double":"Infinity"}""" },
        { BitConverter.Int64BitsToDouble(0x7FF8000000000123), """{"$double":"NaN:7FF8000000000123"}""" },
        { new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromMinutes(345)).AddTicks(1), """{"$date":"2026-01-02T03:04:05.0000001\u002B05:45"}""" },
        { new Guid("01234567-89ab-cdef-0123-456789abcdef"), """{"$guid":"01234567-89ab-cdef-0123-456789abcdef"}""" },
        { new byte[] { 0, 255 }, """{"$binary":"AP8="}""" },
        { new object[] { 1L, "two", 3.0m }, """[1,"two",{"$decimal":"3.0"}]""" },
        { Array.Empty<object>(), "[]" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_is_written_in_its_exact_form_and_comes_back_with_its_type(object value, string json)
    {
        var element = PropertyWriter.ToJson(new Hashtable { ["x"] = value });

        Assert.Equal($$"""{"x":{{json}}}""", element.GetRawText());
        var back = PropertyReader.FromJson(element)["X"]!;
        Assert.Equal(value.GetType(), back.GetType());
        Assert.Equal(Bits(value), Bits(back));
    }

    [Fact]
    public void A_name_that_looks_like_a_tag_stays_a_name()
    {
        var bag = new Hashtable { ["$date"] = "no date", ["in"] = new Hashtable { ["$binary"] = "AA==" } };

        var back = PropertyReader.FromJson(PropertyWriter.ToJson(bag));

        Assert.Equal("no date", back["$date"]);
        Assert.Equal("AA==", Assert.IsAssignableFrom<IDictionary>(back["in"])["$binary"]);
    }

    [Fact]
    public void A_property_without_a_value_is_left_out_and_named()
    {
        var bag = new Hashtable { ["a"] = 1, ["b"] = null };

        Assert.Equal("""{"a":1}""", PropertyWriter.ToJson(bag).GetRawText());
        Assert.Equal(["b"], PropertyWriter.NamesWithoutValue(bag));
    }

    public static TheoryData<object> Refused => [TimeSpan.Zero, ulong.MaxValue, BigInteger.Pow(2, 63), "\uD800", new object?[] { null }, new object[] { new object[] { 1 } }, new Uri("http://x/")];

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_has_no_exact_form_is_refused_by_the_name_of_its_property(object value)
    {
        var failure = Assert.Throws<LoggerCmsException>(() => PropertyWriter.ToJson(new Hashtable { ["outer"] = new Hashtable { ["inner"] = value } }));

        Assert.Equal(ErrorCodes.InvalidObject, failure.Code);
        Assert.Contains("outer.inner", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bag_that_holds_itself_is_refused()
    {
        var bag = new Hashtable();
        bag["self"] = bag;

        Assert.Equal(ErrorCodes.InvalidObject, Assert.Throws<LoggerCmsException>(() => PropertyWriter.ToJson(bag)).Code);
    }

    private static object Bits(object value) => value switch
    {
        decimal exact => string.Join(' ', decimal.GetBits(exact)),
        double real => BitConverter.DoubleToInt64Bits(real),
        DateTimeOffset date => (date.Ticks, date.Offset),
        object[] list => string.Join('|', list.Select(item => $"{item.GetType()}:{item}")),
        _ => value,
    };
}
