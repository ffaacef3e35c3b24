using System.Collections;
using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Changes properties, names and owners of objects.</summary>
[Cmdlet(VerbsCommon.Set, "CmsObject", SupportsShouldProcess = true)]
[OutputType(typeof(InfoObject))]
public sealed class SetCmsObjectCommand : RenamingCmdlet
{
    private CmsChange? _change;

    /// <summary>Properties to set; one without a value is taken away.</summary>
    [Parameter(Position = 1)]
    [AllowNull]
    public IDictionary? Property { get; set; }

    /// <summary>Names of properties to take away.</summary>
    [Parameter]
    [OneForAll]
    [ValidateNotNullOrEmpty]
    public string[] RemoveProperty { get; set; } = [];

    /// <summary>The id of the new owner.</summary>
    [Parameter]
    public long? OwnerId { get; set; }

    private protected override string MeantByPath => "Give the properties as -Property. ";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            if (Property is null && RemoveProperty.Length == 0 && !Renames && OwnerId is null)
                throw new LoggerCmsException(ErrorCodes.InvalidOption, "Nothing is said to change.", "Give -Property, -RemoveProperty, -Name or -OwnerId.");
            var set = Property is null ? null : (System.Text.Json.JsonElement?)PropertyWriter.ToJson(Property);
            IReadOnlyList<string> gone = [.. RemoveProperty, .. Property is null ? [] : PropertyWriter.NamesWithoutValue(Property)];
            _change = new CmsChange { Operation = "Update", OwnerId = OwnerId, Properties = set, RemoveProperties = gone.Count > 0 ? gone : null };
        }
        catch (LoggerCmsException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e, Property));
        }
    }

    private protected override string Action()
        => (NewName, Property, RemoveProperty.Length) switch
        {
            ({ } name, null, 0) => $"Rename to '{name}'",
            ({ } name, _, _) => $"Rename to '{name}', change properties",
            (null, null, 0) => $"Make user {OwnerId} the owner",
            _ => "Change properties",
        };

    private protected override IReadOnlyList<CmsChange> Changes(long id) => [_change! with { Id = id, Name = NewName, ExpectedVersion = Expected }];
}
