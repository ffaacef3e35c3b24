using System.ComponentModel;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Client;

/// <summary>
/// Starts a node's process and waits until it is ready. The process leaves this one's session (see the node's <c>Detached</c> setting), so that
/// neither Ctrl+C nor the end of the shell reaches it. One that does not become ready, or whose start is cancelled, is ended: a start can be cut off
/// anywhere.
/// </summary>
internal sealed class NodeStarter(TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    /// <exception cref="LoggerCmsException">Why it could not start, as it says itself; EngineMissing; NodeNotReady where the time is over.</exception>
    public async Task<CmsNodeInfo> StartAsync(CmsNodeStart start, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var folder = NodeFolder.Of(start);
        var info = Describe(start, folder, NodeProgram.FindHost(), NodeProgram.Find());
        using var limit = new CancellationTokenSource(start.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await CheckNameAsync(start, folder, either.Token, cancellationToken).ConfigureAwait(false);
        NodeIdentity.MakeFolder(SystemFiles.Instance, folder.DataPath);
        var logEnd = folder.LogEnd();
        List<string> early = [];
        using var process = new Process { StartInfo = info };
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        progress?.Report("Starting the process");
        Run(process, folder);
        process.StandardInput.Close();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var seen = new Seen();
        try
        {
            return await WaitAsync(process, folder, seen, progress, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new LoggerCmsException(
                ErrorCodes.NodeNotReady,
                $"The node was not ready within {start.Timeout.TotalSeconds:0.#} s ({seen.Step}) and was ended.",
                "Give it more time with -Timeout.");
        }
        catch (NodeEndedException)
        {
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            lock (early)
            {
                throw folder.Reason(logEnd, early) ?? new LoggerCmsException(
                    ErrorCodes.Unexpected, $"The node ended with exit code {process.ExitCode} and said nothing.", $"Look at '{folder.LogPath}'.");
            }
        }
        finally
        {
            if (!seen.Ready)
                await EndAsync(process).ConfigureAwait(false);
        }

        void Keep(string? line)
        {
            lock (early)
            {
                if (line is not null && early.Count < 100)
                    early.Add(line);
            }
        }
    }

    private static void Run(Process process, NodeFolder folder)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.AccessDenied,
                $"'{process.StartInfo.FileName}' cannot be started in the data folder '{folder.DataPath}': {exception.Message}",
                $"Give a folder that the account '{Environment.UserName}' may enter and write to, with -DataPath.",
                innerException: exception);
        }
    }

    private async Task<CmsNodeInfo> WaitAsync(Process process, NodeFolder folder, Seen seen, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        NodeChannel? channel = null;
        try
        {
            while (true)
            {
                if (process.HasExited)
                    throw new NodeEndedException();
                channel ??= Open(process.Id, folder);
                if (channel is not null && await channel.HealthAsync(cancellationToken).ConfigureAwait(false) is { } health)
                {
                    if (health != seen.Step)
                        progress?.Report(seen.Step = health);
                    if (await ReadyAsync(channel, folder, health, cancellationToken).ConfigureAwait(false) is { } node)
                    {
                        seen.Ready = true;
                        return node;
                    }
                }

                await Task.Delay(s_interval, time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            channel?.Dispose();
        }
    }

    /// <summary>The profile of the name may be all that leads to a node of another data folder: while that one runs, its profile stays.</summary>
    private async Task CheckNameAsync(CmsNodeStart start, NodeFolder folder, CancellationToken limit, CancellationToken cancellationToken)
    {
        var name = start.Name ?? Environment.MachineName;
        var path = LocalProfile.PathOf(name);
        if (SystemFiles.Instance.Find(path) is null)
            return;
        var known = Usable(() => LocalProfile.Read(SystemFiles.Instance, path), out _);
        if (known is null || Usable(folder.Profile, out var unusable)?.CaCertificatePem == known.CaCertificatePem)
            return;
        using var channel = new NodeChannel(known.Endpoint, known.Authority(), new CmsClientOptions(), time);
        try
        {
            if (await channel.HealthAsync(limit).ConfigureAwait(false) is null)
                return;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It holds the address and does not answer: it may come round, and needs its profile then.
        }

        // Of another account, it may be the very folder of the node that runs.
        if (unusable is { Code: ErrorCodes.SecretExposed })
            throw unusable;
        throw new LoggerCmsException(
            ErrorCodes.NameInUse,
            $"The profile '{name}' leads to a node at {known.Endpoint} that is running and has another data folder than '{folder.DataPath}': this start would take the name from it.",
            $"Give the node another -Name, or the -DataPath that the other has; or stop the other one with Stop-CmsNode {name}.");
    }

    // What cannot be used leads nowhere, and the start writes it anew.
    private static LocalProfile? Usable(Func<LocalProfile?> read, out LoggerCmsException? why)
    {
        why = null;
        try
        {
            return read();
        }
        catch (LoggerCmsException exception)
        {
            why = exception;
            return null;
        }
    }

    // The state file may be one of an earlier start.
    private NodeChannel? Open(int processId, NodeFolder folder)
    {
        if (folder.State() is not { } state || state.ProcessId != processId)
            return null;
        var pem = SecretFile.Read(SystemFiles.Instance, Path.Combine(folder.DataPath, "ca", "ca.pem"));
        return new NodeChannel(state.Endpoint, X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem!)), new CmsClientOptions(), time);
    }

    // The profile is written last of all; until then it may be that of an earlier start.
    private static async Task<CmsNodeInfo?> ReadyAsync(NodeChannel channel, NodeFolder folder, string health, CancellationToken cancellationToken)
    {
        if (health is not ("Ready" or "Degraded") || folder.Profile() is not { } profile || profile.Endpoint != channel.Endpoint)
            return null;
        channel.Token = profile.Token;
        try
        {
            return await channel.GetAsync("v1/node", CmsJson.Default.CmsNodeInfo, cancellationToken, Repeat.Never).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.Unauthenticated or ErrorCodes.NodeNotReady)
        {
            return null;
        }
    }

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private static ProcessStartInfo Describe(CmsNodeStart start, NodeFolder folder, string host, string program)
    {
        var info = new ProcessStartInfo(host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            // Not the shell's, which would then stay in use.
            WorkingDirectory = folder.DataPath,
        };
        if (OperatingSystem.IsWindows())
            info.CreateNewProcessGroup = true;
        info.ArgumentList.Add(program);
        Add("detached", "true");
        Add("dataPath", folder.DataPath);
        Add("name", start.Name);
        Add("side", start.Side);
        Add("address", start.Address);
        Add("port", start.Port?.ToString(CultureInfo.InvariantCulture));
        Add("hostNames", start.HostNames is { } names ? string.Join(',', names) : null);
        Add("takeOver", start.TakeOver ? "true" : null);
        Add("conflictPolicy", start.ConflictPolicy == default ? null : start.ConflictPolicy.ToString());
        Add("setDamagedAside", start.SetDamagedAside ? "true" : null);
        Add("memoryLimitMB", start.MemoryLimitMB?.ToString(CultureInfo.InvariantCulture));

        // Arguments can be read by every user of the machine, the environment by this one alone.
        if (start.Database is { } database)
            info.Environment["LOGGERCMS_NODE_DATABASE"] = Text(database);
        if (start.AuditDatabase is { } audit)
            info.Environment["LOGGERCMS_NODE_AUDITDATABASE"] = Text(audit);
        return info;

        void Add(string name, string? value)
        {
            if (value is null)
                return;
            info.ArgumentList.Add("--" + name);
            info.ArgumentList.Add(value);
        }
    }

    private static string Text(SideConnection side)
    {
        var text = side.ToString();
        if (side.Provider == SideProvider.Sqlite || side.GetCredential() is not { } credential)
            return text;
        var builder = new DbConnectionStringBuilder { ConnectionString = side.DataSource };
        builder["Username"] = credential.UserName;
        builder["Password"] = credential.Password;
        return text[..text.IndexOf(':', StringComparison.Ordinal)] + ":" + builder.ConnectionString;
    }

    private sealed class Seen
    {
        public string Step { get; set; } = "the process had not begun to listen";

        public bool Ready { get; set; }
    }

    private sealed class NodeEndedException : Exception;
}
