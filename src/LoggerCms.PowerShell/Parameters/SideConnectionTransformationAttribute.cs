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
        var session = engineIntrinsics.SessionState;
        var value = Unwrap(inputData);
        try
        {
            return value is IList list
                ? list.Cast<object?>().Select(item => One(session, Unwrap(item), item)).ToArray()
                : One(session, value, inputData);
        }
        catch (LoggerCmsException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.Remedy}", e);
        }
    }

    private static SideConnection One(SessionState session, object? value, object? original)
        => value switch
        {
            SideConnection connection => Resolved(session.Path, connection),
            string text => Parse(session, text),
            FileInfo file => new SideConnection(SideProvider.Sqlite, file.FullName),
            _ when original is PSObject remote && remote.TypeNames.Contains(RemoteType) => Resolved(session.Path, FromRemote(remote)),
            _ => throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                $"A side cannot be made of {(value is null ? "nothing" : $"a {value.GetType().Name}")}.",
                "Give a path of a SQLite file, sqlite:PATH, postgresql:CONNECTION STRING, sqlserver:CONNECTION STRING, or the output of New-SideConnection."),
        };

    /// <summary>The side that a text names, its path resolved against the shell's location.</summary>
    /// <exception cref="LoggerCmsException">InvalidConnection or InvalidOption.</exception>
    internal static SideConnection Parse(SessionState session, string text)
        => Resolved(session.Path, NamesDrive(session, text) ? new SideConnection(SideProvider.Sqlite, text) : new SideConnection(text));

    // What stands before the colon is a make of database before it is a drive of the shell.
    private static bool NamesDrive(SessionState session, string text)
        => text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            && !Enum.TryParse<SideProvider>(text.AsSpan(0, colon), ignoreCase: true, out _)
            && session.Drive.GetAll().Any(drive => drive.Name.AsSpan().Equals(text.AsSpan(0, colon), StringComparison.OrdinalIgnoreCase));

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
