using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>What the cmdlets share that can give objects another name.</summary>
public abstract class RenamingCmdlet : VersionedChangeCmdlet
{
    /// <summary>The new name.</summary>
    /// <remarks>
    /// Bound by property so that a script block is worked out for each input, as Rename-Item does. What an object brings is the name that it has, and
    /// stands for nothing.
    /// </remarks>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("NewName")]
    public string? Name { get; set; }

    /// <summary>Emit the objects as they are after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool Shows => PassThru;

    private protected bool Renames => IsWritten(nameof(Name));

    private protected string? NewName => Renames ? Name : null;

    private protected override bool CanBegin(long id, object input)
    {
        if (!Renames || !string.IsNullOrEmpty(Name))
            return true;
        Report(ErrorRecords.From(new LoggerCmsException(ErrorCodes.InvalidOption, "The new name is empty; nothing was changed.", "Give -Name a text, or a script block that gives one for each input."), input), IsOneOfMany);
        return false;
    }
}
