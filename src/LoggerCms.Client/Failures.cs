using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using LoggerCms.Core.Security;

namespace LoggerCms.Client;

/// <summary>A call that failed: the typed failure, whether the node may have begun it, and when it wants to be asked again.</summary>
/// <param name="Exception">What the caller is told.</param>
/// <param name="Begun">False where the node cannot have begun it.</param>
/// <param name="Passing">Whether it may go better in a moment.</param>
/// <param name="RetryAfter">What the node asked for; null where it did not.</param>
internal sealed record Failure(LoggerCmsException Exception, bool Begun, bool Passing, TimeSpan? RetryAfter = null)
{
    public bool AllowsRepeat(Repeat repeat) => Passing && repeat switch
    {
        Repeat.Always => true,
        Repeat.IfNotBegun => !Begun,
        _ => false,
    };
}

/// <summary>Makes typed failures of what the network and the node report.</summary>
internal static class Failures
{
    private const string StartRemedy = "See whether it runs and is reachable; Start-CmsNode starts one on this machine.";

    public static bool IsOfNetwork(Exception exception)
        => exception is HttpRequestException or IOException or OperationCanceledException or AuthenticationException;

    /// <summary>What the node answered in place of what was asked for.</summary>
    public static async Task<Failure> ReadAsync(HttpResponseMessage response, Uri endpoint, CancellationToken cancellationToken)
    {
        var after = response.Headers.RetryAfter?.Delta;
        if (await ErrorAsync(response, cancellationToken).ConfigureAwait(false) is not { } error)
        {
            return new Failure(
                new LoggerCmsException(
                    response.StatusCode == HttpStatusCode.RequestEntityTooLarge ? ErrorCodes.LimitExceeded : ErrorCodes.Unexpected,
                    $"{endpoint} answered {(int)response.StatusCode} {response.ReasonPhrase} and no reason of a node's.",
                    "See whether a node of this release listens there, and what its log says."),
                Begun: true, Passing: false);
        }

        var exception = new LoggerCmsException(error.Code, error.Message, error.Remedy) { IsOfRequest = response.StatusCode == HttpStatusCode.RequestEntityTooLarge };
        return error.Code switch
        {
            ErrorCodes.NodeNotReady => new Failure(exception, Begun: false, Passing: true, after),
            ErrorCodes.JournalFailed or ErrorCodes.OutcomeUnknown => new Failure(exception, Begun: true, Passing: true, after),
            ErrorCodes.LimitExceeded => new Failure(exception, Begun: false, Passing: response.StatusCode == HttpStatusCode.TooManyRequests, after),
            _ => new Failure(exception, Begun: true, Passing: false),
        };
    }

    /// <param name="exception">One for which <see cref="IsOfNetwork"/> holds.</param>
    /// <param name="endpoint">The node's.</param>
    /// <param name="proxy">What the environment has calls to it go through; null for nothing.</param>
    /// <param name="rejected">Why its certificate was not accepted; null where it was.</param>
    /// <param name="limit">How long was waited; null where there was no limit.</param>
    public static Failure OfNetwork(Exception exception, Uri endpoint, Uri? proxy, string? rejected, TimeSpan? limit)
    {
        // Without what the proxy is told of its user.
        var through = proxy is null ? "" : $" through the proxy {proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}";
        var remedy = proxy is null ? StartRemedy : $"Where the node is reached without that proxy, put '{endpoint.Host}' into NO_PROXY and start the shell again. {StartRemedy}";
        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } && rejected is not null)
            return new Failure(CaPinning.NotTrusted(endpoint.Host, rejected), Begun: false, Passing: false);
        if (exception is HttpRequestException request && IsNotReached(request.HttpRequestError))
        {
            return new Failure(
                new LoggerCmsException(ErrorCodes.ServerUnreachable, $"No node answers at {endpoint}{through}: {Innermost(exception).Message}", remedy, innerException: exception),
                Begun: false, Passing: true);
        }

        var why = exception is OperationCanceledException
            ? limit is { } waited ? $"no answer came within {waited.TotalSeconds:0.#} s" : "the connection was given up"
            : Innermost(exception).Message;
        return new Failure(
            new LoggerCmsException(ErrorCodes.ConnectionLost, $"The connection to {endpoint}{through} was lost before the answer was there: {why}", remedy, innerException: exception),
            Begun: true, Passing: true);
    }

    private static bool IsNotReached(HttpRequestError error)
        => error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError;

    private static async Task<CmsError?> ErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
            return null;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
                return await JsonSerializer.DeserializeAsync(stream, CmsJson.Default.CmsError, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException)
        {
            // Somebody else's JSON: the status has to do.
            return null;
        }
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}
