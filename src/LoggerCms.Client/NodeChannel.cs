using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LoggerCms.Core.Security;

namespace LoggerCms.Client;

/// <summary>Sends calls to one node over TLS that trusts the system's authority alone, and sends again what may be sent again.</summary>
internal sealed class NodeChannel : IDisposable
{
    // Less is on its way before a node can refuse it.
    private const int LargeBytes = 64 << 10;

    private readonly HttpClient _http;
    private readonly X509Certificate2 _authority;
    private readonly CmsClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri? _proxy;
    private string? _rejected;

    /// <param name="endpoint">The node's.</param>
    /// <param name="authority">The only one trusted; disposed of with the channel.</param>
    /// <param name="options">The times.</param>
    /// <param name="time">The clock.</param>
    public NodeChannel(Uri endpoint, X509Certificate2 authority, CmsClientOptions options, TimeProvider time)
    {
        Endpoint = endpoint;
        _authority = authority;
        _options = options;
        _time = time;
        var isLocal = LocalHost.Is(endpoint);
        _proxy = isLocal || HttpClient.DefaultProxy.IsBypassed(endpoint) ? null : HttpClient.DefaultProxy.GetProxy(endpoint);
        var check = CaPinning.Callback(authority, endpoint.Host, time, why => Volatile.Write(ref _rejected, why));
        _http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                {
                    Volatile.Write(ref _rejected, null);
                    return check(sender, certificate, chain, errors);
                },
            },
            ConnectTimeout = options.ConnectTimeout,
            // Every node answers to that, and one that has much to do somewhat later.
            Expect100ContinueTimeout = options.ConnectTimeout,
            // A name may lead elsewhere after a while, and a renewed certificate is met.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !isLocal,
        })
        {
            BaseAddress = endpoint,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }

    public Uri Endpoint { get; }

    /// <summary>Secret; empty before a logon.</summary>
    public string Token { get; set; } = "";

    public void Dispose()
    {
        _http.Dispose();
        _authority.Dispose();
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken, Repeat repeat = Repeat.Always)
        => SendAsync(new Call(HttpMethod.Get, path, null, repeat, _options.CallTimeout), (response, token) => ReadAsync(response, type, token), cancellationToken);

    public Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<T> type, Repeat repeat, bool isLong, CancellationToken cancellationToken)
        => SendAsync(
            new Call(HttpMethod.Post, path, RequestText.Write(body), repeat, isLong ? null : _options.CallTimeout),
            (response, token) => ReadAsync(response, type, token),
            cancellationToken);

    /// <summary>A call whose answer says nothing but that it was done.</summary>
    public Task DoAsync(HttpMethod method, string path, byte[]? body, Repeat repeat, bool isLong, CancellationToken cancellationToken)
        => SendAsync(new Call(method, path, body, repeat, isLong ? null : _options.CallTimeout), (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>An answer that is read while it comes; sent again only while nothing of it has. The caller disposes of it.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken)
        => SendAsync(
            new Call(HttpMethod.Get, path, null, Repeat.Always, _options.CallTimeout) { KeepsAnswer = true },
            (response, _) => Task.FromResult(response),
            cancellationToken);

    /// <summary>What the node says of its health, to everybody; null where nobody answers.</summary>
    public async Task<string?> HealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync("health", cancellationToken).ConfigureAwait(false);
            var state = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);

            // The server of a node that ends may still answer when nobody in it can say anything any more.
            return state.Length > 0 ? state : null;
        }
        catch (Exception exception) when (Failures.IsOfNetwork(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    public LoggerCmsException Lost(Exception exception) => Failures.OfNetwork(exception, Endpoint, _proxy, rejected: null, limit: null).Exception;

    private async Task<T> SendAsync<T>(Call call, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var retry = new Retry(_options, _time);
        var told = CmsCalls.Told;
        while (true)
        {
            told?.Invoke($"{Endpoint.AbsoluteUri}: {call}");
            var (answer, failure) = await TryAsync(call, read, cancellationToken).ConfigureAwait(false);
            if (failure is null)
                return answer!;
            if (!failure.AllowsRepeat(call.Repeat) || retry.Next(failure.RetryAfter) is not { } delay)
                throw failure.Exception;
            told?.Invoke($"{Endpoint.AbsoluteUri}: {failure.Exception.Message} Another try in {delay.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s.");
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(T? Answer, Failure? Failure)> TryAsync<T>(
        Call call, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(call.Limit ?? Timeout.InfiniteTimeSpan, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage? response = null;
        var kept = false;
        try
        {
            using var request = call.Request(Token);
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return (default, await Failures.ReadAsync(response, Endpoint, either.Token).ConfigureAwait(false));
            var answer = await read(response, either.Token).ConfigureAwait(false);
            kept = call.KeepsAnswer;
            return (answer, null);
        }
        catch (Exception exception) when (Failures.IsOfNetwork(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (default, Failures.OfNetwork(exception, Endpoint, _proxy, Volatile.Read(ref _rejected), call.Limit));
        }
        finally
        {
            if (!kept)
                response?.Dispose();
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("It is null.");
            }
            catch (JsonException exception)
            {
                throw new LoggerCmsException(
                    ErrorCodes.Unexpected, $"The answer of {Endpoint} is not a {typeof(T).Name}: {exception.Message}",
                    "See whether a node of this release listens there.", innerException: exception);
            }
        }
    }

    private sealed record Call(HttpMethod Method, string Path, byte[]? Body, Repeat Repeat, TimeSpan? Limit)
    {
        public bool KeepsAnswer { get; init; }

        public HttpRequestMessage Request(string token)
        {
            var request = new HttpRequestMessage(Method, Path);
            if (token.Length > 0)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (Body is not null)
            {
                request.Content = new ByteArrayContent(Body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

                // A node that refuses a body for its size closes the connection, and who is still sending then does not hear why.
                request.Headers.ExpectContinue = Body.Length > LargeBytes;
            }

            return request;
        }

        /// <summary>Without the body, which may hold a secret.</summary>
        public override string ToString() => $"{Method} {Path}";
    }
}
