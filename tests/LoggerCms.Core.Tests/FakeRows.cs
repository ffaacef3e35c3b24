using FsCheck;
using FsCheck.Fluent;

namespace LoggerCms.Core.Tests;

/// <summary>Random values, rows and pairs of tables.</summary>
internal static class FakeRows
{
    private static readonly IArbMap Map = ArbMap.Default;

    /// <summary>A value of any kind that <see cref="FakeTable.Row"/> takes.</summary>
    public static Gen<object?> Value { get; } = Gen.OneOf(
        Gen.Constant<object?>(null),
        Map.GeneratorFor<long>().Select(value => (object?)value),
        Gen.Elements<object?>(long.MinValue, long.MaxValue, 0L, -1L),
        Map.GeneratorFor<bool>().Select(value => (object?)value),
        Map.GeneratorFor<double>().Select(value => (object?)value),
        Map.GeneratorFor<float>().Select(value => (object?)value),
        Map.GeneratorFor<decimal>().Select(value => (object?)value),
        Map.GeneratorFor<Guid>().Select(value => (object?)value),
        Map.GeneratorFor<byte>().ListOf().Select(value => (object?)value.ToArray()),
        Gen.Elements<object?>("", "a", "A", "a ", "é", "e\u0301", "\0", "\U0001F600", "line\nbreak", "'"));

    /// <summary>Rows of a table (id, name) on both sides, with keys and values from small sets so that they meet.</summary>
    public static Gen<(byte[][] Source, byte[][] Destination)> People { get; } = Table(id => FakeTable.Row(id, "a"), id => FakeTable.Row(id, "b"), id => FakeTable.Row(id, null));

    /// <summary>Rows without a key, with duplicates.</summary>
    public static Gen<(byte[][] Source, byte[][] Destination)> Bag { get; } =
        Gen.Choose(0, 6).Select(i => FakeTable.Row(i)).ListOf().Two().Select(pair => (pair.Item1.ToArray(), pair.Item2.ToArray()));

    private static Gen<(byte[][] Source, byte[][] Destination)> Table(params Func<int, byte[]>[] forms)
        => from ids in Gen.Choose(-20, 60).ListOf()
           let distinct = ids.Distinct().ToArray()
           from places in Gen.Choose(0, 9).ArrayOf(distinct.Length)
           from order in Gen.Shuffle(distinct)
           select (
               distinct.Select((id, i) => (id, place: places[i])).Where(row => row.place != 1).Select(row => forms[row.place == 2 ? 1 : 0](row.id)).ToArray(),
               order.Select(id => (id, place: places[Array.IndexOf(distinct, id)])).Where(row => row.place != 0)
                   .Select(row => forms[row.place == 3 ? 2 : 0](row.id)).ToArray());
}
