using System.Net;
using System.Net.NetworkInformation;

namespace LoggerCms.Client;

/// <summary>Whether an address is this machine's own, which is reached without a proxy whatever the environment says.</summary>
internal static class LocalHost
{
    public static bool Is(Uri endpoint)
        => endpoint.IsLoopback
            || string.Equals(endpoint.Host, Environment.MachineName, StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(endpoint.DnsSafeHost, out var address) && Own().Any(one => one.Equals(address)));

    private static IEnumerable<IPAddress> Own()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address);
        }
        catch (NetworkInformationException)
        {
            // Where they cannot be listed, the environment's word about proxies stands.
            return [];
        }
    }
}
