namespace LoggerCms;

/// <summary>The columns of queries that are not properties.</summary>
public static class CmsColumns
{
    /// <summary>The folders at any depth that an object lies in: for conditions alone.</summary>
    public const string Ancestor = "SI_ANCESTOR";

    /// <summary>The columns of every object, in the order that <c>SELECT *</c> gives them, before its properties. No property can have one of these names.</summary>
    public static IReadOnlyList<string> OfEveryObject { get; } =
    [
        "SI_ID", "SI_CUID", "SI_NAME", "SI_KIND", "SI_PARENTID", "SI_PARENT_CUID", "SI_PARENT_FOLDER", "SI_PARENT_FOLDER_CUID", "SI_OWNERID", "SI_OWNER",
        "SI_CREATION_TIME", "SI_UPDATE_TS", "SI_VERSION", "SI_UPDATE_KEY", "SI_PATH", "SI_CHILDREN",
    ];

    /// <summary>Whether it is one of these, in any case.</summary>
    public static bool IsOfEveryObject(string name) => OfEveryObject.Contains(name, StringComparer.OrdinalIgnoreCase);
}
