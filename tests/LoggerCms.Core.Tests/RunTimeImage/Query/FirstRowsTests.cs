using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

public sealed class FirstRowsTests
{
    private static readonly OrderByColumn[] Order = [new(QueryColumn.Of("x"), IsDescending: false)];

    [Fact]
    public void It_keeps_the_first_ones_of_any_number()
    {
        var all = Enumerable.Range(0, 1000).Select(i => (PropertyValue)(i % 100)).ToArray();
        Random.Shared.Shuffle(all);

        var (rows, leavesOut) = Keep(all, 25, long.MaxValue);

        Assert.True(leavesOut);
        Assert.Equal([.. Enumerable.Repeat(0L, 10), .. Enumerable.Repeat(1L, 10), .. Enumerable.Repeat(2L, 5)], rows.Select(row => row.AsInteger));
        Assert.False(Keep(all, 1000, long.MaxValue).LeavesOut);
    }

    [Fact]
    public void Of_large_keys_it_keeps_fewer_and_no_small_one_in_place_of_one_before_it()
    {
        var large = Enumerable.Range(0, 50).Select(i => (PropertyValue)$"a{i:00}{new string('x', 1000)}");
        var all = large.Concat(Enumerable.Range(0, 500).Select(i => (PropertyValue)$"b{i:000}")).ToArray();
        Random.Shared.Shuffle(all);

        var (rows, leavesOut) = Keep(all, int.MaxValue, 10_000);

        Assert.True(leavesOut);
        Assert.InRange(rows.Sum(row => 2L * row.AsString.Length), 1, 10_000);
        Assert.Equal(all.Select(one => one.AsString).Order(StringComparer.Ordinal).Take(rows.Count), rows.Select(row => row.AsString));
    }

    [Fact]
    public void One_is_kept_however_large_it_is()
        => Assert.Equal("a", Assert.Single(Keep([new string('b', 1000), "a" + new string('a', 999), new string('c', 1000)], 10, 10).Rows).AsString[..1]);

    [Fact]
    public void A_list_or_bag_is_not_held_and_a_column_that_stands_again_neither()
    {
        var list = PropertyValue.List(Enumerable.Range(0, 1000).Select(i => (PropertyValue)i));

        Assert.Empty(SortedRow.KeyOf(list).AsList);
        Assert.Equal(SortedRow.KeyOf(list), SortedRow.KeyOf(PropertyBagTests.Build(("x", list))));
        Assert.Equal(2, QueryParser.Parse("SELECT SI_ID FROM CI_INFOOBJECTS ORDER BY L, l, [L] DESC, SI_NAME, [l]").OrderBy.Count);
    }

    private static (List<PropertyValue> Rows, bool LeavesOut) Keep(PropertyValue[] all, int most, long bytes)
    {
        var first = new FirstRows(Order, most, bytes);
        for (var i = 0; i < all.Length; i++)
            first.Add(Objects.Make(i + 1, 1), new SortedRow([all[i]], i + 1));
        return ([.. first.TakeInOrder().Select(one => one.Row.Keys[0])], first.LeavesOut);
    }
}
