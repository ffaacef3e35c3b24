using System.Management.Automation;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Closes the shell's connection to a node, or those that are given.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "Cms")]
[OutputType(typeof(void))]
public sealed class DisconnectCmsCommand : AsyncPSCmdlet
{
    /// <summary>Connections that Connect-Cms -PassThru gave; the shell's own where it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [CmsSessionTransformation]
    public CmsSession? Connection { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if ((Connection ?? CmsSessions.Default) is not { } session)
        {
            WriteVerbose("This shell is not connected.");
            return;
        }

        Run(
            "Disconnecting",
            session,
            async (_, token) => await CmsSessions.CloseAsync(session.Id, token).ConfigureAwait(false) ? session : throw new LoggerCmsException(
                ErrorCodes.InvalidConnection, $"The connection to {session} is not open in this shell.", "Connect-Cms -PassThru makes one."),
            oneOfMany: true);
    }
}
