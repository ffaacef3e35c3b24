using System.Globalization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>Where a running node is found by who may read its data folder: its process and its endpoint.</summary>
internal static class NodeFiles
{
    public static void WriteState(string folder, Uri endpoint)
        => SecretFile.Write(
            SystemFiles.Instance,
            Path.Combine(folder, NodeIdentity.StateFile),
            System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{endpoint}\n")));
}
