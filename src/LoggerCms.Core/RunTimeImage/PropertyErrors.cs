namespace LoggerCms.Core.RunTimeImage;

/// <summary>The failures of property bags: <c>InvalidObject</c> for what cannot be one, <c>LimitExceeded</c> for what is too much.</summary>
internal static class PropertyErrors
{
    public static LoggerCmsException Invalid(string what, Exception? innerException = null) => new(
        ErrorCodes.InvalidObject, $"{what}.", "Correct the property and send the change again.", innerException: innerException);

    public static LoggerCmsException Damaged(string what, int offset) => new(
        ErrorCodes.InvalidObject,
        $"The bytes are not a property bag: {what} at byte {offset}.",
        "Send the object again; where it came from a database, restore it with Restore-CmsSide.");

    public static LoggerCmsException TooMuch(string what) => new(
        ErrorCodes.LimitExceeded, $"{what}.", "Split the properties over several objects, or keep the content in a file.")
    {
        IsOfRequest = true,
    };

    public static LoggerCmsException UnknownVersion(byte version) => new(
        ErrorCodes.FormatNotSupported,
        $"The property bag has version {version} of its form; this release reads version {PropertyBag.FormatVersion}.",
        "Use the release that wrote it.");

    /// <summary>A programming error, told as such: the caller used a skeleton as if it were whole.</summary>
    public static LoggerCmsException NotInMemory() => new(
        ErrorCodes.Unexpected,
        "The object's properties are not in memory and were read without being fetched.",
        "Report this with the trace of the node.");
}
