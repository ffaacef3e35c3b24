using System.Buffers;

namespace LoggerCms.Core;

/// <summary>Text that came from outside, as it may stand in audit and log, which people read at a terminal.</summary>
internal static class PlainText
{
    /// <summary>Enough to know a request again; a request line has up to 8 KB.</summary>
    public const int MostOfStranger = 256;

    private const char Replacement = '\uFFFD';

    // Controls, line ends and directions of writing.
    private static readonly SearchValues<char> s_obeyed = SearchValues.Create(
    [
        .. Enumerable.Range(0, 256).Select(c => (char)c).Where(char.IsControl), .. "\u2028\u2029\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069",
    ]);

    public static bool IsPlain(string text) => !text.AsSpan().ContainsAny(s_obeyed);

    /// <summary>Cut to a length, and with another character in the place of each that a terminal or a browser obeys.</summary>
    public static string Of(string text, int most = int.MaxValue)
    {
        var isCut = text.Length > most;
        var end = isCut ? most - 1 : text.Length;
        if (!isCut && IsPlain(text))
            return text;
        return string.Create(isCut ? most : end, (text, end), static (to, from) =>
        {
            for (var i = 0; i < from.end; i++)
                to[i] = s_obeyed.Contains(from.text[i]) ? Replacement : from.text[i];
            to[from.end..].Fill('…');
        });
    }
}
