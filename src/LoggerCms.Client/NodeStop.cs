using System.Diagnostics;
using System.Globalization;

namespace LoggerCms.Client;

/// <summary>Stops a node and waits until its process has gone.</summary>
internal static class NodeStop
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(50);

    /// <exception cref="LoggerCmsException">
    /// OutcomeUnknown where it has not gone in time; what the node says where it could not write everything to its database; Forbidden.
    /// </exception>
    public static async Task RunAsync(ICmsClient client, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var node = await client.GetNodeAsync(cancellationToken).ConfigureAwait(false);
        var folder = new NodeFolder(Path.GetDirectoryName(node.DeltaPath) ?? node.DeltaPath);
        var isHere = IsHere(folder, node);
        var logEnd = isHere ? folder.LogEnd() : 0;
        try
        {
            await client.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.ConnectionLost)
        {
            // It may have been quicker than its answer; the wait shows.
        }

        var started = time.GetTimestamp();
        while (!(isHere ? HasEnded(node.ProcessId) : await IsSilentAsync(client, cancellationToken).ConfigureAwait(false)))
        {
            if (time.GetElapsedTime(started) > timeout)
            {
                throw new LoggerCmsException(
                    ErrorCodes.OutcomeUnknown, $"Node '{node.Name}' was asked to stop and has not gone within {timeout.TotalSeconds:0.#} s.",
                    "It goes on stopping: see Get-CmsNode, or give it more time with -Timeout.");
            }

            await Task.Delay(s_interval, time, cancellationToken).ConfigureAwait(false);
        }

        if (isHere && NodeFolder.HasDeltas(node.DeltaPath))
        {
            throw folder.Reason(logEnd, []) ?? new LoggerCmsException(
                ErrorCodes.OutcomeUnknown, $"Node '{node.Name}' ended and left delta files in '{node.DeltaPath}'.",
                "Start-CmsNode brings them in; so does Invoke-DeltaReconcile.");
        }
    }

    // Its own state file proves it; the address does not, it may lead through a tunnel.
    private static bool IsHere(NodeFolder folder, CmsNodeInfo node)
    {
        try
        {
            return folder.State() is { } state && state.ProcessId == node.ProcessId && state.Endpoint.AbsoluteUri == node.Endpoint && !HasEnded(node.ProcessId);
        }
        catch (LoggerCmsException)
        {
            // Somebody else's folder: the network tells when the node has gone.
            return false;
        }
    }

    private static async Task<bool> IsSilentAsync(ICmsClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetNodeAsync(cancellationToken).ConfigureAwait(false);
            return false;
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.ServerUnreachable or ErrorCodes.ConnectionLost)
        {
            return true;
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.NodeNotReady)
        {
            return false;
        }
    }

    private static bool HasEnded(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.HasExited || IsZombie(processId);
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    // In a container nobody may collect a process whose parent has gone. Of a child of this process the runtime takes care.
    private static bool IsZombie(int processId)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" && fields[1] != Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
