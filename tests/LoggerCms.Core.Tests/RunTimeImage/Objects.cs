using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

internal static class Objects
{
    public static CmsObject Make(
        long id, long updateKey, string? name = null, long parentId = 23, string kind = "Webi", string? cuid = null, int version = 1, byte[]? properties = null)
        => new()
        {
            Id = id,
            Cuid = cuid ?? $"C{id}",
            Kind = kind,
            ParentId = parentId,
            Name = name ?? $"n{id}",
            OwnerId = 12,
            Version = version,
            UpdateKey = updateKey,
            CreatedUs = id,
            ModifiedUs = updateKey,
            Properties = properties ?? PropertyBagTests.Build(("key", updateKey)).Encode(),
        };

    public static string Tell(CmsObject? one) => one is null ? "-" : $"{one.Id}/{one.Cuid}/{one.Kind}/{one.ParentId}/{one.Name}/{one.Version}/{one.UpdateKey}";
}
