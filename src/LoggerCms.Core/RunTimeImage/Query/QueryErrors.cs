namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>A query's failures: each points at the place.</summary>
internal static class QueryErrors
{
    private const int Window = 60;

    /// <param name="query">The whole query.</param>
    /// <param name="position">The first character that is wrong, from 0.</param>
    /// <param name="what">What is wrong there and what was expected; no full stop.</param>
    public static LoggerCmsException At(string query, int position, string what)
    {
        position = Math.Min(position, query.Length);
        var start = query.AsSpan(0, position).LastIndexOf('\n') + 1;
        var line = query.AsSpan(0, position).Count('\n') + 1;
        var rest = query.AsSpan(position).IndexOf('\n');
        var end = rest < 0 ? query.Length : position + rest;
        var from = Math.Max(start, position - Window);
        var shown = query.AsSpan(from, Math.Min(end, position + Window) - from).ToString();
        var caret = new string(' ', position - from);
        return new LoggerCmsException(
            ErrorCodes.InvalidQuery,
            $"The query is wrong at line {line}, column {position - start + 1}: {what}.\n{Plain(shown)}\n{caret}^",
            "Find-CmsObject -Query \"SELECT TOP 10 SI_ID, SI_NAME FROM CI_INFOOBJECTS WHERE SI_KIND = 'Webi'\" shows the form.");
    }

    public static LoggerCmsException TooMuchWork() => new(
        ErrorCodes.InvalidQuery,
        "The query takes too long: its conditions look at long texts or lists too often.",
        "Use fewer conditions, shorter LIKE patterns with fewer %, or conditions that leave fewer objects to look at.");

    /// <summary>Tabs and other control characters take one place each, so that the caret stands right.</summary>
    private static string Plain(string shown)
        => string.Create(shown.Length, shown, static (to, text) =>
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = char.IsControl(text[i]) ? ' ' : text[i];
        });
}
