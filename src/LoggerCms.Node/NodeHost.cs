using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;
using LoggerCms.Databases;
using LoggerCms.Node.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LoggerCms.Node;

/// <summary>
/// The process: listens first, so that health and state can be asked for while the image is loaded, then runs the node's start path. Ends when
/// asked to, or when the node has lost the right to write.
/// </summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly NodeSettings _settings;
    private readonly NodeIdentity _identity;
    private readonly CertificateAuthority _authority;
    private readonly CmsNode _node;
    private readonly NodeAudit _audit;
    private readonly WebApplication _web;
    private readonly X509Certificate2 _certificate;
    private readonly PosixSignalRegistration _hangUp;

    private NodeHost(
        NodeSettings settings, NodeIdentity identity, CertificateAuthority authority, X509Certificate2 certificate, CmsNode node, NodeAudit audit, WebApplication web)
    {
        _settings = settings;
        _identity = identity;
        _authority = authority;
        _certificate = certificate;
        _node = node;
        _audit = audit;
        _web = web;

        // Its terminal was closed: a stop like any other, and not the end of the process.
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            web.Lifetime.StopApplication();
        });
    }

    public Uri Endpoint { get; private set; } = new("https://localhost/");

    public CmsNode Node => _node;

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <exception cref="LoggerCmsException">Why it could not start; nothing is left running.</exception>
    /// <returns>Null where it was asked to stop before it was ready; nothing is left running.</returns>
    public static async Task<NodeHost?> StartAsync(NodeSettings settings)
    {
        var identity = NodeIdentity.Open(settings.DataPath);
        NodeHost? host = null;
        try
        {
            await WaitForPortAsync(settings).ConfigureAwait(false);
            host = Build(settings, identity);
            if (await host.StartAsync().ConfigureAwait(false))
                return host;
            await host.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch
        {
            if (host is not null)
                await host.DisposeAsync().ConfigureAwait(false);
            else
                identity.Dispose();
            throw;
        }
    }

    /// <summary>Until it is asked to stop, by a signal or by the network.</summary>
    /// <returns>The process's exit code.</returns>
    public async Task<int> RunAsync()
    {
        var lifetime = _web.Lifetime;
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStopping.Register(() => asked.TrySetResult());
        var first = await Task.WhenAny(asked.Task, _node.Ended).ConfigureAwait(false);
        LoggerCmsException? failure = null;
        if (first == asked.Task)
        {
            try
            {
                await _node.StopAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (LoggerCmsException exception)
            {
                failure = exception;
            }
        }
        else
        {
            failure = await _node.Ended.ConfigureAwait(false);
        }

        // Last of all, so that who waits for the stop learns how it went from the process's end.
        await _web.StopAsync().ConfigureAwait(false);
        return failure is null ? 0 : throw failure;
    }

    public async ValueTask DisposeAsync()
    {
        _hangUp.Dispose();
        await _web.DisposeAsync().ConfigureAwait(false);
        await _node.DisposeAsync().ConfigureAwait(false);
        await _audit.DisposeAsync().ConfigureAwait(false);
        _certificate.Dispose();
        _authority.Dispose();
        _identity.Dispose();
    }

    // A node that was killed gives its folder back a moment before its port.
    private static async Task WaitForPortAsync(NodeSettings settings)
    {
        for (var tries = 0; settings.Port != 0 && tries < 20; tries++)
        {
            using var probe = new TcpListener(IPAddress.Parse(settings.Address), settings.Port);
            try
            {
                probe.Start();
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                await Task.Delay(100).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // Listening itself will fail too, and tell why.
                return;
            }
        }
    }

    private static NodeHost Build(NodeSettings settings, NodeIdentity identity)
    {
        var time = TimeProvider.System;
        var files = SystemFiles.Instance;
        var authority = CertificateAuthority.Open(files, Path.Combine(settings.DataPath, "ca"), $"LoggerCms {settings.Name}", time);
        List<string> names = [.. settings.HostNames.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

        // The profile names it.
        if (!IsAny(IPAddress.Parse(settings.Address)))
            names.Add(settings.Address);
        var certificate = authority.NodeCertificate(settings.Name, names);
        var audit = NodeAudit.Open(settings, files, time);
        var node = new CmsNode(
            SystemDatabaseFactory.Open(new SideConnection(settings.Database)),
            files,
            new NodeOptions
            {
                Name = settings.Name,
                Side = settings.Side,
                NodeId = identity.Id,
                DataPath = settings.DataPath,
                Database = new SideConnection(settings.Database).ToString(),
                DeltaPath = NodeLife.DeltasIn(settings.DataPath),
                TakeOver = settings.TakeOver,
                ConflictPolicy = settings.ConflictPolicy,
                SetDamagedAside = settings.SetDamagedAside,
                MemoryLimitBytes = settings.MemoryLimitMB == 0 ? null : settings.MemoryLimitMB << 20,
                Cluster = new ClusterOptions
                {
                    FlushInterval = TimeSpan.FromMilliseconds(settings.FlushIntervalMs),
                    MostUnflushedBytes = settings.MostUnflushedMB << 20,
                    LongestWait = TimeSpan.FromSeconds(settings.WriteWaitSeconds),
                    RequestRetention = TimeSpan.FromMinutes(settings.RequestRetentionMinutes),
                },
            },
            time);
        audit.Attach(node);
        // Empty: no settings but the node's own. The usual builder reads appsettings.json and ASPNETCORE_ variables, which could open further
        // endpoints, and watches the working folder, which is where the node writes all the time.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning)

            // Says nothing that the middleware does not say, and makes an activity of each request where it could.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)

            // A start that fails is told once, typed, by the program.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

        // No endpoint blocks its thread, so a request may go on on the one that received it (AnswersAtOnce).
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true).UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = (long)settings.MostRequestMB << 20;
            kestrel.Limits.MaxConcurrentConnections = settings.MostConnections;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
            kestrel.Listen(IPAddress.Parse(settings.Address), settings.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                var strangers = new Strangers(settings.MostConnections, time);
                listen.Use(next => connection => strangers.ServeAsync(connection, next));
                listen.UseHttps(certificate);
            });
        });
        builder.Services.AddRoutingCore();

        // So that it is told why a parameter is wrong, as of every other mistake.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);

        // What is still read then has had its time while the node wrote its changes; data folder and port wait for it.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(3));
        builder.Services.AddOpenApi(ApiDescription.Configure);

        // For what describes the endpoints: with other options than those that requests are read and answers written with, it would tell of other names.
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            var own = CmsJson.Default.Options;
            o.SerializerOptions.TypeInfoResolverChain.Insert(0, CmsJson.Default);
            o.SerializerOptions.PropertyNamingPolicy = own.PropertyNamingPolicy;
            o.SerializerOptions.DefaultIgnoreCondition = own.DefaultIgnoreCondition;
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
        });
        builder.Services.AddSingleton(node).AddSingleton(audit).AddSingleton(time).AddSingleton(authority).AddSingleton(certificate).AddSingleton(settings);
        builder.Services.AddSingleton<NodeService>().AddSingleton(new NodeMetrics(node, audit)).AddSingleton<LogonThrottle>().AddSingleton<RequestLimits>().AddSingleton<QueryTurns>()
            .AddSingleton<Denials>();
        var web = builder.Build();
        CmsApi.Map(web);
        return new NodeHost(settings, identity, authority, certificate, node, audit, web);
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <returns>False where it was asked to stop before it was ready.</returns>
    private async Task<bool> StartAsync()
    {
        try
        {
            await _web.StartAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"Cannot listen at {_settings.Address} port {_settings.Port}: {exception.Message}",
                "Give an -Address of this machine, and another -Port or 0 for any that is free.", innerException: exception);
        }

        var bound = new Uri(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var address = IPAddress.Parse(_settings.Address);
        Endpoint = new UriBuilder(Uri.UriSchemeHttps, IsAny(address) ? "localhost" : address.ToString(), bound.Port).Uri;
        _web.Services.GetRequiredService<NodeService>().Endpoint = Endpoint;
        NodeFiles.WriteState(_settings.DataPath, Endpoint);
        var stopping = _web.Lifetime.ApplicationStopping;
        try
        {
            await _node.StartAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }

        await _audit.StartAsync().ConfigureAwait(false);
        await FirstStart.WriteProfileAsync(_node, _authority, Endpoint, _settings).ConfigureAwait(false);
        await Console.Out.WriteLineAsync($"{_settings.Name} is ready at {Endpoint}").ConfigureAwait(false);
        return true;
    }
}
