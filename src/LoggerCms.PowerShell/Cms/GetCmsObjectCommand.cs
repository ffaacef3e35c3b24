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

    private Page? _page;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_page is null)
            CountNothing(PagingParameters);
        _page ??= Page.Of(PagingParameters);
        foreach (var target in Targets())
        {
            if (Children)
            {
                if (Ask("Reading a folder", target.Input, target.ReadAsync, IsOneOfMany) is { } folder)
                {
                    List(
                        $"Reading {folder.Path}", target.Input, (client, token) => client.GetChildrenAsync(folder.Id, token), InfoObjects.From, _page, IsOneOfMany);
                }
            }
            else if (_page.First > 0 && Ask("Reading objects", target.Input, target.ReadAsync, IsOneOfMany) is { } found)
            {
                if (_page.Skip == 0)
                    WriteObject(InfoObjects.From(found));
                _page = _page.Skip > 0 ? _page with { Skip = _page.Skip - 1 } : _page with { First = _page.First - 1 };
            }
        }
    }
}
