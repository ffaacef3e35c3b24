using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace LoggerCms.Node.Http;

/// <summary>What /openapi/v1.json says beside names and parameters: how to show who one is, and how calls are refused.</summary>
internal static class ApiDescription
{
    public const string Json = "application/json";
    public const string Text = "text/plain";
    public const string Lines = "application/x-ndjson";

    private const string Scheme = "bearer";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            var components = document.Components ??= new OpenApiComponents();
            components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Scheme,
                Description = "A token: that of a profile, one that POST /v1/logon gives for a name and a password, or one of POST /v1/tokens.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            if (!context.Description.ActionDescriptor.EndpointMetadata.OfType<OpenToAll>().Any())
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            return Task.CompletedTask;
        });
    }

    /// <summary>The statuses of its refusals, each with a <see cref="CmsError"/>.</summary>
    public static T Fails<T>(this T builder, params int[] statuses)
        where T : IEndpointConventionBuilder
        => builder.WithMetadata([.. statuses.Select(status => new ProducesResponseTypeMetadata(status, typeof(CmsError), [Json]))]);

    /// <summary>A body, and how one that is none is refused.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder)
        where T : notnull
        => builder.Accepts<T>(Json).Fails(StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType);

    /// <summary>Lines of an export.</summary>
    public static RouteHandlerBuilder ProducesLines(this RouteHandlerBuilder builder) => builder
        .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [Lines]) { Description = $"A {nameof(CmsObjectInfo)} a line." })
        .AddOpenApiOperationTransformer(static (operation, _, _) =>
        {
            if (operation.Responses?["200"] is OpenApiResponse answer)
            {
                answer.Headers = new Dictionary<string, IOpenApiHeader>
                {
                    ["X-Update-Key"] = new OpenApiHeader
                    {
                        Description = "All changes up to here are in it, and none after.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                    },
                };
            }

            return Task.CompletedTask;
        });
}
