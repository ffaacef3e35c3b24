using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Changes what users and groups may do with objects: all rights of one call on one object are changed, or none.</summary>
public abstract class RightChangeCmdlet : ObjectChangeCmdlet
{
    private readonly Principals _principals = new();
    private readonly HashSet<(long Id, string Cuid)> _checked = [];
    private IReadOnlyList<long> _ids = [];

    /// <summary>Users and groups by name.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Principal { get; set; } = [];

    /// <summary>Users and groups by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long[] PrincipalId { get; set; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <summary>Emit the entries that count for the objects after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool Shows => PassThru;

    private protected override IReadOnlyList<string> TakenBesideObjects => ["Right", nameof(Principal), nameof(PrincipalId)];

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
            WriteObject(Ask("Reading rights", id, (client, token) => client.GetRightsAsync(id, token), oneOfMany: true), enumerateCollection: true);
    }

    // Each input may bring others.
    private protected override bool CanBegin(long id, object input)
    {
        if (Names().Count + PrincipalId.Length == 0)
        {
            var failure = new LoggerCmsException(
                ErrorCodes.InvalidOption, "No user or group is named.", "Give -Principal or -PrincipalId, or pipe users, groups or entries in.");
            Report(ErrorRecords.From(failure, input), IsOneOfMany);
            return false;
        }

        var ids = new List<long>(PrincipalId);
        if (PrincipalId is [var piped] && PrincipalCuid is { } cuid && !_checked.Contains((piped, cuid)))
        {
            if (Ask("Reading principals", piped, (client, token) => Origin.ReadAsync(client, piped, cuid, token), oneOfMany: true) is null)
                return false;
            _checked.Add((piped, cuid));
        }

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

    // An entry of Get-CmsRight brings the name beside the id.
    private IReadOnlyList<string> Names() => PrincipalId.Length > 0 && IsPiped(nameof(Principal)) ? [] : Principal;

    private IEnumerable<string> Whom() => [.. Names(), .. PrincipalId.Select(id => $"id {id}")];

    private string Verb() => NewValue switch { "Granted" => "Grant", "Denied" => "Deny", _ => "Revoke" };
}
