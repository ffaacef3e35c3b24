using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>What an object may look like.</summary>
internal static class ObjectRules
{
    public const int LongestName = 255;
    public const int LongestKind = 64;
    public const int LongestCuid = 64;

    /// <exception cref="LoggerCmsException">InvalidObject.</exception>
    public static void CheckName(string name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName)
            throw Invalid($"The name '{Cut(name)}' is empty or longer than {LongestName} characters.");
        if (name.Any(char.IsControl) || !UnicodeText.IsWhole(name))
            throw Invalid($"The name '{Cut(name)}' holds a control character or half a surrogate pair.");
    }

    /// <exception cref="LoggerCmsException">InvalidObject.</exception>
    public static void CheckKind(string kind)
    {
        if (kind.Length is 0 or > LongestKind || !kind.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            throw Invalid($"The kind '{Cut(kind)}' is not 1 to {LongestKind} letters, digits, dots, dashes or underscores.");
    }

    /// <exception cref="LoggerCmsException">InvalidObject.</exception>
    public static void CheckCuid(string cuid)
    {
        if (cuid.Length is 0 or > LongestCuid || !cuid.All(c => c is > ' ' and <= '~'))
            throw Invalid($"The CUID '{Cut(cuid)}' is not 1 to {LongestCuid} printable ASCII characters.");
    }

    /// <exception cref="LoggerCmsException">InvalidObject where the system needs the object to stay what it is.</exception>
    public static void CheckNotSystem(CmsObject target, string what)
    {
        if (SystemObjects.Contains(target.Id))
            throw Invalid($"Object {target.Id} '{target.Name}' belongs to the system and cannot be {what}.");
    }

    /// <summary>The same words for what there is not and for what the caller may not see, who is not told that it exists.</summary>
    public static LoggerCmsException NotFound(long id, bool isHidden = false) => new(
        ErrorCodes.ObjectNotFound,
        $"There is no object with id {id} that you may see.",
        $"Look for it by name with Find-CmsObject; Test-CmsRight -Id {id} -Right View -Explain, run by an administrator, tells whether it is hidden and why.")
    {
        DeniedObjectId = isHidden ? id : null,
    };

    private static string Cut(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static LoggerCmsException Invalid(string message) => new(ErrorCodes.InvalidObject, message, "Give another.");

    /// <summary>
    /// Whether somebody can act as this: a user below the folder of users. Who may make objects elsewhere makes users there too, under any name, and
    /// must not act by them.
    /// </summary>
    public static bool MayAct(IObjectView view, CmsObject? one)
        => one is { Kind: ObjectKinds.User } && (one.ParentId == SystemObjects.Users || ObjectPaths.IsBelow(view, one, SystemObjects.Users));
}
