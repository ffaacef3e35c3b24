using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Grants or denies rights.</summary>
public abstract class RightSetCmdlet : RightChangeCmdlet
{
    /// <summary>The rights.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    /// <summary>What an entry from the pipeline says of its right: one that says another thing than this cmdlet sets is refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? Value { get; set; }

    private protected override IReadOnlyList<string> Rights => Right;

    // A denial that was copied as a grant would open what it closes.
    private protected override bool CanBegin(long id, object input)
    {
        if (IsWritten(nameof(Right)) || string.IsNullOrEmpty(Value) || string.Equals(Value, NewValue, StringComparison.OrdinalIgnoreCase))
            return base.CanBegin(id, input);
        var failure = new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"The entry of {string.Join(", ", Right)} on '{input}' says '{Value}', and {MyInvocation.MyCommand.Name} would make it '{NewValue}'.",
            $"Pipe in only what is to be {NewValue}: Where-Object Value -eq {NewValue}. Grant-CmsRight takes those that are Granted, Deny-CmsRight those that are Denied.");
        Report(ErrorRecords.From(failure, input), IsOneOfMany);
        return false;
    }
}
