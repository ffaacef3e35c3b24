using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes users and groups into a group, or out of it.</summary>
public abstract class GroupMemberCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();
    private CmsObjectInfo? _group;

    /// <summary>The group.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string Group { get; set; } = string.Empty;

    /// <summary>Users and groups by name.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Member { get; set; } = [];

    /// <summary>Users and groups by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "SI_ID")]
    public long[] PrincipalId { get; set; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("Cuid", "SI_CUID")]
    public string? PrincipalCuid { get; set; }

    /// <summary>Emit the members as they are after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract bool IsMember { get; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _group = Ask("Reading groups", Group, (client, token) => _principals.FindGroupAsync(client, Group, token));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = MyInvocation.ExpectingInput || Member.Length + PrincipalId.Length > 1;
        if (Member.Length + PrincipalId.Length == 0)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "No user or group is named.", "Give -Member or -PrincipalId, or pipe users in."), Group));
        }

        foreach (var name in Member)
            ChangeOne(name, Ask("Reading principals", name, (client, token) => _principals.FindAsync(client, name, token), many), many);
        var cuid = IsPiped(nameof(PrincipalId)) ? PrincipalCuid : null;
        foreach (var id in PrincipalId)
            ChangeOne(id, Ask("Reading principals", id, (client, token) => Origin.ReadAsync(client, id, cuid, token), many), many);
    }

    private void ChangeOne(object input, CmsObjectInfo? member, bool many)
    {
        if (member is null || (IsWhatIf && Ask("Checking", input, (client, token) => PlanAsync(client, member, token), many) is null))
            return;
        var go = ShouldProcess($"{Group} (id {_group!.Id})", IsMember ? $"Take in {member.Name} (id {member.Id})" : $"Take out {member.Name} (id {member.Id})");
        if (!go && !IsWhatIf)
            return;
        var after = Ask(
            "Changing objects",
            input,
            async (client, token) =>
            {
                var changed = go ? await Members.ChangeAsync(client, member, _group.Id, IsMember, token).ConfigureAwait(false) : member;
                return await _principals.DescribeAsync(client, changed, token).ConfigureAwait(false);
            },
            many);
        if (PassThru && after is not null)
            WriteObject(after);
    }

    private async Task<CmsObjectInfo> PlanAsync(ICmsClient client, CmsObjectInfo member, CancellationToken cancellationToken)
    {
        if (Members.Change(member, _group!.Id, IsMember) is { } change)
            await client.PlanAsync([change], cancellationToken).ConfigureAwait(false);
        return member;
    }
}
