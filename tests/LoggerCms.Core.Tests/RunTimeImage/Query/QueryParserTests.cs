using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

public sealed class QueryParserTests
{
    private static readonly string[] Pieces =
    [
        "SELECT ", "TOP 5 ", "* ", "FROM ", "CI_INFOOBJECTS ", "WHERE ", "SI_ID ", "SI_NAME ", "SI_ANCESTOR ", "= ", "<> ", "IN ", "( ", ") ", ", ", "'a' ", "5 ",
        "1e ", "NOT ", "LIKE ", "'%[a' ", "IS ", "NULL ", "AND ", "OR ", "ORDER ", "BY ", "DESC ", "- ", "'", "\"", "[", "]", "\n", "é", "\0", "BETWEEN ", "ESCAPE ", "SI_UPDATE_TS ",
    ];

    [Theory]
    [InlineData("*", null, 1_000)]
    [InlineData("*", 5, 5)]
    [InlineData("*", 0, 1)]
    [InlineData("*", int.MaxValue, 1_000_000)]
    [InlineData("TOP 7 *", 5, 7)]
    [InlineData("TOP 3 *", 5, 3)]
    public void WhatStandsForATopCountsWhereThereIsNone(string columns, int? top, int expected)
        => Assert.Equal(expected, QueryParser.Parse($"SELECT {columns} FROM CI_INFOOBJECTS", top).Top);

    [Theory]
    [InlineData("", 1, 1, "SELECT was expected, and the query ends")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = ", 1, 44, "a number, a text in quotes, TRUE or FALSE was expected, and the query ends")]
    [InlineData("SELECT * FROM dual", 1, 15, "CI_INFOOBJECTS, CI_SYSTEMOBJECTS or CI_APPOBJECTS was expected, and there is 'dual'")]
    [InlineData("SELECT *\nFROM CI_INFOOBJECTS\nWHERE SI_NAME LIKE 5", 3, 20, "a pattern in quotes after LIKE was expected")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_NAME = 'x", 1, 46, "has no end")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE (SI_ID = 5", 1, 46, "')' was expected")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = NULL", 1, 44, "IS NULL")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_UPDATE_TS > 'soon'", 1, 51, "a date")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = 5 5", 1, 46, "AND, OR, ORDER BY or the end")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS; DROP", 1, 29, "';' has no meaning")]
    [InlineData("SELECT TOP 0 * FROM CI_INFOOBJECTS", 1, 12, "after TOP")]
    [InlineData("SELECT SI_ANCESTOR FROM CI_INFOOBJECTS", 1, 8, "WHERE only")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_ANCESTOR > 5", 1, 48, "=, != or IN")]
    [InlineData("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID NOT 5", 1, 46, "IN, LIKE or BETWEEN after NOT")]
    public void ASyntaxErrorPointsAtThePlace(string query, int line, int column, string expected)
    {
        var failure = Assert.Throws<LoggerCmsException>(() => QueryParser.Parse(query));

        Assert.Equal(ErrorCodes.InvalidQuery, failure.Code);
        Assert.StartsWith($"The query is wrong at line {line}, column {column}: ", failure.Message);
        Assert.Contains(expected, failure.Message);
        var lines = failure.Message.Split('\n');
        Assert.Equal(column - 1, lines[^1].IndexOf('^'));
        Assert.Equal(query.Split('\n')[line - 1], lines[^2]);
    }

    [Theory]
    [InlineData("79228162514264337593543950335")]
    [InlineData("-79228162514264337593543950335")]
    [InlineData("0.0000000000000000000000000001")]
    [InlineData("1.0000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000001.50")]
    [InlineData("7922816251426433759354395033.5")]
    [InlineData("0.")]
    public void AsManyDigitsAsADecimalHoldsAreADecimal(string text)
    {
        Assert.True(QueryValue.TryNumber(text, out var value));
        Assert.Equal(decimal.Parse(text, CultureInfo.InvariantCulture), value.AsDecimal);
    }

    [Theory]
    [InlineData("79228162514264337593543950336")]
    [InlineData("79228162514264337593543950335.1")]
    [InlineData("0.00000000000000000000000000001")]
    [InlineData("1.00000000000000000000000000001")]
    public void DigitsThatNothingHoldsAreNoNumberUntilTheyHaveAnExponent(string text)
    {
        Assert.False(QueryValue.TryNumber(text, out _));
        Assert.Equal(PropertyType.Double, QueryValue.TryNumber(text + "e0", out var value) ? value.Type : PropertyType.None);
        var failure = Assert.Throws<LoggerCmsException>(() => QueryParser.Parse($"SELECT * FROM CI_INFOOBJECTS WHERE n = {text}"));
        Assert.Contains("more digits", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsTooMuchIsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("(", 10_000));
        var many = string.Join(',', Enumerable.Range(0, QueryLimits.InList + 1));
        var conditions = string.Join(" OR ", Enumerable.Repeat("SI_ID = 1", QueryLimits.Conditions + 1));
        foreach (var where in new[] { deep, $"SI_ID IN ({many})", conditions, $"SI_NAME LIKE '{new string('%', 300)}'", new string(' ', 70_000), $"SI_ID = {new string('9', 50)}", string.Concat(Enumerable.Repeat("NOT ", 10_000)) })
            Assert.Equal(ErrorCodes.InvalidQuery, Assert.Throws<LoggerCmsException>(() => QueryParser.Parse("SELECT * FROM CI_INFOOBJECTS WHERE " + where)).Code);
    }

    [Fact]
    public void ALongLineIsShownAroundThePlace()
    {
        var failure = Assert.Throws<LoggerCmsException>(() => QueryParser.Parse($"SELECT * FROM CI_INFOOBJECTS WHERE SI_NAME = '{new string('x', 5000)}' ?"));

        Assert.True(failure.Message.Length < 500);
        var lines = failure.Message.Split('\n');
        Assert.Equal('?', lines[^2][lines[^1].IndexOf('^')]);
    }

    [Fact]
    public void AnyMixOfPiecesIsAQueryOrInvalid() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var random = new Random(seed);
        var start = random.Next(2) == 0 ? "SELECT * FROM CI_INFOOBJECTS WHERE " : "";
        return IsQueryOrInvalid(start + string.Concat(random.GetItems(Pieces, random.Next(20))));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyTextIsAQueryOrInvalid() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => IsQueryOrInvalid(text ?? "")).QuickCheckThrowOnFailure();

    [Fact]
    public void APatternMadeToBacktrackEnds()
    {
        var pattern = new LikePattern(string.Concat(Enumerable.Repeat("%a", 120)) + "%b", null);

        Assert.False(pattern.Matches(new string('a', 20_000)));
        Assert.True(pattern.Matches(new string('a', 20_000) + "b"));
    }

    private static bool IsQueryOrInvalid(string query)
    {
        try
        {
            return QueryParser.Parse(query) is not null;
        }
        catch (LoggerCmsException failure) when (failure.Code == ErrorCodes.InvalidQuery)
        {
            return true;
        }
    }
}
