using System.Management.Automation;
using System.Runtime.CompilerServices;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists the direct members of groups.</summary>
[Cmdlet(VerbsCommon.Get, "CmsGroupMember")]
[OutputType(typeof(CmsPrincipal))]
public sealed class GetCmsGroupMemberCommand : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>The groups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Group { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Group)
            List("Reading principals", name, (client, token) => MembersAsync(client, name, token), one => one, oneOfMany: MyInvocation.ExpectingInput || Group.Length > 1);
    }

    private async IAsyncEnumerable<CmsPrincipal> MembersAsync(ICmsClient client, string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var group = await _principals.FindGroupAsync(client, name, cancellationToken).ConfigureAwait(false);
        await foreach (var member in Members.AllOfAsync(client, group.Id, cancellationToken).ConfigureAwait(false))
            yield return await _principals.DescribeAsync(client, member, cancellationToken).ConfigureAwait(false);
    }
}
