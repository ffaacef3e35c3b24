namespace LoggerCms.Core.RunTimeImage;

/// <summary>One change as the image takes it.</summary>
/// <param name="UpdateKey">The config message that it belongs to.</param>
/// <param name="Id">The object.</param>
/// <param name="Object">Its new version, with the same update key; null where it goes away.</param>
internal readonly record struct ObjectChange(long UpdateKey, long Id, CmsObject? Object)
{
    public static ObjectChange Put(CmsObject version) => new(version.UpdateKey, version.Id, version);

    public static ObjectChange Remove(long id, long updateKey) => new(updateKey, id, null);
}
