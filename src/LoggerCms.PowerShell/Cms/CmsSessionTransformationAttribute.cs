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
            _ when inputData is PSObject remote && remote.TypeNames.Contains(RemoteType) => Remote(remote),
            _ => throw new ArgumentTransformationMetadataException(
                "A connection is what Connect-Cms -PassThru gives, the name or the path of a profile, or an address as https://localhost:6400/."),
        };
    }

    // It may have been made in this process; another's is not open here. Only one by profile alone can be made anew as the same user: of any other the
    // id is kept, under which nothing is open.
    private static CmsSession Remote(PSObject remote)
    {
        var id = remote.Properties["Id"]?.Value is Guid known ? known : Guid.NewGuid();
        var isAnew = !CmsSessions.IsOpen(id) && remote.Properties["IsByProfile"]?.Value is true;
        return new CmsSession
        {
            Id = isAnew ? Guid.Empty : id,
            Endpoint = remote.Properties["Endpoint"]?.Value as string ?? "",
            Node = remote.Properties["Node"]?.Value as string ?? "",
            SystemId = remote.Properties["SystemId"]?.Value is Guid system ? system : Guid.Empty,
            Profile = remote.Properties["Profile"]?.Value as string,
            User = remote.Properties["User"]?.Value as string,
        };
    }

    internal static string Profile(PathIntrinsics paths, string text)
        => text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || text.Contains('/') || text.Contains('\\') ? ShellPath.Resolve(paths, text) : text;
}
