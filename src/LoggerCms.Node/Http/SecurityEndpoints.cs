using System.Text.Json;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LoggerCms.Node.Http;

/// <summary>Logon, who one is, tokens, passwords, rights.</summary>
internal static class SecurityEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var small = new SmallBody();
        routes.MapPost("/logon", LogOnAsync).WithMetadata(new OpenToAll(), small, new AuditAction("Logon")).Takes<CmsLogon>().Produces<CmsIssuedToken>();
        routes.MapGet("/me", Me).Produces<CmsCaller>();
        routes.MapGet("/tokens", List).WithMetadata(new ReadsObjects()).Produces<IReadOnlyList<CmsToken>>();
        routes.MapPost("/tokens", IssueAsync).WithMetadata(small, new AuditAction("Token")).Takes<CmsTokenRequest>().Produces<CmsIssuedToken>().Fails(StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound);
        routes.MapDelete("/tokens/{id:guid}", RevokeAsync).WithMetadata(new AuditAction("Token")).Produces(StatusCodes.Status204NoContent).Fails(StatusCodes.Status404NotFound);
        routes.MapPost("/users/{id:long}/password", PasswordAsync).WithMetadata(small, new AuditAction("Update")).Takes<CmsPassword>().Produces(StatusCodes.Status204NoContent).Fails(StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound);
        routes.MapGet("/objects/{id:long}/rights", EntriesAsync).WithMetadata(new ReadsObjects()).Produces<IReadOnlyList<CmsRightEntry>>().Fails(StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound);
        routes.MapPost("/rights/test", TestAsync).WithMetadata(new ReadsObjects(), small).Takes<CmsRightQuestion>().Produces<CmsRightDecision>().Fails(StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> LogOnAsync(HttpContext context, NodeService service, LogonThrottle throttle, NodeAudit audit)
    {
        var logon = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsLogon).ConfigureAwait(false);
        Attempt.Say(context, "", user: logon.User);

        // Before the password: what was refused afterwards would tell that it is right.
        TokenService.CheckLifetime(logon.Lifetime);
        var address = CallerMiddleware.AddressOf(context);
        var (user, why) = await throttle.TryAsync(
            context.Connection.RemoteIpAddress!, logon.User, () => service.LogOnAsync(logon.User, logon.Password, context.RequestAborted), static found => found.User is not null,
            context.RequestAborted).ConfigureAwait(false);
        if (user is null)
        {
            await audit.RecordAsync("Logon", AuditResult.Denied, 0, logon.User, address, why).ConfigureAwait(false);
            throw new LoggerCmsException(
                ErrorCodes.AuthenticationFailed, $"The user '{logon.User}' or the password is wrong.", "Try again; after several failures the node answers later.");
        }

        CmsIssuedToken issued;
        try
        {
            issued = await service.IssueAsync(user, logon.Lifetime, address, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await audit.RecordAsync("Logon", AuditResult.Failed, user.Id, user.Name, address, $"The password was right. {NodeAudit.Why(exception)}").ConfigureAwait(false);
            throw;
        }

        await audit.RecordAsync("Logon", AuditResult.Succeeded, user.Id, user.Name, address, "").ConfigureAwait(false);
        return Results.Json(issued, CmsJson.Default.CmsIssuedToken);
    }

    // Also to whom the own user object is hidden.
    private static IResult Me(HttpContext context, NodeService service)
    {
        var id = context.Caller().PrincipalId;
        return Results.Json(new CmsCaller { Id = id, Name = service.Node.Image.Find(id)?.Name ?? "" }, CmsJson.Default.CmsCaller);
    }

    private static IResult List(HttpContext context, NodeService service)
    {
        var access = context.Access(service);
        IReadOnlyList<CmsToken> tokens =
        [
            .. service.Node.Tokens.List().Where(t => service.MayManage(access, t.Entry.PrincipalId))
                .Select(t => TokenService.Describe(access.View, t.Entry, t.LastUsed)).OrderBy(t => t.Created),
        ];
        return Results.Json(tokens, CmsJson.Default.IReadOnlyListCmsToken);
    }

    private static async Task<IResult> IssueAsync(HttpContext context, NodeService service)
    {
        var request = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsTokenRequest).ConfigureAwait(false);
        Attempt.Say(context, $"token '{PlainText.Of(request.Name, PlainText.MostOfStranger)}' issued", request.PrincipalId ?? context.Caller().PrincipalId);
        var issued = await service.IssueAsync(context.Access(service), context.Caller(), request, context.RequestAborted).ConfigureAwait(false);
        return Results.Json(issued, CmsJson.Default.CmsIssuedToken);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, NodeService service, Guid id)
    {
        await service.RevokeAsync(context.Access(service), id, context.Caller().Address).ConfigureAwait(false);
        return Results.NoContent();
    }

    private static async Task<IResult> PasswordAsync(HttpContext context, NodeService service, long id)
    {
        var password = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsPassword).ConfigureAwait(false);
        Attempt.Say(context, password.New is null ? "password taken away" : "password set", id);
        var caller = context.Caller();
        await service.SetPasswordAsync(context.Access(service), id, password, caller.Address, caller.TokenId, context.RequestAborted).ConfigureAwait(false);
        return Results.NoContent();
    }

    private static async Task<IResult> EntriesAsync(HttpContext context, NodeService service, long id)
    {
        var access = context.Access(service);
        var target = await service.GetAsync(access, id, context.RequestAborted).ConfigureAwait(false);
        access.Require(target, Rights.ModifyRights);
        IReadOnlyList<CmsRightEntry> entries = [.. RightsReport.Entries(access, target)];
        return Results.Json(entries, CmsJson.Default.IReadOnlyListCmsRightEntry);
    }

    private static async Task<IResult> TestAsync(HttpContext context, NodeService service)
    {
        var question = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsRightQuestion).ConfigureAwait(false);
        ReadsObjects.Say(context, $"{context.Request.Path} {JsonSerializer.Serialize(question, CmsJson.Default.CmsRightQuestion)}");
        return Results.Json(service.Test(context.Access(service), question), CmsJson.Default.CmsRightDecision);
    }
}
