using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes entries away: what a user or group may do on an object is then not specified there.</summary>
[Cmdlet(VerbsSecurity.Revoke, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class RevokeCmsRightCommand : RightChangeCmdlet
{
    /// <summary>The rights; all when left out.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    private protected override IReadOnlyList<string> Rights => Right;

    private protected override string NewValue => "NotSpecified";

    // There would be nothing to take away, and it would go on to count.
    private protected override bool CanBegin(long id, object input)
    {
        if (!base.CanBegin(id, input))
            return false;
        var principals = PrincipalIds();
        return Ask("Reading rights", input, (client, token) => CheckAsync(client, id, principals, token), IsOneOfMany) is not null;
    }

    private async Task<object> CheckAsync(ICmsClient client, long id, IReadOnlyList<long> principals, CancellationToken cancellationToken)
    {
        var entries = await client.GetRightsAsync(id, cancellationToken).ConfigureAwait(false);
        foreach (var principal in principals)
        {
            foreach (var right in Right is [] ? [null!] : Right)
            {
                var counting = entries.Where(one => one.PrincipalId == principal && (right is null || string.Equals(one.Right, right, StringComparison.OrdinalIgnoreCase))).ToList();
                if (counting.Count > 0 && counting.TrueForAll(one => one.Inherited))
                    throw await InheritedAsync(client, counting[0], cancellationToken).ConfigureAwait(false);
            }
        }

        return this;
    }

    private static async Task<LoggerCmsException> InheritedAsync(ICmsClient client, CmsRightEntry entry, CancellationToken cancellationToken)
    {
        var from = await Checks.FindAsync(() => client.GetObjectAsync(entry.FromObjectId, cancellationToken)).ConfigureAwait(false);
        return new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"{entry.Right} of '{entry.Principal}' stands on {(from is null ? "" : $"'{from.Path}', ")}object {entry.FromObjectId}, and '{entry.Path}' inherits it: there is no entry to take away.",
            $"Revoke-CmsRight -Id {entry.FromObjectId} -PrincipalId {entry.PrincipalId} -Right {entry.Right} takes it away for all below; "
                + $"Deny-CmsRight -Id {entry.ObjectId} or Set-CmsRightInheritance -Id {entry.ObjectId} -FromFolder $false for this object alone.");
    }
}
