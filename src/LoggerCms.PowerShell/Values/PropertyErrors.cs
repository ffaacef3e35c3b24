namespace LoggerCms.PowerShell.Values;

/// <summary>Why a value cannot be a property.</summary>
internal static class PropertyErrors
{
    public static LoggerCmsException Invalid(string message)
        => new(
            ErrorCodes.InvalidObject,
            message,
            "Give a string, an integer of 64 bits, decimal, double, Boolean, date, Guid, byte[], an array of these, or a hashtable.");
}
