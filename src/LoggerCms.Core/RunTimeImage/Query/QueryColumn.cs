using System.Collections.Frozen;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>A column: one that every object has, or a path into the property bag.</summary>
internal sealed class QueryColumn
{
    private static readonly FrozenDictionary<string, Func<QueryRowContext, PropertyValue>> Computed =
        new Dictionary<string, Func<QueryRowContext, PropertyValue>>
        {
            ["SI_ID"] = static row => row.Object.Id,
            ["SI_CUID"] = static row => row.Object.Cuid,
            ["SI_NAME"] = static row => row.Object.Name,
            ["SI_KIND"] = static row => row.Object.Kind,
            ["SI_PARENTID"] = static row => row.Object.ParentId,
            ["SI_PARENT_FOLDER"] = static row => row.Object.ParentId,
            ["SI_PARENT_CUID"] = static row => TextOf(row.View.Find(row.Object.ParentId)?.Cuid),
            ["SI_PARENT_FOLDER_CUID"] = static row => TextOf(row.View.Find(row.Object.ParentId)?.Cuid),
            ["SI_OWNERID"] = static row => row.Object.OwnerId,
            ["SI_OWNER"] = static row => OwnerOf(row),
            ["SI_CREATION_TIME"] = static row => Time(row.Object.CreatedUs),
            ["SI_UPDATE_TS"] = static row => Time(row.Object.ModifiedUs),
            ["SI_VERSION"] = static row => row.Object.Version,
            ["SI_UPDATE_KEY"] = static row => row.Object.UpdateKey,
            ["SI_PATH"] = static row => PathOf(row),
            ["SI_CHILDREN"] = static row => row.Children,
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private const int BytesOfStep = 32;
    private const int StepsOfPath = 64;

    private readonly Func<QueryRowContext, PropertyValue>? _computed;
    private readonly int _levels;

    private QueryColumn(string name, Func<QueryRowContext, PropertyValue>? computed)
    {
        Name = name;
        _computed = computed;
        _levels = 1 + name.AsSpan().Count('.');
    }

    /// <summary>As <see cref="CmsColumns.OfEveryObject"/>.</summary>
    public static IReadOnlyList<QueryColumn> OfEveryObject { get; } = [.. CmsColumns.OfEveryObject.Select(Of)];

    /// <summary>As written in the query.</summary>
    public string Name { get; }

    /// <summary>Whether its value is in the bag, which may have to be read back.</summary>
    public bool IsInBag => _computed is null;

    /// <summary>CUIDs are told apart by case, all other text is not.</summary>
    public StringComparison Text => _computed is not null && Name.EndsWith("CUID", StringComparison.OrdinalIgnoreCase)
        ? StringComparison.Ordinal
        : StringComparison.OrdinalIgnoreCase;

    public bool IsDate => Is("SI_CREATION_TIME") || Is("SI_UPDATE_TS");

    public static bool IsOfEveryObject(string name) => Computed.ContainsKey(name);

    public static QueryColumn Of(string name) => new(name, Computed.GetValueOrDefault(name));

    public bool Is(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);

    public PropertyValue Value(QueryRowContext row)
    {
        if (_computed is not null)
            return _computed(row);
        row.Work.Spend(_levels * (1 + (row.Object.Properties.Length / BytesOfStep)));
        var value = row.Bag.Find(Name);
        // Every document has it in BusinessObjects, and half of all queries ask for 0.
        return value.IsNone && Is("SI_INSTANCE") ? false : value;
    }

    private static PropertyValue OwnerOf(QueryRowContext row)
        => row.View.Find(row.Object.OwnerId) is { } owner && row.Work.MayName(owner) ? owner.Name : default(PropertyValue);

    private static PropertyValue PathOf(QueryRowContext row)
    {
        row.Work.Spend(StepsOfPath);
        return ObjectPaths.Of(row.View, row.Object);
    }

    private static PropertyValue TextOf(string? text) => text is null ? default : (PropertyValue)text;

    private static PropertyValue Time(long microseconds)
    {
        const long last = 253_402_300_799_999_999;
        return DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(microseconds, 0, last) * TimeSpan.TicksPerMicrosecond);
    }
}
