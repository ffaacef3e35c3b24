using System.Data.Common;
using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Says where a side's database is and as whom to reach it. Connects to nothing.</summary>
[Cmdlet(VerbsCommon.New, "SideConnection", DefaultParameterSetName = "Path")]
[OutputType(typeof(SideConnection))]
public sealed class NewSideConnectionCommand : PSCmdlet
{
    /// <summary>The SQLite file; or the side in one text, as every parameter that takes a side understands it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The make of the database.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Server")]
    [Parameter(Mandatory = true, ParameterSetName = "ConnectionString")]
    public SideProvider Provider { get; set; }

    /// <summary>The server, with its port where that is not the usual one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Server")]
    [ValidateNotNullOrEmpty]
    public string Server { get; set; } = string.Empty;

    /// <summary>The database on that server.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Server")]
    [ValidateNotNullOrEmpty]
    public string Database { get; set; } = string.Empty;

    /// <summary>A connection string, without a password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ConnectionString")]
    [ValidateNotNullOrEmpty]
    public string ConnectionString { get; set; } = string.Empty;

    /// <summary>As whom to connect.</summary>
    [Parameter(ParameterSetName = "Server")]
    [Parameter(ParameterSetName = "ConnectionString")]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>What the side is called in results.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            WriteObject(Make());
        }
        catch (LoggerCmsException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e, Provider));
        }
    }

    private SideConnection Make()
    {
        if (ParameterSetName == "Path")
            return SideConnectionTransformationAttribute.Parse(SessionState, Path).With(name: Name);

        if (Provider == SideProvider.Sqlite)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                "A SQLite side is a file; it has neither a server nor a connection string.",
                "Give its path: New-SideConnection -Path FILE.");
        }

        var text = ParameterSetName == "ConnectionString" ? ConnectionString : ServerString();
        return new SideConnection(Provider, text, Credential?.GetNetworkCredential(), Name);
    }

    private string ServerString()
    {
        var builder = new DbConnectionStringBuilder();
        if (Provider == SideProvider.SqlServer)
        {
            builder["Server"] = Server;
            builder["Database"] = Database;
            if (Credential is null)
                builder["Integrated Security"] = true;
            return builder.ConnectionString;
        }

        // A colon may also belong to an IPv6 address, which has more than one.
        var colon = Server.IndexOf(':');
        var hasPort = colon > 0 && colon == Server.LastIndexOf(':');
        builder["Host"] = hasPort ? Server[..colon] : Server;
        if (hasPort)
            builder["Port"] = Server[(colon + 1)..];
        builder["Database"] = Database;
        return builder.ConnectionString;
    }
}
