using LoggerCms.Core.Cluster;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LoggerCms.Node.Http;

/// <summary>The node's endpoints.</summary>
internal static class CmsApi
{
    public static void Map(WebApplication web)
    {
        web.UseRouting();
        web.UseMiddleware<CallerMiddleware>();
        web.MapMethods("/health", [HttpMethods.Get, HttpMethods.Head], (CmsNode node) => node.Told switch
        {
            { State: NodeState.Ready or NodeState.Degraded } told => Results.Text(told.State.ToString()),
            var told => Results.Text($"{told.State} {told.Step}", statusCode: StatusCodes.Status503ServiceUnavailable),
        }).WithMetadata(new OpenToAll()).Produces<string>(StatusCodes.Status200OK, ApiDescription.Text)
            .Produces<string>(StatusCodes.Status503ServiceUnavailable, ApiDescription.Text).Fails(StatusCodes.Status429TooManyRequests);
        web.MapOpenApi("/openapi/{documentName}.json");
        var v1 = web.MapGroup("/v1").Fails(
            StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status429TooManyRequests, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable);
        NodeEndpoints.Map(v1);
        ObjectEndpoints.Map(v1);
        QueryEndpoints.Map(v1);
        SecurityEndpoints.Map(v1);
        AuditEndpoints.Map(v1);
    }

    public static Caller Caller(this HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    public static AccessContext Access(this HttpContext context, NodeService service) => service.Begin(context.Caller().PrincipalId);
}
