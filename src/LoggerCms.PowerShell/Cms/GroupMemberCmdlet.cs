using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes users and groups into a group, or out of it.</summary>
public abstract class GroupMemberCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();
    private readonly Dictionary<string, CmsObjectInfo> _groups = new(StringComparer.OrdinalIgnoreCase);
    private CmsObjectInfo? _group;

    /// <summary>The group.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string Group { get; set; } = string.Empty;

    /// <summary>Users and groups by name.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Member { get; set; } = [];

    /// <summary>Users and groups by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Id", "SI_ID")]
    public long[] PrincipalId { get; set => field = value ?? []; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("Cuid", "SI_CUID")]
    public string? PrincipalCuid { get; set; }

    /// <summary>The path that came with the id: without a CUID it must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("SI_PATH")]
    public string? Path { get; set; }

    /// <summary>Emit the members as they are after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected abstract bool IsMember { get; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // One group for all: where it is not there, nothing is begun.
        if (Group.Length > 0)
            FindGroup(oneOfMany: null);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        RefuseTwo(nameof(PrincipalId), PrincipalId.Length, nameof(Member));
        var many = MyInvocation.ExpectingInput || Member.Length + PrincipalId.Length > 1;
        if (!FindGroup(many))
            return;
        if (IsPiped(nameof(Member)) && PrincipalId.Length > 0)
        {
            Report(ErrorRecords.From(new LoggerCmsException(ErrorCodes.InvalidOption, "The input names members by name and by id.", "Pipe in rows with one of them."), Member), many);
            return;
        }

        foreach (var name in Member)
            ChangeOne(name, Ask("Reading principals", name, (client, token) => _principals.FindAsync(client, name, token), many), many);
        var (cuid, path) = IsPiped(nameof(PrincipalId)) ? (PrincipalCuid, Path) : (null, null);
        var piped = Member.Length > 0 ? null : PipedAlone(nameof(PrincipalId), PrincipalCuid, Path);
        ObjectTarget[] targets = piped is null ? [.. PrincipalId.Select(id => new ObjectTarget(id, path, cuid))] : [piped];
        foreach (var target in targets)
            ChangeOne(target.Input, Ask("Reading principals", target.Input, (client, token) => PrincipalAsync(client, target, token), many), many);
        if (Member.Length + targets.Length == 0 && !IsWritten(nameof(PrincipalId)))
            ReportUnnamed("user or group", many);
    }

    private bool FindGroup(bool? oneOfMany)
        => (_group = AskOnce(_groups, Group, "Reading groups", Group, (client, token) => _principals.FindGroupAsync(client, Group, token), oneOfMany)) is not null;

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

    private static async Task<CmsObjectInfo> PrincipalAsync(ICmsClient client, ObjectTarget target, CancellationToken cancellationToken)
    {
        var found = await target.ReadAsync(client, cancellationToken).ConfigureAwait(false);
        return found.Kind is Principals.User or Principals.Group ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound, $"Object {found.Id} '{found.Name}' is a {found.Kind}, not a user or group.", "Get-CmsUser and Get-CmsGroup list them.");
    }

    private async Task<CmsObjectInfo> PlanAsync(ICmsClient client, CmsObjectInfo member, CancellationToken cancellationToken)
    {
        if (Members.Change(member, _group!.Id, IsMember) is { } change)
            await client.PlanAsync([change], cancellationToken).ConfigureAwait(false);
        return member;
    }
}
