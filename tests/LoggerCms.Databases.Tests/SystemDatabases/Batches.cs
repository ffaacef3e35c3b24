using System.Globalization;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Tests.SystemDatabases;

/// <summary>Objects and batches as tests need them.</summary>
internal static class Batches
{
    public static CmsObject Object(long id, string? name = null, string? cuid = null, int version = 1, long updateKey = 1, byte[]? properties = null)
        => new()
        {
            Id = id,
            Cuid = cuid ?? "cuid-" + id.ToString(CultureInfo.InvariantCulture),
            Kind = ObjectKinds.Folder,
            ParentId = 0,
            Name = name ?? "object " + id.ToString(CultureInfo.InvariantCulture),
            OwnerId = 7,
            Version = version,
            UpdateKey = updateKey,
            CreatedUs = 1_700_000_000_000_000 + id,
            ModifiedUs = 1_700_000_000_000_001 + id,
            Properties = properties ?? [],
        };

    public static FlushBatch Put(long epoch, long lastKey, params IReadOnlyList<CmsObject> objects)
        => new() { Epoch = epoch, LastUpdateKey = lastKey, Put = objects, Remove = [], PutLocal = [], RemoveLocal = [] };

    public static FlushBatch Remove(long epoch, long lastKey, params IReadOnlyList<long> ids)
        => new() { Epoch = epoch, LastUpdateKey = lastKey, Put = [], Remove = ids, PutLocal = [], RemoveLocal = [] };

    /// <summary>Every field of an object, for comparing.</summary>
    public static string Show(CmsObject? o) => o is null
        ? "none"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{o.Id}|{o.Cuid}|{o.Kind}|{o.ParentId}|{o.Name}|{o.OwnerId}|{o.Version}|{o.UpdateKey}|{o.CreatedUs}|{o.ModifiedUs}|{Convert.ToHexString(o.AccessList)}|{Convert.ToHexString(o.Properties)}");

    public static string[] Show(IEnumerable<CmsObject> objects) => [.. objects.Select(Show)];
}
