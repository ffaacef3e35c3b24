using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LoggerCms.Client;

/// <summary>What is more than an answer holds: pages that are asked for as they are read, and the export.</summary>
public sealed partial class CmsClient
{
    private const int LargerPages = 10;

    public async IAsyncEnumerable<CmsObjectInfo> GetChildrenAsync(long id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = "";
        do
        {
            var page = await _channel.GetAsync(
                $"v1/objects/{Text(id)}/children?take={_options.PageSize}{after}", CmsJson.Default.CmsObjectPage, cancellationToken).ConfigureAwait(false);
            foreach (var child in page.Objects)
                yield return child;
            after = page.Next is null ? null : $"&after={Uri.EscapeDataString(page.Next)}";
        }
        while (after is not null);
    }

    public IAsyncEnumerable<JsonElement> QueryAsync(string query, CancellationToken cancellationToken) => QueryAsync(query, null, cancellationToken);

    public async IAsyncEnumerable<JsonElement> QueryAsync(string query, int? top, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new CmsQueryRequest { Query = query, Take = _options.PageSize, Top = top };
        do
        {
            var page = await PostAsync(
                "v1/query", request, CmsJson.Default.CmsQueryPage, cancellationToken, Repeat.Always).ConfigureAwait(false);
            foreach (var row in page.Rows)
                yield return row;

            // Each page of an order looks at all objects again, and whoever reads on reads to the end as a rule.
            request = request with { After = page.Next, Take = LargerPages * _options.PageSize };
        }
        while (request.After is not null);
    }

    public async IAsyncEnumerable<CmsObjectInfo> ExportAsync(long id, bool includeRights, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await _channel.OpenAsync($"v1/objects/{Text(id)}/export{(includeRights ? "?rights=true" : "")}", cancellationToken).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var objects = JsonSerializer.DeserializeAsyncEnumerable(stream, CmsJson.Default.CmsObjectInfo, topLevelValues: true, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            await using (objects.ConfigureAwait(false))
            {
                while (await NextAsync(objects, cancellationToken).ConfigureAwait(false))
                    yield return objects.Current!;
            }
        }
    }

    public async IAsyncEnumerable<CmsAuditEvent> GetAuditAsync(CmsAuditQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await PostAsync(
                "v1/audit/query", query, CmsJson.Default.CmsAuditPage, cancellationToken, Repeat.Always).ConfigureAwait(false);
            foreach (var one in page.Events)
                yield return one;
            if (!page.More || page.Events.Count == 0)
                yield break;
            query = query with { AfterTime = page.Events[^1].Time, AfterId = page.Events[^1].Id };
        }
    }

    // Half an export must not look whole.
    private async ValueTask<bool> NextAsync(IAsyncEnumerator<CmsObjectInfo?> objects, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (Failures.IsOfNetwork(exception) || exception is JsonException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw _channel.Lost(exception);
        }
    }
}
