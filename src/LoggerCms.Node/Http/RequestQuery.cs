using LoggerCms.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace LoggerCms.Node.Http;

/// <summary>What stands behind the ? of a request, held to what its endpoint takes: passed over, it would take with it what it was sent for.</summary>
internal static class RequestQuery
{
    /// <exception cref="LoggerCmsException">InvalidObject: a parameter is not known, or there twice.</exception>
    public static void Check(HttpContext context)
    {
        if (!context.Request.QueryString.HasValue || context.GetEndpoint()?.Metadata is not { } marks)
            return;
        string[] known = [.. marks.GetOrderedMetadata<IParameterBindingMetadata>().Where(IsOfQuery).Select(p => p.Name).Except(context.Request.RouteValues.Keys)];
        foreach (var (name, values) in context.Request.Query)
        {
            var shown = PlainText.Of(name, PlainText.MostOfStranger);
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw Refused($"The parameter '{shown}' is not known", known);
            if (values.Count > 1)
                throw Refused($"The parameter '{shown}' is there {values.Count} times", known);
        }
    }

    private static bool IsOfQuery(IParameterBindingMetadata parameter) => parameter.HasTryParse || parameter.ParameterInfo.ParameterType == typeof(string);

    private static LoggerCmsException Refused(string what, string[] known) => new(
        ErrorCodes.InvalidObject, $"{what}; nothing was done.", known.Length == 0 ? "Leave it out: this request takes none." : $"This request takes: {string.Join(", ", known)}.");
}
