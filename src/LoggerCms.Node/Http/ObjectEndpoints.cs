using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LoggerCms.Node.Http;

/// <summary>Objects: read one, read a folder, change.</summary>
internal static class ObjectEndpoints
{
    public const int MostOnPage = 10_000;

    private const int ManyBytes = 32 << 10;

    public static void Map(IEndpointRouteBuilder routes)
    {
        // Not a parameter of the handlers that are asked most: that would make a scope of services for each request.
        var service = routes.ServiceProvider.GetRequiredService<NodeService>();
        var (reads, atOnce) = (new ReadsObjects(), new AnswersAtOnce());
        routes.MapGet("/objects/{id:long}", (HttpContext context, long id) => GetAsync(context, service, id)).Produces<CmsObjectInfo>().Fails(StatusCodes.Status404NotFound).WithMetadata(reads, atOnce);
        routes.MapGet("/objects", LocateAsync).Produces<CmsObjectInfo>().Fails(StatusCodes.Status404NotFound).WithMetadata(reads);
        routes.MapGet("/objects/{id:long}/children", ChildrenAsync).Produces<CmsObjectPage>().Fails(StatusCodes.Status404NotFound).WithMetadata(reads);
        var (room, time) = (new Room(256L << 20, 64L << 20, "Too many large requests are being sent"), routes.ServiceProvider.GetRequiredService<TimeProvider>());
        var plans = new LongPlans(time);
        Func<HttpContext, Task> change = context => ChangeAsync(context, service, plans, room, time);
        routes.MapPost("/changes", change).Takes<CmsChangeRequest>().Produces<CmsChangeAnswer>().Fails(StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict).WithMetadata(atOnce);
    }

    private static async Task GetAsync(HttpContext context, NodeService service, long id)
    {
        var access = context.Access(service);
        var found = await service.GetAsync(access, id, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, access, found).ConfigureAwait(false);
    }

    private static async Task LocateAsync(HttpContext context, NodeService service, string? path, string? cuid)
    {
        var access = context.Access(service);
        var found = await service.GetAsync(access, service.Locate(access, path, cuid).Id, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, access, found).ConfigureAwait(false);
    }

    private static async Task ChildrenAsync(HttpContext context, NodeService service, QueryTurns turns, long id, long after = 0, int take = 1000)
    {
        var access = context.Access(service);
        await service.GetAsync(access, id, context.RequestAborted).ConfigureAwait(false);
        take = Math.Clamp(take, 1, MostOnPage);
        List<CmsObject> page;
        using (var turn = turns.Of(context.Caller().PrincipalId, context.RequestAborted))
        {
            var work = new QueryWork(c => access.Has(c, Rights.View), access.MayName, turn, context.RequestAborted);
            page = await VisibleAsync(service.Node.Image.Children(id, after), take + 1, work).ConfigureAwait(false);
        }

        var more = page.Count > take;
        if (more)
            page.RemoveAt(page.Count - 1);
        await PageAsync(context, service, id, page, more ? page[^1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture) : null).ConfigureAwait(false);
    }

    /// <summary>The first of what may be seen. There may be any number before it that may not, so that it gives way to others as a query does.</summary>
    public static async Task<List<CmsObject>> VisibleAsync(IEnumerable<CmsObject> all, int most, QueryWork work)
    {
        List<CmsObject> visible = [];
        foreach (var one in all)
        {
            await work.LookAsync().ConfigureAwait(false);
            if (!work.MayView(one))
                continue;
            visible.Add(one);
            if (visible.Count == most)
                break;
        }

        return visible;
    }

    private static async Task ChangeAsync(HttpContext context, NodeService service, LongPlans plans, Room room, TimeProvider time)
    {
        var request = await ReadChangesAsync(context, room, time).ConfigureAwait(false);
        var guard = service.Guard(context.Caller());
        WriteAnswer answer;
        try
        {
            answer = await plans.ChangeAsync(service, context.Caller(), request with { Gone = context.RequestAborted }, guard).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (Denials.IsOne(exception) && (guard.Operation ?? request.Operations.FirstOrDefault()) is { } denied)
        {
            Attempt.Say(context, DeniedChange.Of(service.Node.Image, denied), request.WhatIf);
            throw;
        }

        context.Response.ContentType = ApiDescription.Json;
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer.ConfigureAwait(false))
            ChangeAnswerWriter.Write(writer, answer, durableOn: request.WhatIf ? 0 : 1);
    }

