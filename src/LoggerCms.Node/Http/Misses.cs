using LoggerCms.Core;
using Microsoft.AspNetCore.Http;

namespace LoggerCms.Node.Http;

/// <summary>Requests that no endpoint takes: the routing answers them with a status and nothing else.</summary>
internal static class Misses
{
    /// <summary>What such an answer says; null for any other.</summary>
    public static CmsError? Of(HttpContext context)
    {
        var response = context.Response;
        if (response.StatusCode < StatusCodes.Status400BadRequest || response.HasStarted || response.ContentType is not null)
            return null;
        var asked = PlainText.Of($"{context.Request.Method} {context.Request.Path}", PlainText.MostOfStranger);
        return response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Error(ErrorCodes.ObjectNotFound, $"There is nothing at '{asked}'."),
            StatusCodes.Status405MethodNotAllowed => Error(ErrorCodes.InvalidObject, $"'{asked}' is not asked with that method, but with {response.Headers.Allow}."),
            StatusCodes.Status415UnsupportedMediaType => Error(ErrorCodes.InvalidObject, $"The body of '{asked}' has to be application/json, and say so."),
            var status => Error(ErrorCodes.InvalidObject, $"'{asked}' was refused with status {status}."),
        };
    }

    private static CmsError Error(string code, string message)
        => new() { Code = code, Message = message, Remedy = "Correct the request; /openapi/v1.json describes what there is." };
}
