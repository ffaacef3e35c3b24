using System.Collections;
using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>
/// Makes a <see cref="SideConnection"/> of what a user types or a pipeline brings: a string, a file, another shell's
/// connection; paths are resolved against the shell's location.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class SideConnectionTransformationAttribute : ArgumentTransformationAttribute
{
    private const string RemoteType = "Deserialized.LoggerCms.SideConnection";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        ArgumentNullException.ThrowIfNull(engineIntrinsics);
        var paths = engineIntrinsics.SessionState.Path;
        var value = Unwrap(inputData);
        try
        {
            return value is IList list
                ? list.Cast<object?>().Select(item => One(paths, Unwrap(item), item)).ToArray()
                : One(paths, value, inputData);
        }
        catch (LoggerCmsException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.Remedy}", e);
        }
    }

    private static SideConnection One(PathIntrinsics paths, object? value, object? original)
        => value switch
        {
            SideConnection connection => Resolved(paths, connection),
            string text => Resolved(paths, new SideConnection(text)),
            FileInfo file => new SideConnection(SideProvider.Sqlite, file.FullName),
            _ when original is PSObject remote && remote.TypeNames.Contains(RemoteType) => Resolved(paths, FromRemote(remote)),
            _ => throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                $"A side cannot be made of {(value is null ? "nothing" : $"a {value.GetType().Name}")}.",
                "Give a path of a SQLite file, sqlite:PATH, postgresql:CONNECTION STRING, sqlserver:CONNECTION STRING, or the output of New-SideConnection."),
        };

    private static SideConnection Resolved(PathIntrinsics paths, SideConnection connection)
        => connection.Provider == SideProvider.Sqlite
            ? connection.With(dataSource: ShellPath.Resolve(paths, connection.DataSource))
            : connection;

    // What comes over remoting has lost its credential: the password never left the other shell.
    private static SideConnection FromRemote(PSObject remote)
        => new(
            LanguagePrimitives.ConvertTo<SideProvider>(remote.Properties["Provider"].Value.ToString()),
            (string)remote.Properties["DataSource"].Value,
            name: remote.Properties["Name"].Value as string);

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
