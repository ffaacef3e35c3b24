using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Changes what users and groups may do with objects: all rights of one call on one object are changed, or none.</summary>
public abstract class RightChangeCmdlet : ObjectChangeCmdlet
{
    private readonly Principals _principals = new();
    private readonly HashSet<ObjectTarget> _checked = [];
    private IReadOnlyList<long> _ids = [];

    /// <summary>Users and groups by name.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Principal { get; set; } = [];

    /// <summary>Users and groups by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long[] PrincipalId { get; set => field = value ?? []; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <summary>Emit the entries that count for the objects after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool Shows => PassThru;

    private protected override IReadOnlyList<string> TakenBesideObjects => IsPrincipalWritten ? ["Right"] : ["Right", nameof(Principal), nameof(PrincipalId)];

    private protected override string MeantByPath => "Give users and groups as -Principal. ";

    /// <summary>Which; empty for all that a principal has.</summary>
    private protected abstract IReadOnlyList<string> Rights { get; }

    private protected abstract string NewValue { get; }

    private protected override string Action()
        => $"{Verb()} {(Rights.Count > 0 ? string.Join(", ", Rights) : "all rights")} {(NewValue == "NotSpecified" ? "of" : "to")} {string.Join(", ", Whom())}";

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [.. PrincipalIds().SelectMany(_ => Rights.Count > 0 ? Rights : [null!], (principal, right) => new CmsChange
        {
            Operation = "SetRight",
            Id = id,
            PrincipalId = principal,
            Right = right,
            RightValue = NewValue,
        })];

    private protected override void Show(IReadOnlyList<long> ids)
    {
        foreach (var id in ids)
            WriteEach(Ask("Reading rights", id, (client, token) => client.GetRightsAsync(id, token), oneOfMany: true));
    }

    // Each input may bring others.
    private protected override bool CanBegin(long id, object input)
    {
        if (Names().Count + Ids().Count == 0)
        {
            var failure = new LoggerCmsException(
                ErrorCodes.InvalidOption, "No user or group is named.", "Give -Principal or -PrincipalId, or pipe users, groups or entries in.");
            Report(ErrorRecords.From(failure, input), IsOneOfMany);
            return false;
        }

        if (!IsOfThisSystem())
            return false;
        var ids = new List<long>(Ids());
        foreach (var name in Names())
        {
            // A name that is written would fail with every input.
            var many = IsPiped(nameof(Principal)) ? true : (bool?)null;
            if (Ask("Reading principals", name, (client, token) => _principals.FindAsync(client, name, token), many) is not { } found)
                return false;
            ids.Add(found.Id);
        }

        _ids = [.. ids.Distinct()];
        return true;
    }

    private protected IReadOnlyList<long> PrincipalIds() => _ids;

    private bool IsPrincipalWritten => IsWritten(nameof(Principal)) || IsWritten(nameof(PrincipalId));

    // An entry of Get-CmsRight brings the name beside the id, and both beside whom the user wrote.
    private IReadOnlyList<string> Names() => PrincipalId.Length > 0 && IsPiped(nameof(Principal)) ? [] : Principal;

    private IReadOnlyList<long> Ids() => IsPrincipalWritten && IsPiped(nameof(PrincipalId)) ? [] : PrincipalId;

    private IEnumerable<string> Whom() => [.. Names(), .. Ids().Select(id => $"id {id}")];

    // An entry of a principal that is removed, or that its reader may not see, has no CUID of that: then its object tells where it was read, or the name.
    private bool IsOfThisSystem()
    {
        if (Ids() is not [var id, ..] || !IsPiped(nameof(PrincipalId)))
            return true;
        var known = !string.IsNullOrEmpty(PrincipalCuid) ? new ObjectTarget(id, null, PrincipalCuid)
            : IsPiped(nameof(Cuid)) && Cuid is [{ Length: > 0 } cuid] ? new ObjectTarget(IsPiped(nameof(Id)) && Id is [var own] ? own : null, null, cuid)
            : null;
        var name = known is null && IsPiped(nameof(Principal)) && Principal is [{ Length: > 0 } piped] ? piped : null;
        if (name is not null)
            known = new ObjectTarget(id, name, null);
        if (known is null || _checked.Contains(known))
            return true;
        if (Ask("Reading principals", id, (client, token) => name is null ? known.ReadAsync(client, token) : Origin.ReadNamedAsync(client, id, name, token), oneOfMany: true) is null)
            return false;
        _checked.Add(known);
        return true;
    }

    private string Verb() => NewValue switch { "Granted" => "Grant", "Denied" => "Deny", _ => "Revoke" };
}
