using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Almost all properties that come in: texts without escapes, integers and booleans under names in ASCII. They go from the JSON's bytes into the
/// encoded bag, without a text of the runtime's between. Everything else, and every refusal, is <see cref="PropertyJson"/>'s.
/// </summary>
internal static class PlainPropertyJson
{
    private const int MostEntries = 32;

    // Of all that an entry has beside a name and a text: their lengths, the type, and a number.
    private const int LongestHead = 10 + 1 + 10;

    private const int RoomBytes = 16 << 10;

    // Where it is put together before anybody knows how long it is.
    [ThreadStatic]
    private static byte[]? _room;

    /// <summary>
    /// The bag of the object that the reader stands at the beginning of, the same that <see cref="PropertyJson.Read"/> gives; null, and the reader where it
    /// was, for one that is not plain.
    /// </summary>
    public static PropertyBag? TryRead(ref Utf8JsonReader reader)
    {
        var ahead = reader;
        if (Follow(ref ahead) is not { } bag)
            return null;
        reader = ahead;
        return bag;
    }

    private static PropertyBag? Follow(ref Utf8JsonReader reader)
    {
        var room = _room ??= new byte[RoomBytes];
        Span<Entry> entries = stackalloc Entry[MostEntries];
        var (count, at) = (0, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (count == MostEntries || !TryWriteName(ref reader, room, at, out var name))
                return null;
            reader.Read();
            if (!TryWriteValue(ref reader, room, name.NameEnd, out var end) || !TryInsert(entries[..(count + 1)], name with { End = end }, room))
                return null;
            (count, at) = (count + 1, end);
        }

        return Join(room, entries[..count], at);
    }

    private static bool TryWriteName(ref Utf8JsonReader reader, Span<byte> room, int at, out Entry entry)
    {
        entry = default;
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped || name.Length is 0 or > PropertyBag.MaxNameLength || name[0] == '$' || !Ascii.IsValid(name) || room.Length - at < name.Length + LongestHead)
            return false;
        var start = at + PropertyCodec.WriteVarint(room[at..], (ulong)name.Length);
        name.CopyTo(room[start..]);
        entry = new Entry(at, start, start + name.Length, 0);
        return true;
    }

    private static bool TryWriteValue(ref Utf8JsonReader reader, Span<byte> room, int at, out int end)
    {
        end = at;
        switch (reader.TokenType)
        {
            case JsonTokenType.String when !reader.ValueIsEscaped && room.Length - at >= reader.ValueSpan.Length + LongestHead && Utf8.IsValid(reader.ValueSpan):
                var text = reader.ValueSpan;
                room[end++] = (byte)PropertyType.String;
                end += PropertyCodec.WriteVarint(room[end..], (ulong)text.Length);
                text.CopyTo(room[end..]);
                end += text.Length;
                return true;
            case JsonTokenType.Number when room.Length - at >= LongestHead && reader.TryGetInt64(out var number):
                room[end++] = (byte)PropertyType.Integer;
                end += PropertyCodec.WriteInteger(room[end..], number);
                return true;
            case JsonTokenType.True or JsonTokenType.False when room.Length - at >= LongestHead:
                room[end++] = (byte)PropertyType.Boolean;
                room[end++] = 1;
                room[end++] = reader.TokenType == JsonTokenType.True ? (byte)1 : (byte)0;
                return true;
            default:
                return false;
        }
    }

    // In the order of names; false for one that is there.
    private static bool TryInsert(Span<Entry> entries, Entry entry, ReadOnlySpan<byte> room)
    {
        var name = entry.Name(room);
        var place = entries.Length - 1;
        for (var i = 0; i < entries.Length - 1; i++)
        {
            var other = entries[i].Name(room);
            if (Ascii.EqualsIgnoreCase(name, other))
                return false;
            if (place > i && name.SequenceCompareTo(other) < 0)
                place = i;
        }

        entries[place..^1].CopyTo(entries[(place + 1)..]);
        entries[place] = entry;
        return true;
    }

    private static PropertyBag Join(ReadOnlySpan<byte> room, ReadOnlySpan<Entry> entries, int length)
    {
        if (entries.IsEmpty)
            return PropertyBag.Empty;
        var encoded = new byte[2 + length];
        encoded[0] = PropertyBag.FormatVersion;
        encoded[1] = (byte)entries.Length;
        var at = 2;
        foreach (var entry in entries)
        {
            room[entry.Start..entry.End].CopyTo(encoded.AsSpan(at));
            at += entry.End - entry.Start;
        }

        return PropertyBag.Over(encoded);
    }

    private readonly record struct Entry(int Start, int NameStart, int NameEnd, int End)
    {
        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> room) => room[NameStart..NameEnd];
    }
}