    private static async ValueTask<ChangeRequest> ReadChangesAsync(HttpContext context, Room room, TimeProvider time)
    {
        var body = context.Request.BodyReader;
        var read = await body.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        LargeBody? large = null;
        var isHeld = true;
        try
        {
            while (!read.IsCompleted)
            {
                if (read.Buffer.Length > ManyBytes)
                {
                    large ??= new LargeBody(room, context.Caller().PrincipalId, time, context.RequestAborted);
                    large.GrowTo(read.Buffer.Length);
                }

                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                isHeld = false;
                read = await body.ReadAsync(large?.Token ?? context.RequestAborted).ConfigureAwait(false);
                isHeld = true;
            }

            if (read.Buffer.Length > ManyBytes)
                await LeaveTheSocketsThread();
            return Parse(read.Buffer);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The request's body came too slowly.", StatusCodes.Status408RequestTimeout);
        }
        catch (Exception exception) when (IsNoBody(context, exception) || exception is LoggerCmsException { Code: ErrorCodes.LimitExceeded, IsOfRequest: true })
        {
            // No other time and no other node takes it: not a limit that a client should wait at.
            throw NotA<CmsChangeRequest>(exception);
        }
        finally
        {
            if (isHeld)
                body.AdvanceTo(read.Buffer.End);
            large?.Dispose();
        }
    }

    private static ChangeRequest Parse(in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
            return ChangeFields.ReadRequest(body.FirstSpan, CmsJson.Default.Options.MaxDepth);
        var rented = ArrayPool<byte>.Shared.Rent(checked((int)body.Length));
        try
        {
            body.CopyTo(rented);
            return ChangeFields.ReadRequest(rented.AsSpan(0, (int)body.Length), CmsJson.Default.Options.MaxDepth);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Objects that were dropped from memory are read back one by one, so a page needs no more memory than it has rows. Each is shown as it is then, which the
    /// reader decides by his pace: so that is what the right is asked of.
    /// </summary>
    private static async Task PageAsync(HttpContext context, NodeService service, long folderId, IReadOnlyList<CmsObject> page, string? next)
    {
        var principal = context.Caller().PrincipalId;
        var answer = new JsonAnswer(context, ApiDescription.Json);
        await using (answer.ConfigureAwait(false))
        {
            answer.Writer.WriteStartObject();
            answer.Writer.WriteStartArray(nameof(CmsObjectPage.Objects));
            foreach (var row in page)
            {
                var whole = row.IsSkeleton ? await service.Node.Image.GetAsync(row.Id, context.RequestAborted).ConfigureAwait(false) : row;
                var access = service.Begin(principal);
                if (whole is null || whole.ParentId != folderId || !access.Has(whole, Rights.View))
                    continue;
                ObjectWriter.Write(answer.Writer, access, whole);
                if (answer.IsMuch)
                    await answer.HandOnAsync(context.RequestAborted).ConfigureAwait(false);
            }

            answer.Writer.WriteEndArray();
            if (next is not null)
                answer.Writer.WriteString(nameof(CmsObjectPage.Next), next);
            answer.Writer.WriteEndObject();
            answer.End();
        }
    }

    /// <summary>See <see cref="AnswersAtOnce"/>. After whatever waits for the caller, because that goes on where the caller was heard.</summary>
    public static YieldAwaitable LeaveTheSocketsThread() => Task.Yield();

    /// <exception cref="LoggerCmsException">InvalidObject: the body is not such a request.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            var read = await JsonSerializer.DeserializeAsync(context.Request.BodyReader, type, context.RequestAborted).ConfigureAwait(false)
                ?? throw new JsonException("It is null.");

            // The serializer refuses null where a record has none, and not in a list.
            if (read is IEnumerable<object?> several && several.Contains(null))
                throw new JsonException("Something in the list is null.");
            await LeaveTheSocketsThread();
            return read;
        }
        catch (Exception exception) when (IsNoBody(context, exception))
        {
            throw NotA<T>(exception);
        }
    }

    // The server tells of chunks without a right size by an exception of no more special type; those of a connection that broke have their own.
    private static bool IsNoBody(HttpContext context, Exception exception)
        => exception is JsonException || (exception.GetType() == typeof(IOException) && !context.RequestAborted.IsCancellationRequested);

    private static LoggerCmsException NotA<T>(Exception exception) => new(
        ErrorCodes.InvalidObject, $"The request's body is not a {typeof(T).Name}: {exception.Message}", "Correct it; /openapi/v1.json describes it.", innerException: exception);

    private static async Task AnswerAsync(HttpContext context, AccessContext access, CmsObject value)
    {
        context.Response.ContentType = ApiDescription.Json;
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer.ConfigureAwait(false))
            ObjectWriter.Write(writer, access, value);
    }
}
