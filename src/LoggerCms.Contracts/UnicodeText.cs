using System.Buffers;
using System.Text;

namespace LoggerCms;

/// <summary>Whether a text can be written as UTF-8 and read as the same again.</summary>
public static class UnicodeText
{
    /// <summary>False where it holds half a surrogate pair: writers put U+FFFD in its place and say nothing.</summary>
    public static bool IsWhole(ReadOnlySpan<char> text)
    {
        for (int at; (at = text.IndexOfAnyInRange('\uD800', '\uDFFF')) >= 0;)
        {
            text = text[at..];
            if (Rune.DecodeFromUtf16(text, out _, out var taken) != OperationStatus.Done)
                return false;
            text = text[taken..];
        }

        return true;
    }

    /// <summary>The same with U+FFFD for each half, as it may stand in an error.</summary>
    public static string Shown(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
