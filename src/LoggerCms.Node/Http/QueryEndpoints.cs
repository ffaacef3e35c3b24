using System.Buffers;
using System.Globalization;
using System.Text.Json;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LoggerCms.Node.Http;

/// <summary>Queries, and the export of a subtree.</summary>
internal static class QueryEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/query", QueryAsync).Accepts<CmsQueryRequest>("application/json").Produces<CmsQueryPage>().WithMetadata(new ReadsObjects());
        routes.MapGet("/objects/{id:long}/export", ExportAsync).WithMetadata(new ReadsObjects());
    }

    private static async Task QueryAsync(HttpContext context, NodeService service, QueryTurns turns)
    {
        var request = await ObjectEndpoints.ReadAsync(context, CmsJson.Default.CmsQueryRequest).ConfigureAwait(false);
        context.Items[typeof(ReadsObjects)] = request.Query;
        var access = context.Access(service);
        using var turn = await turns.BeginAsync(context.Caller().PrincipalId, context.RequestAborted).ConfigureAwait(false);
        var rows = QueryEngine.Run(access.View, request.Query, o => access.Has(o, Rights.View), request.After, context.RequestAborted, turn, access.MayName);
        var take = Math.Clamp(request.Take, 1, ObjectEndpoints.MostOnPage);
        var iterator = rows.GetAsyncEnumerator(context.RequestAborted);
        await using (iterator.ConfigureAwait(false))
        {
            // The first row shows whether the query is right at all: after it an error could not be told any more.
            var more = await iterator.MoveNextAsync().ConfigureAwait(false);
            context.Response.ContentType = "application/json";
            var writer = new Utf8JsonWriter(context.Response.BodyWriter);
            await using (writer.ConfigureAwait(false))
            {
                string? last = null;
                writer.WriteStartObject();
                writer.WriteStartArray(nameof(CmsQueryPage.Rows));
                for (var written = 0; more && written < take; written++)
                {
                    WriteRow(writer, iterator.Current);
                    last = iterator.Current.Token;
                    if (ObjectEndpoints.IsMuch(writer))
                    {
                        turn.Leave();
                        await ObjectEndpoints.FlushAsync(context, writer).ConfigureAwait(false);
                        await turn.EnterAsync().ConfigureAwait(false);
                    }

                    more = await iterator.MoveNextAsync().ConfigureAwait(false);
                }

                writer.WriteEndArray();
                if (more)
                    writer.WriteString(nameof(CmsQueryPage.Next), last);
                writer.WriteEndObject();
            }
        }
    }

    private static void WriteRow(Utf8JsonWriter writer, QueryRow row)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in row.Columns)
        {
            if (string.Equals(name, PasswordRecord.Property, StringComparison.OrdinalIgnoreCase))
                continue;
            writer.WritePropertyName(name);
            if (value.IsNone)
                writer.WriteNullValue();
            else
                PropertyJson.WriteValue(writer, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>One object a line, folders before what is in them, all of one moment.</summary>
    private static async Task ExportAsync(HttpContext context, NodeService service, long id, bool rights = false)
    {
        using var snapshot = service.Node.Image.TakeSnapshot();
        var access = service.Begin(snapshot, context.Caller().PrincipalId);
        var root = snapshot.Find(id);
        if (root is null)
            throw Core.Cluster.ObjectRules.NotFound(id);
        access.Require(root, Rights.View);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers["X-Update-Key"] = snapshot.UpdateKey.ToString(CultureInfo.InvariantCulture);
        var newLine = "\n"u8.ToArray();
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var row in ObjectPaths.Descendants(snapshot, id).Prepend(root))
            {
                if (!access.Has(row, Rights.View))
                    continue;
                var whole = row.IsSkeleton ? await snapshot.GetAsync(row.Id, context.RequestAborted).ConfigureAwait(false) : row;
                ObjectWriter.Write(writer, snapshot, whole!, rights && access.Has(row, Rights.ModifyRights));
                writer.Flush();
                writer.Reset();
                context.Response.BodyWriter.Write(newLine);
                await ObjectEndpoints.HandOnAsync(context).ConfigureAwait(false);
            }
        }
    }
}
