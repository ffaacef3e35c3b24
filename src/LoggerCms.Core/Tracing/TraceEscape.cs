using System.Buffers;
using System.Globalization;
using System.Text;

namespace LoggerCms.Core.Tracing;

/// <summary>
/// How the writer puts a text on lines so that the reader gives the same text back, and a terminal shows it without harm.
/// U+241B (␛) and four hexadecimal digits stand for one UTF-16 unit: controls, line ends but the line feed, halves of a pair, U+241B itself,
/// and a first character that would be taken for a part of the header. A line feed is a new line that begins with a tab.
/// </summary>
internal static class TraceEscape
{
    public const char Mark = '\u241B';
    private const int LongestEscape = 5;
    private const string HexDigits = "0123456789abcdefABCDEF";
    private static readonly SearchValues<char> Hex = SearchValues.Create(HexDigits);

    /// <summary>Appends a message; <paramref name="guarded"/> escapes its first character.</summary>
    /// <returns>False where it was cut, because more than <paramref name="most"/> characters would have been appended.</returns>
    public static bool Append(StringBuilder target, ReadOnlySpan<char> text, bool guarded, int most)
    {
        most += target.Length - LongestEscape;
        for (var i = 0; i < text.Length; i++)
        {
            if (target.Length > most)
                return false;
            var c = text[i];
            if (c == '\n')
                target.Append("\n\t");
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) && !(guarded && i == 0))
                target.Append(c).Append(text[++i]);
            else if ((guarded && i == 0) || c == Mark || char.IsControl(c) && c != '\t' || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFD')
                target.Append(Mark).Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                target.Append(c);
        }

        return true;
    }

    /// <summary>Appends what the escaped text stands for.</summary>
    public static void AppendDecoded(StringBuilder target, ReadOnlySpan<char> text)
    {
        while (text.IndexOf(Mark) is >= 0 and var at)
        {
            target.Append(text[..at]);
            if (TryDecode(text[at..], out var c))
            {
                target.Append(c);
                text = text[(at + 5)..];
            }
            else
            {
                target.Append(Mark);
                text = text[(at + 1)..];
            }
        }

        target.Append(text);
    }

    private static bool TryDecode(ReadOnlySpan<char> text, out char value)
    {
        value = default;
        if (text.Length < 5 || text.Slice(1, 4).ContainsAnyExcept(Hex))
            return false;
        value = (char)ushort.Parse(text.Slice(1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return true;
    }
}
