using System.Globalization;
using System.Net;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace LoggerCms.Node.Http;

/// <summary>
/// Lets nobody in without a token, except to what says so, and turns typed failures into answers. A failure that is not typed is told without its
/// text, which may hold anything, and logged.
/// </summary>
internal sealed partial class CallerMiddleware(
    RequestDelegate next, CmsNode node, NodeAudit audit, Denials denials, RequestLimits limits, NodeSettings settings, ILogger<CallerMiddleware> logger)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            var marks = context.GetEndpoint()?.Metadata;
            if (marks?.GetMetadata<AnswersAtOnce>() is null)
                await ObjectEndpoints.LeaveTheSocketsThread();
            if (marks?.GetMetadata<OpenToAll>() is null)
            {
                context.Items[typeof(Caller)] = Admit(context);
                RequestQuery.Check(context);
            }
            else
            {
                HearStranger(context);
            }

            await (settings.AuditReads && marks?.GetMetadata<ReadsObjects>() is not null ? ReadAsync(context) : next(context)).ConfigureAwait(false);
            if (Misses.Of(context) is { } missed)
                await TellAsync(context, missed).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception)
        {
            if (Denials.IsOne(exception))
            {
                await (context.Items[typeof(Caller)] is Caller caller
                    ? denials.NoteAsync(caller, Attempt.Of(context), exception, node.Image)
                    : denials.NoteAsync(RemoteOf(context), Attempt.Of(context), exception))
                    .ConfigureAwait(false);
            }

            await AnswerAsync(context, Status(exception), exception.Code, exception.Message, exception.Remedy).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var most = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
            await AnswerAsync(
                context, exception.StatusCode, ErrorCodes.LimitExceeded,
                $"The request has {(context.Request.ContentLength is { } bytes ? $"{bytes}" : "more")} bytes; this node takes at most {most} here.",
                $"Send fewer changes in one request, and keep large contents elsewhere: the properties of one object hold {PropertyBag.MaxBytes} bytes.").ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            await AnswerAsync(context, exception.StatusCode, ErrorCodes.InvalidObject, exception.Message, "Correct the request.").ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException
            || (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested))
        {
            // The client has gone: there is nobody to answer.
            context.Abort();
        }
        catch (Exception exception)
        {
            Failed(logger, exception, PlainText.Of(context.Request.Path.ToString(), PlainText.MostOfStranger));
            await AnswerAsync(
                context, StatusCodes.Status500InternalServerError, ErrorCodes.Unexpected, "The request failed in the node; its log has the cause.", "Look at the node's log.")
                .ConfigureAwait(false);
        }
    }

    private Caller Admit(HttpContext context)
    {
        Caller caller;
        try
        {
            caller = Identify(context);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.Unauthenticated)
        {
            // Instead of the denial, which goes to the audit: who tries tokens does not fill that either.
            HearStranger(context);
            throw;
        }

        context.Features.Get<Acquaintance>()?.Meet();
        limits.TakeFrom(caller);
        return caller;
    }

    private void HearStranger(HttpContext context)
    {
        limits.TakeFromStranger(RemoteOf(context));
        context.Features.Get<Acquaintance>()?.Hear();
    }

    private Caller Identify(HttpContext context)
    {
        // The image may be there, and not yet have what delta files hold.
        if (!node.IsOpen && context.GetEndpoint()?.Metadata.GetMetadata<OpenAtStart>() is null)
            throw Starting();
        var header = context.Request.Headers[HeaderNames.Authorization];
        if (header.Count != 1 || !header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Unauthenticated("The request has no token.");
        var check = node.Tokens.Verify(header[0].AsSpan(Scheme.Length).Trim());
        return check.Verdict switch
        {
            TokenVerdict.Valid when ObjectRules.MayAct(node.Image, node.Image.Find(check.PrincipalId)) => new Caller(check.PrincipalId, AddressOf(context), check.TokenId),
            TokenVerdict.Valid => throw Unauthenticated("The token's user was removed, or is not below /Users."),
            TokenVerdict.Expired => throw Unauthenticated("The token has expired."),
            TokenVerdict.Revoked => throw Unauthenticated("The token was revoked."),
            _ when !node.IsOpen => throw Starting(),
            _ => throw Unauthenticated("The token is not known here."),
        };
    }

    private async Task ReadAsync(HttpContext context)
    {
        var answered = false;
        try
        {
            await next(context).ConfigureAwait(false);
            answered = true;
        }
        finally
        {
            // Also where the answer was broken off: what was sent was read.
            if (answered || context.Response.HasStarted)
                await RecordReadAsync(context).ConfigureAwait(false);
        }
    }

    private Task RecordReadAsync(HttpContext context)
    {
        var id = context.Request.RouteValues.TryGetValue("id", out var value) ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;
        return audit.RecordAsync("Read", AuditResult.Succeeded, context.Caller().PrincipalId, "", AddressOf(context), ReadsObjects.What(context), id);
    }

    public static string AddressOf(HttpContext context) => RemoteOf(context).ToString();

    private static IPAddress RemoteOf(HttpContext context) => context.Connection.RemoteIpAddress ?? IPAddress.None;

    private LoggerCmsException Starting()
        => new(ErrorCodes.NodeNotReady, $"The node is starting ({node.State.Step}).", "Try again in a moment.");

    private static LoggerCmsException Unauthenticated(string message)
        => new(ErrorCodes.Unauthenticated, message, "Connect-Cms with a profile, a token or a user's name and password.");

    private static int Status(LoggerCmsException exception) => exception.Code switch
    {
        ErrorCodes.Unauthenticated or ErrorCodes.AuthenticationFailed => StatusCodes.Status401Unauthorized,
        ErrorCodes.Forbidden => StatusCodes.Status403Forbidden,
        ErrorCodes.ObjectNotFound => StatusCodes.Status404NotFound,
        ErrorCodes.VersionConflict or ErrorCodes.NameInUse or ErrorCodes.DeltaConflict or ErrorCodes.RequestExpired => StatusCodes.Status409Conflict,
        ErrorCodes.InvalidObject or ErrorCodes.InvalidQuery or ErrorCodes.InvalidOption or ErrorCodes.FormatNotSupported => StatusCodes.Status400BadRequest,
        ErrorCodes.LimitExceeded when exception.IsOfRequest => StatusCodes.Status413PayloadTooLarge,
        ErrorCodes.LimitExceeded => StatusCodes.Status429TooManyRequests,
        ErrorCodes.NodeNotReady or ErrorCodes.JournalFailed or ErrorCodes.EpochLost or ErrorCodes.DatabaseWentBack or ErrorCodes.OutcomeUnknown
            => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static async Task AnswerAsync(HttpContext context, int status, string code, string message, string remedy)
    {
        if (context.Response.HasStarted || context.Response.BodyWriter.UnflushedBytes > 0)
        {
            // Half an answer must not look whole, and what is written cannot be taken back.
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            context.Response.Headers.RetryAfter = "1";
        await TellAsync(context, new CmsError { Code = code, Message = message, Remedy = remedy }).ConfigureAwait(false);
    }

    private static Task TellAsync(HttpContext context, CmsError error) => context.Response.WriteAsJsonAsync(error, CmsJson.Default.CmsError);

    [LoggerMessage(LogLevel.Error, "A request to {Path} failed.")]
    private static partial void Failed(ILogger logger, Exception exception, string path);
}

/// <summary>Who asks, from where, and by which token.</summary>
internal sealed record Caller(long PrincipalId, string Address, Guid TokenId = default);

/// <summary>Marks an endpoint that needs no token: one that tells nothing but whether the node is up, or that gives out tokens.</summary>
internal sealed class OpenToAll;

/// <summary>
/// Marks an endpoint whose work is done in microseconds or waited for elsewhere. It may run on the thread that the request came in on, which meanwhile
/// hears no other caller (Program.cs); the others leave that thread first.
/// </summary>
internal sealed class AnswersAtOnce;

/// <summary>Marks an endpoint whose requests are a name and a secret: a caller of whom nothing is known yet cannot make the node hold more.</summary>
/// <param name="bytes">At most so many.</param>
internal sealed class SmallBody(int bytes = 8 << 10) : IRequestSizeLimitMetadata
{
    public long? MaxRequestBodySize => bytes;
}

/// <summary>Marks an endpoint that tells of the node itself, and answers whoever is known already while the node starts.</summary>
internal sealed class OpenAtStart;
