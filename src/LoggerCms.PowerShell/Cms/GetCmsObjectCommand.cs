using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Reads objects, or what lies in folders.</summary>
[Cmdlet(VerbsCommon.Get, "CmsObject", SupportsPaging = true)]
[OutputType(typeof(InfoObject))]
public sealed class GetCmsObjectCommand : ObjectTargetCmdlet
{
    /// <summary>Give what lies in the folders, not the folders.</summary>
    [Parameter]
    public SwitchParameter Children { get; set; }

    private Page _page = Page.All();

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        CountNothing(PagingParameters);
        _page = Page.Of(PagingParameters);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            if (_page.IsOver || Ask("Reading objects", target.Input, target.ReadAsync, IsOneOfMany) is not { } found)
                continue;
            if (Children)
                List($"Reading {found.Path}", target.Input, (client, token) => client.GetChildrenAsync(found.Id, token), InfoObjects.From, _page, IsOneOfMany);
            else if (_page.Takes())
                WriteObject(InfoObjects.From(found));
        }
    }
}
