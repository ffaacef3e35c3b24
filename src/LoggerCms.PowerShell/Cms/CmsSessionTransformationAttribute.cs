using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Makes a <see cref="CmsSession"/> of what names a node: a connection, a profile's name or path, an address, a node. Connects to nothing.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class CmsSessionTransformationAttribute : ArgumentTransformationAttribute
{
    private const string RemoteType = "Deserialized.LoggerCms.CmsSession";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        ArgumentNullException.ThrowIfNull(engineIntrinsics);
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            CmsSession session => session,
            CmsNodeInfo node => new CmsSession { Endpoint = node.Endpoint, Node = node.Name, Profile = node.Name },
            Uri address => new CmsSession { Endpoint = address.AbsoluteUri },
            string text when text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(text, UriKind.Absolute, out var address)
                => new CmsSession { Endpoint = address.AbsoluteUri },
            string text when text.Length > 0 => new CmsSession { Profile = Profile(engineIntrinsics.SessionState.Path, text) },
            // Another shell's connection is not open here; its profile may be here too.
            _ when inputData is PSObject remote && remote.TypeNames.Contains(RemoteType)
                => new CmsSession { Profile = remote.Properties["Profile"].Value as string, Endpoint = (string)remote.Properties["Endpoint"].Value },
            _ => throw new ArgumentTransformationMetadataException(
                "A connection is what Connect-Cms -PassThru gives, the name or the path of a profile, or an address as https://localhost:6400/."),
        };
    }

    internal static string Profile(PathIntrinsics paths, string text)
        => text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || text.Contains('/') || text.Contains('\\') ? ShellPath.Resolve(paths, text) : text;
}
