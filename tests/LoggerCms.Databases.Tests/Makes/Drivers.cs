namespace LoggerCms.Databases.Tests.Makes;

/// <summary>Finds a driver by name, so that the suite says which make has none.</summary>
internal static class Drivers
{
    public static ISideDriver? Find(string name)
        => Type.GetType($"LoggerCms.Databases.{name}, LoggerCms.Databases") is { } type ? (ISideDriver)Activator.CreateInstance(type)! : null;
}
