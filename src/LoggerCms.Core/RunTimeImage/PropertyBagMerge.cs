using System.Text;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// A bag with some properties set and others taken away, copied entry by entry without decoding a value: it is done for every change, in the order
/// of changes. The result is the one that <see cref="PropertyBagBuilder"/> would give, and where that is not plain it is asked.
/// </summary>
internal static class PropertyBagMerge
{
    /// <summary>Each entry of one bag is held against each of the other; above so many comparisons a table of names is faster.</summary>
    private const int MostComparisons = 1024;

    /// <param name="before">The bag.</param>
    /// <param name="set">What is set, in the place of what has the same name in any case.</param>
    /// <param name="removed">Names to take away first.</param>
    /// <exception cref="LoggerCmsException">As <see cref="PropertyBagBuilder.Build"/>.</exception>
    public static PropertyBag Merge(PropertyBag before, PropertyBag set, IReadOnlyList<string> removed)
    {
        if ((long)before.Count * (set.Count + removed.Count) > MostComparisons || !HasPlainNames(before) || !HasPlainNames(set))
            return ByNames(before, set, removed);
        var kept = new List<Range>(before.Count);
        foreach (var entry in before.Entries())
        {
            if (!IsReplaced(before, entry, set, removed))
                kept.Add(entry);
        }

        var count = kept.Count + set.Count;
        var length = 1 + PropertyCodec.VarintLength((ulong)count) + set.EntriesLength;
        foreach (var entry in kept)
            length += entry.End.Value - entry.Start.Value;
        if (length > PropertyBag.MaxBytes)
            return ByNames(before, set, removed);
        var encoded = new byte[length];
        encoded[0] = PropertyBag.FormatVersion;
        var at = 1 + PropertyCodec.WriteVarint(encoded.AsSpan(1), (ulong)count);
        var next = 0;
        foreach (var entry in set.Entries())
        {
            while (next < kept.Count && before.NameOf(kept[next]).SequenceCompareTo(set.NameOf(entry)) < 0)
                Copy(before, kept[next++], encoded, ref at);
            Copy(set, entry, encoded, ref at);
        }

        while (next < kept.Count)
            Copy(before, kept[next++], encoded, ref at);
        return PropertyBag.Over(encoded);
    }

    private static PropertyBag ByNames(PropertyBag before, PropertyBag set, IReadOnlyList<string> removed)
    {
        var builder = new PropertyBagBuilder(before);
        foreach (var name in removed)
            builder.Remove(name);
        foreach (var (name, value) in set)
            builder.Set(name, value);
        return builder.Build();
    }

    // Of names in ASCII the order of the bytes is that of the characters, and case is one bit.
    private static bool HasPlainNames(PropertyBag bag)
    {
        foreach (var entry in bag.Entries())
        {
            if (!Ascii.IsValid(bag.NameOf(entry)))
                return false;
        }

        return true;
    }

    private static bool IsReplaced(PropertyBag before, Range entry, PropertyBag set, IReadOnlyList<string> removed)
    {
        var name = before.NameOf(entry);
        foreach (var other in set.Entries())
        {
            if (Ascii.EqualsIgnoreCase(name, set.NameOf(other)))
                return true;
        }

        foreach (var gone in removed)
        {
            if (Ascii.EqualsIgnoreCase(name, gone))
                return true;
        }

        return false;
    }

    private static void Copy(PropertyBag from, Range entry, byte[] to, ref int at)
    {
        var bytes = from.BytesOf(entry);
        bytes.CopyTo(to.AsSpan(at));
        at += bytes.Length;
    }
}
