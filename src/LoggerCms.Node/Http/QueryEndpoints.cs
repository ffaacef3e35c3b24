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
    // The longest query with each character escaped, the longest token, and room to spare.
    private const int LargestQuery = 768 << 10;

    // Who reads a page may have to hold it: rows can be a megabyte each.
    private const long MostBytesOfPage = 8 << 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/query", QueryAsync).Takes<CmsQueryRequest>().Produces<CmsQueryPage>().WithMetadata(new ReadsObjects(), new SmallBody(LargestQuery));
        var room = new Room(8, 2, "Too many exports are being read");
        routes.MapGet(
            "/objects/{id:long}/export",
            (HttpContext context, NodeService service, TimeProvider time, long id, bool rights = false) => ExportAsync(context, service, room, time, id, rights))
            .WithMetadata(new ReadsObjects()).ProducesLines().Fails(StatusCodes.Status404NotFound);
    }

    private static async Task QueryAsync(HttpContext context, NodeService service, QueryTurns turns)
    {
        var request = await ObjectEndpoints.ReadAsync(context, RequestJson.Form.CmsQueryRequest).ConfigureAwait(false);
        ReadsObjects.Say(context, request.Query);
        var access = context.Access(service);
        using var turn = turns.Of(context.Caller().PrincipalId, context.RequestAborted);
        await turn.EnterAsync().ConfigureAwait(false);
        var take = Math.Clamp(request.Take, 1, ObjectEndpoints.MostOnPage);

        // One more than the page has shows whether there is another.
        var rows = QueryEngine.Run(
            access.View, request.Query, o => access.Has(o, Rights.View), request.After, context.RequestAborted, turn, access.MayName, together: take + 1, top: request.Top);
        var iterator = rows.GetAsyncEnumerator(context.RequestAborted);
        await using (iterator.ConfigureAwait(false))
        {
            var answer = new JsonAnswer(context, ApiDescription.Json);
            await using (answer.ConfigureAwait(false))
            {
                QueryRow? last = null;
                var more = await iterator.MoveNextAsync().ConfigureAwait(false);
                answer.Writer.WriteStartObject();
                answer.Writer.WriteStartArray(nameof(CmsQueryPage.Rows));
                for (var written = 0; more && written < take && answer.Bytes < MostBytesOfPage; written++)
                {
                    last = iterator.Current;
                    WriteRow(answer.Writer, last);
                    if (answer.IsMuch)
                    {
                        turn.Leave();
                        await answer.HandOnAsync(context.RequestAborted).ConfigureAwait(false);
                        await turn.EnterAsync().ConfigureAwait(false);
                    }

                    more = await iterator.MoveNextAsync().ConfigureAwait(false);
                }

                answer.Writer.WriteEndArray();
                if (more)
                    answer.Writer.WriteString(nameof(CmsQueryPage.Next), last!.Token);
                answer.Writer.WriteEndObject();
                answer.End();
            }
        }
    }

    private static void WriteRow(Utf8JsonWriter writer, QueryRow row)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in row.Columns)
        {
            writer.WritePropertyName(name);
            if (value.IsNone)
                writer.WriteNullValue();
            else
                PropertyJson.WriteValue(writer, value);
        }

        writer.WriteEndObject();
    }

    // A snapshot keeps what is changed meanwhile, so that nobody may have many of them, or read one for days.
    private static async Task ExportAsync(HttpContext context, NodeService service, Room room, TimeProvider time, long id, bool rights)
    {
        var principal = context.Caller().PrincipalId;
        room.Take(principal, 1);
        using var pace = new Pace(time, context.RequestAborted);
        try
        {
            await ExportAsync(context, service, pace, id, rights).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (pace.Token.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // Half an answer must not look whole.
            context.Abort();
        }
        finally
        {
            room.Give(principal, 1);
        }
    }

    /// <summary>One object a line, folders before what is in them, all of one moment.</summary>
    private static async Task ExportAsync(HttpContext context, NodeService service, Pace pace, long id, bool rights)
    {
        using var snapshot = service.Node.Image.TakeSnapshot();
        var access = service.Begin(snapshot, context.Caller().PrincipalId);
        var root = snapshot.Find(id);
        if (root is null)
            throw Core.Cluster.ObjectRules.NotFound(id);
        access.Require(root, Rights.View);
        context.Response.Headers["X-Update-Key"] = snapshot.UpdateKey.ToString(CultureInfo.InvariantCulture);
        var answer = new JsonAnswer(context, ApiDescription.Lines);
        await using (answer.ConfigureAwait(false))
        {
            foreach (var row in ObjectPaths.Descendants(snapshot, id).Prepend(root))
            {
                if (!access.Has(row, Rights.View))
                    continue;
                var whole = row.IsSkeleton ? await snapshot.GetAsync(row.Id, pace.Token).ConfigureAwait(false) : row;
                ObjectWriter.Write(answer.Writer, access, whole!, rights && access.Has(row, Rights.ModifyRights));
                answer.EndLine();
                if (!answer.IsMuch)
                    continue;
                await answer.HandOnAsync(pace.Token).ConfigureAwait(false);
                pace.At(answer.Bytes);
            }

            answer.End();
        }
    }
}
