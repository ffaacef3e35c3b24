using System.Security.Cryptography.X509Certificates;
using LoggerCms.Core;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace LoggerCms.Node.Http;

/// <summary>The node itself: state, image, flush, reconcile, stop, metrics.</summary>
internal static class NodeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/node", Describe).WithMetadata(new OpenAtStart()).Produces<CmsNodeInfo>();
        routes.MapGet("/image", Image).WithMetadata(new AuditAction("Read")).Produces<RunTimeImageInfo>().Fails(StatusCodes.Status403Forbidden);
        routes.MapPost("/flush", FlushAsync).WithMetadata(new AuditAction("Flush")).Produces(StatusCodes.Status204NoContent).Fails(StatusCodes.Status403Forbidden);
        routes.MapPost("/reconcile", ReconcileAsync).WithMetadata(new SmallBody(64 << 10), new AuditAction("Reconcile")).Takes<CmsReconcileRequest>().Produces<DeltaReconcileResult>().Fails(StatusCodes.Status403Forbidden, StatusCodes.Status409Conflict);
        routes.MapPost("/backup", BackupAsync).WithMetadata(new SmallBody(64 << 10), new AuditAction("Backup")).Takes<CmsBackupRequest>().Produces<CmsBackupInfo>().Fails(StatusCodes.Status403Forbidden);
        routes.MapPost("/stop", StopAsync).WithMetadata(new AuditAction("Stop")).Produces(StatusCodes.Status202Accepted).Fails(StatusCodes.Status403Forbidden);
        routes.MapGet("/metrics", Metrics).WithMetadata(new AuditAction("Read")).Produces<string>(StatusCodes.Status200OK, ApiDescription.Text).Fails(StatusCodes.Status403Forbidden);
    }

    private static IResult Describe(HttpContext context, NodeService service, X509Certificate2 certificate)
    {
        var about = service.Node.Describe() with
        {
            Endpoint = service.Endpoint.ToString(),
            CertificateDays = Math.Round((certificate.NotAfter.ToUniversalTime() - DateTime.UtcNow).TotalDays, 1),
        };

        // Where the data is, what was found in it and what fails there, only whoever runs the node need know. While it starts, rights cannot be asked
        // for yet.
        var mayOperate = service.Node.IsOpen && service.MayOnRoot(context.Access(service), Rights.Operate);
        return Results.Json(mayOperate ? about : about with { Database = "", DeltaPath = "", Reason = "", Reconcile = null }, CmsJson.Default.CmsNodeInfo);
    }

    // Both tell of objects that the caller may not see.
    private static void DemandMonitor(HttpContext context, NodeService service)
    {
        var access = context.Access(service);
        if (!service.MayOnRoot(access, Rights.Operate))
            service.DemandOnRoot(access, Rights.Monitor);
    }

    private static IResult Metrics(HttpContext context, NodeService service, NodeMetrics metrics)
    {
        DemandMonitor(context, service);
        return Results.Text(metrics.Render(), "text/plain; version=0.0.4");
    }

    private static IResult Image(HttpContext context, NodeService service)
    {
        DemandMonitor(context, service);
        var node = service.Node;
        var statistics = node.Image.Statistics;
        return Results.Json(
            new RunTimeImageInfo
            {
                Node = node.Options.Name,
                Objects = statistics.Objects,
                Bytes = statistics.Bytes,
                LimitBytes = node.Options.MemoryLimitBytes ?? 0,
                Dropped = statistics.Dropped,
                Hits = statistics.Hits,
                Misses = statistics.Misses,
                UpdateKey = node.Image.UpdateKey,
                LoadTime = node.LoadTime,
                Kinds = node.Image.CountByKind(),
            },
            CmsJson.Default.RunTimeImageInfo);
    }

    private static async Task<IResult> FlushAsync(HttpContext context, NodeService service, NodeAudit audit)
    {
        service.DemandOnRoot(context.Access(service), Rights.Operate);
        return await AuditedAsync(context, audit, "Flush", "", async () =>
        {
            await service.Node.Flusher.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            return Results.NoContent();
        }).ConfigureAwait(false);
    }

    private static async Task<IResult> ReconcileAsync(HttpContext context, NodeService service, NodeAudit audit)
    {
        var request = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsReconcileRequest).ConfigureAwait(false);
        Attempt.Say(context, $"delta files in {request.Path ?? service.Node.Options.DeltaPath}{(request.WhatIf ? "; plan only" : "")}");
        service.DemandOnRoot(context.Access(service), Rights.Operate);
        var path = service.Node.Options.DeltaPath;
        if (request.Path is { } given)
        {
            path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Checked(given)));
            DeltaFiles.CheckFolder(path);
        }

        var result = request.WhatIf
            ? await BringAsync().ConfigureAwait(false)
            : await AuditedAsync(
                context, audit, "Reconcile", $"delta files in {path}, conflict policy {request.ConflictPolicy}{(request.SetDamagedAside ? ", damaged ones set aside" : "")}",
                BringAsync, static done => done.Status == "Stopped" ? "a conflict stopped it" : null).ConfigureAwait(false);
        return Results.Json(result, CmsJson.Default.DeltaReconcileResult);

        async Task<DeltaReconcileResult> BringAsync()
        {
            // A node that runs there, and has not heard yet that another one took over, would go on writing to files that are about to go.
            using var held = NodeIdentity.HoldOf(path, service.Node.Options.DataPath);
            return request.WhatIf
                ? await service.Node.PlanReconcileAsync(path, request.ConflictPolicy, request.SetDamagedAside, context.RequestAborted).ConfigureAwait(false)
                : await service.Node.ReconcileAsync(path, request.ConflictPolicy, request.SetDamagedAside, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static async Task<IResult> BackupAsync(HttpContext context, NodeService service, NodeAudit audit, NodeSettings settings, TimeProvider time)
    {
        var request = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsBackupRequest).ConfigureAwait(false);
        Attempt.Say(context, $"into {request.Path}");
        service.DemandOnRoot(context.Access(service), Rights.Operate);
        var path = Checked(request.Path);
        var info = await AuditedAsync(
            context, audit, "Backup", $"into {path}",
            () => SideBackup.WriteAsync(service.Node, SystemFiles.Instance, path, settings.DataPath, time.GetUtcNow(), context.RequestAborted)).ConfigureAwait(false);
        return Results.Json(info, CmsJson.Default.CmsBackupInfo);
    }

    private static async Task<IResult> StopAsync(HttpContext context, NodeService service, NodeAudit audit, IHostApplicationLifetime lifetime)
    {
        service.DemandOnRoot(context.Access(service), Rights.Operate);
        await audit.RecordAsync("Stop", AuditResult.Succeeded, context.Caller().PrincipalId, "", context.Caller().Address, "").ConfigureAwait(false);
        context.Response.OnCompleted(() =>
        {
            lifetime.StopApplication();
            return Task.CompletedTask;
        });
        return Results.Accepted();
    }

    // What an operator does to the node changes no object, and so is in no record that would tell of it.
    private static async Task<T> AuditedAsync<T>(HttpContext context, NodeAudit audit, string action, string detail, Func<Task<T>> act, Func<T, string?>? whyNot = null)
    {
        var caller = context.Caller();
        T done;
        try
        {
            done = await act().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await audit.RecordAsync(action, AuditResult.Failed, caller.PrincipalId, "", caller.Address, $"{detail}: {NodeAudit.Why(exception)}").ConfigureAwait(false);
            throw;
        }

        var why = whyNot?.Invoke(done);
        await audit.RecordAsync(
            action, why is null ? AuditResult.Succeeded : AuditResult.Failed, caller.PrincipalId, "", caller.Address, why is null ? detail : $"{detail}: {why}").ConfigureAwait(false);
        return done;
    }

    private static string Checked(string path) => path.Length > 0 && !path.Contains('\0') ? path : throw new LoggerCmsException(
        ErrorCodes.InvalidOption, $"'{PlainText.Of(path)}' is no path.", "Give a folder on the node's machine, as /srv/backup/monday.");
}
