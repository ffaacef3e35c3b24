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
        if (Connection is null)
        {
            if (CmsDefaults.Replace(null) is not { } own)
                WriteVerbose("This shell is not connected.");
            else
                Run("Disconnecting", own, (_, token) => CmsSessions.LeaveAsync(own, isClosing: true, token));
            return;
        }

        if (CmsDefaults.Current?.Id == Connection.Id)
            CmsDefaults.Replace(null);
        Run(
            "Disconnecting",
            Connection,
            async (_, token) => await CmsSessions.CloseAsync(Connection.Id, token).ConfigureAwait(false) ? Connection : throw new LoggerCmsException(
                ErrorCodes.InvalidConnection, $"The connection to {Connection} is not open in this shell.", "Connect-Cms -PassThru makes one."),
            oneOfMany: true);
    }
}
