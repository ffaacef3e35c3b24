using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

public sealed class PropertyBagTests
{
    [Fact]
    public void ANameIsFoundWhateverItsCaseAndKeptAsGiven()
    {
        var bag = Build(("Größe", 1), ("SI_Name", "x"));

        Assert.Equal("x", bag.Find("si_NAME").AsString);
        Assert.Equal(1, bag.Find("GRÖSSE".Replace("SS", "ß")).AsInteger);
        Assert.Equal(["Größe", "SI_Name"], bag.Select(entry => entry.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ALaterValueTakesThePlaceOfOneWhoseNameDiffersInCase()
    {
        var bag = Build(("a", 1), ("A", 2));

        var entry = Assert.Single(bag);
        Assert.Equal(("A", 2L), (entry.Key, entry.Value.AsInteger));
    }

    [Fact]
    public void ADottedPathLeadsIntoBagsAndANameWithDotsComesFirst()
    {
        var bag = Build(("a", Build(("b", Build(("c", 1))), ("x", 5))), ("a.b", Build(("c", 2))), ("p", 3));

        Assert.Equal(5, bag.Find("A.X").AsInteger);
        Assert.Equal(1, bag.Find("a.b.c").AsInteger);
        Assert.True(bag.Find("p.q").IsNone);
        Assert.True(bag.Find("a.").IsNone);
        Assert.True(bag.Find(".").IsNone);
    }

    [Fact]
    public void ValuesThatLookAlikeAreNotEqual()
    {
        Assert.NotEqual(Build(("v", 1.0m)), Build(("v", 1.00m)));
        Assert.NotEqual(Build(("v", 0.0)), Build(("v", -0.0)));
        Assert.NotEqual(Build(("v", 1L)), Build(("v", 1m)));
        Assert.False((PropertyValue)1.0m == 1.00m);
        Assert.True((PropertyValue)double.NaN == double.NaN);
        var noon = new DateTimeOffset(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Assert.NotEqual(Build(("v", noon)), Build(("v", noon.ToOffset(TimeSpan.FromHours(1)))));
    }

    [Fact]
    public void TheEmptyBagTakesNoBytes()
    {
        Assert.Empty(new PropertyBagBuilder().Build().Encode());
        Assert.Equal(PropertyBag.Empty, PropertyBag.Decode([]));
    }

    [Fact]
    public void ABagOfAnotherVersionIsRefused()
        => Assert.Equal(ErrorCodes.FormatNotSupported, Fails(() => PropertyBag.Decode([2, 0])).Code);

    [Fact]
    public void PropertiesThatAreNotInMemoryAreNeverTakenForNone()
        => Assert.Equal(ErrorCodes.Unexpected, Fails(() => PropertyBag.Over(CmsObject.NotInMemory)).Code);

    [Theory]
    [InlineData("0101")] // an entry that is not there
    [InlineData("01FFFFFFFFFFFFFFFFFF01")] // 2^64 entries
    [InlineData("0101FFFFFFFF0F")] // a name of 4 GB
    [InlineData("0101016102808080808001")] // an integer of many bytes
    [InlineData("01010161010401")] // text beyond the end
    [InlineData("0102016105010001610501")] // a name twice
    [InlineData("010201610501000141050100")] // a name that differs in case
    [InlineData("010101610C00")] // a type that is not known
    [InlineData("0101016109FFFFFFFF0F")] // a list of 4 GB
    [InlineData("01010161090109")] // a list in a list
    [InlineData("0101016109058880808001")] // more values than bytes
    [InlineData("01810001610501")] // a number not in its shortest form
    [InlineData("010101610102C080")] // not UTF-8
    [InlineData("010101610310FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")] // a decimal of scale 255
    [InlineData("01010161060AFFFFFFFFFFFFFFFF0000")] // a date before all dates
    [InlineData("010101610502 02")] // a boolean of two bytes
    [InlineData("010101610501 02")] // neither true nor false
    [InlineData("0100FF")] // something behind
    public void DamagedBytesAreATypedError(string hex)
        => Assert.Equal(ErrorCodes.InvalidObject, Fails(() => PropertyBag.Decode(Convert.FromHexString(hex.Replace(" ", "")))).Code);

    [Fact]
    public void DepthAndSizeAreBounded()
    {
        var bag = PropertyBag.Empty;
        for (var i = 1; i < PropertyBag.MaxDepth; i++)
            bag = Build(("b", bag));

        Assert.Equal(bag, PropertyBag.Decode(bag.Encode()));
        Assert.Equal(ErrorCodes.LimitExceeded, Fails(() => Build(("b", bag))).Code);
        Assert.Equal(ErrorCodes.LimitExceeded, Fails(() => Build(("b", new byte[PropertyBag.MaxBytes]))).Code);
        Assert.Equal(ErrorCodes.LimitExceeded, Fails(() => PropertyBag.Decode(new byte[PropertyBag.MaxBytes + 1])).Code);
    }

    [Fact]
    public void TextThatIsNotUnicodeIsRefusedByName()
    {
        var failure = Fails(() => Build(("title", "\ud800")));

        Assert.Equal(ErrorCodes.InvalidObject, failure.Code);
        Assert.Contains("'title'", failure.Message);
    }

    [Fact]
    public void AListHoldsSingleValuesOnly()
        => Assert.Equal(ErrorCodes.InvalidObject, Fails(() => PropertyValue.List([PropertyValue.List([])])).Code);

    internal static PropertyBag Build(params (string Name, PropertyValue Value)[] values)
    {
        var builder = new PropertyBagBuilder();
        foreach (var (name, value) in values)
            builder.Set(name, value);
        return builder.Build();
    }

    private static LoggerCmsException Fails(Func<object?> action) => Assert.Throws<LoggerCmsException>(action);
}
