using System.Text.RegularExpressions;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

/// <summary>Random queries against plain LINQ over the same objects.</summary>
public sealed class QueryModelTests(ITestOutputHelper output)
{
    [Fact]
    public async Task AQueryFindsWhatPlainCodeFinds()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var image = new LoggerCms.Core.RunTimeImage.RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        for (var id = 1000; id < 1200; id++)
        {
            var properties = random.Next(3) == 0 ? [] : PropertyBagTests.Build(("n", random.Next(2) == 0 ? random.Next(6) : (PropertyValue)(random.Next(60) / 10m))).Encode();
            var parent = id < 1005 ? 23 : random.Next(1000, Math.Min(id, 1020));
            image.Apply([ObjectChange.Put(Objects.Make(id, id, $"a{random.Next(30)}.{id}", parent, random.Next(2) == 0 ? "Folder" : "Webi", properties: properties))]);
        }

        for (var round = 0; round < 400; round++)
        {
            var (text, holds) = Condition(random, 3);
            var expected = image.All().Where(one => one.Id >= 1000 && holds(image, one) == true).Select(one => one.Id).Order();
            var rows = await QueryEngineTests.Rows($"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 AND ({text})", view: image);
            Assert.True(string.Join(' ', expected) == QueryEngineTests.Join(rows), text);
        }
    }

    private static (string Text, Func<IObjectView, CmsObject, bool?> Holds) Condition(Random random, int depth)
    {
        var number = random.Next(1000, 1200);
        var digit = random.Next(6);
        switch (random.Next(depth > 0 ? 10 : 7))
        {
            case 0:
                return ($"SI_ID < {number}", (_, one) => one.Id < number);
            case 1:
                return ($"SI_PARENTID = {1000 + digit}", (_, one) => one.ParentId == 1000 + digit);
            case 2:
                return ($"SI_ANCESTOR IN ({1000 + digit}, 1010)", (view, one) => Above(view, one).Any(id => id == 1000 + digit || id == 1010));
            case 3:
                return ($"SI_KIND IN ('webi')", (_, one) => one.Kind == "Webi");
            case 4:
                return ($"SI_NAME LIKE 'A%{digit}_%'", (_, one) => Regex.IsMatch(one.Name, $"^a.*{digit}..*$"));
            case 5:
                return ($"n >= {digit}", (_, one) => Number(one) is { } n ? n >= digit : null);
            case 6:
                return ("n IS NULL", (_, one) => Number(one) is null);
            case 7:
                var (inner, holds) = Condition(random, depth - 1);
                return ($"NOT ({inner})", (view, one) => !holds(view, one));
            default:
                var (left, leftHolds) = Condition(random, depth - 1);
                var (right, rightHolds) = Condition(random, depth - 1);
                return random.Next(2) == 0
                    ? ($"({left} AND {right})", (view, one) => leftHolds(view, one) & rightHolds(view, one))
                    : ($"({left} OR {right})", (view, one) => leftHolds(view, one) | rightHolds(view, one));
        }
    }

    private static decimal? Number(CmsObject one)
    {
        var value = PropertyBag.Over(one.Properties).Find("n");
        return value.Type switch { PropertyType.Integer => value.AsInteger, PropertyType.Decimal => value.AsDecimal, _ => null };
    }

    private static IEnumerable<long> Above(IObjectView view, CmsObject one)
    {
        for (var above = view.Find(one.ParentId); above is not null; above = view.Find(above.ParentId))
            yield return above.Id;
    }
}
