namespace LoggerCms.Core.RunTimeImage;

/// <summary>The kinds that every system has. Any other name is a kind too.</summary>
internal static class ObjectKinds
{
    public const string Folder = "Folder";
    public const string User = "User";
    public const string UserGroup = "UserGroup";
}
