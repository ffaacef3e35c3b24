using System.Text.Json;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LoggerCms.Node.Http;

/// <summary>Audit events: read them, and take those of services.</summary>
internal static class AuditEndpoints
{
    private const int MostInBatch = 10_000;
    private const int LongestFilter = 256;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/audit/query", QueryAsync).WithMetadata(new ReadsObjects(), new SmallBody()).Takes<CmsAuditQuery>().Produces<CmsAuditPage>().Fails(StatusCodes.Status403Forbidden);
        routes.MapPost("/audit", AcceptAsync).Takes<IReadOnlyList<CmsAuditEvent>>().Produces(StatusCodes.Status202Accepted).Fails(StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> QueryAsync(HttpContext context, NodeService service, NodeAudit audit)
    {
        var query = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsAuditQuery).ConfigureAwait(false);
        ReadsObjects.Say(context, $"{context.Request.Path} {JsonSerializer.Serialize(query, CmsJson.Default.CmsAuditQuery)}");
        service.DemandOnRoot(context.Access(service), Rights.ReadAudit);
        var view = service.Node.Image;
        var take = Math.Clamp(query.Take, 1, AuditFilter.MostAtOnce);
        var rows = await audit.QueryAsync(
            new AuditFilter
            {
                FromUs = query.From is { } from ? UnixTime.Us(from) : null,
                ToUs = query.To is { } to ? UnixTime.Us(to) : null,
                PrincipalId = query.PrincipalId,
                PrincipalName = Filter(query.Principal),
                Action = Filter(query.Action),
                ObjectId = query.ObjectId,
                Result = query.Result is { } result ? Parse(result) : null,
                Source = Filter(query.Source),
                Text = Filter(query.Text),
                Descending = query.Descending,
                After = query.AfterId is { } id && query.AfterTime is { } time ? new AuditPosition(UnixTime.Us(time), id) : null,
                Take = take,
            },
            context.RequestAborted).ConfigureAwait(false);
        return Results.Json(new CmsAuditPage { Events = [.. rows.Select(row => Describe(row, view))], More = rows.Count == take }, CmsJson.Default.CmsAuditPage);
    }

    // A pattern that is longer some database refuses, and NUL is in no event (AuditCodec).
    private static string? Filter(string? text) => text?.Length <= LongestFilter || text is null ? text?.Replace('\0', '\uFFFD') : throw Refused(
        $"A text to look for has {text.Length:N0} characters; at most {LongestFilter} are taken.", "Look for a shorter part of it.");

    private static async Task<IResult> AcceptAsync(HttpContext context, NodeService service, NodeAudit audit)
    {
        service.DemandOnRoot(context.Access(service), Rights.RegisterService);
        var events = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.IReadOnlyListCmsAuditEvent).ConfigureAwait(false);
        if (events.Count > MostInBatch)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded, $"The batch has {events.Count:N0} events; at most {MostInBatch:N0} are taken at once.", "Send it in parts.");
        }

        await audit.AcceptAsync([.. events.Select(e => Take(Checked(e)))], context.RequestAborted).ConfigureAwait(false);
        return Results.Accepted();
    }

    // The CUIDs tell a shell that the event is this system's when it is piped on.
    private static CmsAuditEvent Describe(AuditEvent e, IObjectView view) => new()
    {
        Id = e.Id,
        Time = UnixTime.Of(e.TimeUs),
        Source = e.Source,
        PrincipalId = e.PrincipalId,
        PrincipalCuid = view.Find(e.PrincipalId)?.Cuid,
        Principal = e.PrincipalName,
        Action = e.Action,
        ObjectId = e.ObjectId,
        ObjectCuid = view.Find(e.ObjectId)?.Cuid,
        ObjectName = e.ObjectName,
        ObjectKind = e.ObjectKind,
        Path = e.Path,
        Result = e.Result.ToString(),
        Detail = e.Detail,
        ClientAddress = e.ClientAddress,
    };

    // An event's id stores it once. Those of the node's own are made from its changes, so that anybody can tell what the next will be.
    private static CmsAuditEvent Checked(CmsAuditEvent e)
    {
        if (string.Equals(e.Source?.Trim(), ChangeAudit.Source, StringComparison.OrdinalIgnoreCase))
            throw Refused($"An event's source is '{ChangeAudit.Source}', which only this node is.", "Give the service's own name as Source.");
        if (e.Id.Version == DerivedId.Version)
            throw Refused($"The event id {e.Id} is a UUID of version {DerivedId.Version}, as the node's own events have.", "Make ids of version 7 (Guid.CreateVersion7).");
        return e;
    }

    private static LoggerCmsException Refused(string message, string remedy) => new(ErrorCodes.InvalidOption, message, remedy);

    private static AuditEvent Take(CmsAuditEvent e) => new()
    {
        Id = e.Id,
        TimeUs = UnixTime.Us(e.Time),
        Source = e.Source,
        PrincipalId = e.PrincipalId,
        PrincipalName = e.Principal,
        Action = e.Action,
        ObjectId = e.ObjectId,
        ObjectName = e.ObjectName,
        ObjectKind = e.ObjectKind,
        Path = e.Path,
        Result = Parse(e.Result),
        Detail = e.Detail,
        ClientAddress = e.ClientAddress,
    };

    private static AuditResult Parse(string result)
        => Enum.TryParse<AuditResult>(result, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed : throw new LoggerCmsException(
            ErrorCodes.InvalidOption, $"An audit event's result is not '{result}'.", "Use Succeeded, Denied or Failed.");
}
