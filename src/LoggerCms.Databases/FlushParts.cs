using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases;

/// <summary>The objects of a batch in parts that a server takes at once: bounded by rows and by bytes.</summary>
internal static class FlushParts
{
    private const int RowsAtOnce = 10_000;
    private const int BytesAtOnce = 16 * 1024 * 1024;

    public static IEnumerable<List<CmsObject>> Of(IEnumerable<CmsObject> objects)
    {
        var part = new List<CmsObject>();
        var bytes = 0L;
        foreach (var o in objects)
        {
            part.Add(o);
            bytes += o.Properties.Length + o.AccessList.Length;
            if (part.Count < RowsAtOnce && bytes < BytesAtOnce)
                continue;
            yield return part;
            part = [];
            bytes = 0;
        }

        if (part.Count > 0)
            yield return part;
    }
}
