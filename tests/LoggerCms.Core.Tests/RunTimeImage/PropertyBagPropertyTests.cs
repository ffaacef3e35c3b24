using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

/// <summary>FsCheck draws the seed of each bag and prints it with its own when a property does not hold.</summary>
public sealed class PropertyBagPropertyTests
{
    private static readonly Arbitrary<int> Seeds = ArbMap.Default.ArbFor<int>();

    [Fact]
    public void ABagComesBackFromItsBytes() => Prop.ForAll(Seeds, seed =>
    {
        var bag = Bags.Any(new Random(seed));
        var back = PropertyBag.Decode(bag.Encode().ToArray());
        return back.Equals(bag) && back.SequenceEqual(bag) && bag.All(entry => back.Find(entry.Key.ToUpperInvariant()) == entry.Value);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void ABagComesBackFromItsJsonToTheBit() => Prop.ForAll(Seeds, seed =>
    {
        var bag = Bags.Any(new Random(seed));
        return PropertyJsonTests.Parse(bag.ToJson()).Equals(bag);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void TheBytesDoNotDependOnTheOrderOfSetting() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var bag = Bags.Any(random);
        var entries = bag.ToArray();
        random.Shuffle(entries);
        return PropertyBagTests.Build([.. entries.Select(entry => (entry.Key, entry.Value))]).Equals(bag);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void MergingGivesWhatSettingOneByOneGives() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var before = random.Next(4) > 0 ? Bags.Any(random) : Bags.Wide(random, 200);
        var set = new PropertyBagBuilder();
        foreach (var (name, value) in Bags.Any(random).Concat(before.Where(_ => random.Next(3) == 0)))
            set.Set(random.Next(2) == 0 ? name.ToLowerInvariant() : name, value.Type == PropertyType.String ? Bags.Value(random, 2) : value);
        string[] removed = [.. before.Select(e => e.Key).Where(_ => random.Next(4) == 0).Select(n => n.ToUpperInvariant()), Bags.Name(random)];
        var expected = new PropertyBagBuilder(before);
        foreach (var name in removed)
            expected.Remove(name);
        foreach (var (name, value) in set.Build())
            expected.Set(name, value);
        return PropertyBag.Decode(PropertyBagMerge.Merge(before, set.Build(), removed).Encode()).Equals(expected.Build());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void ABuilderThatIsLargeAndChangesHoldsWhatATableHolds() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var builder = new PropertyBagBuilder();
        var table = new Dictionary<string, PropertyValue>(StringComparer.OrdinalIgnoreCase);
        for (var i = random.Next(200); i > 0; i--)
        {
            var (name, value) = ($"n{random.Next(60)}", (PropertyValue)i);
            if (random.Next(3) == 0)
            {
                if (builder.Remove(name.ToUpperInvariant()) != table.Remove(name))
                    return false;
            }
            else
            {
                builder.Set(name, value);
                table[name] = value;
            }
        }

        return builder.Build().OrderBy(e => e.Key).SequenceEqual(table.OrderBy(e => e.Key));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void FlippedBytesAreRefusedOrAreABagAgain() => Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var bytes = Bags.Any(random).Encode().ToArray();
        for (var flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Next(4) == 0)
            bytes = bytes[..random.Next(bytes.Length + 1)];
        return IsRefusedOrSound(bytes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnyBytesAreRefusedOrAreABag() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), bytes => IsRefusedOrSound([PropertyBag.FormatVersion, .. bytes])).QuickCheckThrowOnFailure();

    private static bool IsRefusedOrSound(byte[] bytes)
    {
        try
        {
            var bag = PropertyBag.Decode(bytes);
            return PropertyBagTests.Build([.. bag.Select(entry => (entry.Key, entry.Value))]).Equals(bag);
        }
        catch (LoggerCmsException failure) when (failure.Code is ErrorCodes.InvalidObject or ErrorCodes.FormatNotSupported or ErrorCodes.LimitExceeded)
        {
            return true;
        }
    }
}
