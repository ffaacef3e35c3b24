using System.Management.Automation;

namespace LoggerCms.PowerShell.Objects;

/// <summary>The shell's wildcards, without regard to case.</summary>
internal static class Wildcards
{
    /// <exception cref="LoggerCmsException">InvalidOption: it is not one.</exception>
    public static WildcardPattern Of(string text)
    {
        var pattern = new WildcardPattern(text, WildcardOptions.IgnoreCase);
        try
        {
            // It is read with its first use.
            pattern.IsMatch(string.Empty);
            return pattern;
        }
        catch (WildcardPatternException e)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"'{text}' is not a pattern: {e.Message}", "Write ` before a bracket that stands for itself.", innerException: e);
        }
    }

    /// <summary>Whether a text matches one of them; any does where there are none.</summary>
    public static bool Match(IReadOnlyList<WildcardPattern> patterns, string text) => patterns.Count == 0 || patterns.Any(pattern => pattern.IsMatch(text));
}
