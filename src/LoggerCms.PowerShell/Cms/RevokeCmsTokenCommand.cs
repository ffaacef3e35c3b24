using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Revokes tokens: from then on nobody gets in with them.</summary>
[Cmdlet(VerbsSecurity.Revoke, "CmsToken", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RevokeCmsTokenCommand : NodeCmdlet
{
    /// <summary>Their ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public Guid[] Id { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = MyInvocation.ExpectingInput || Id.Length > 1;
        foreach (var id in Id)
        {
            var found = Ask("Reading tokens", id, (client, token) => FindAsync(client, id, token), many);
            if (found is null || !ShouldProcess($"{found.Name} of {found.Principal} ({id})", "Revoke"))
                continue;
            Ask(
                "Revoking a token",
                id,
                async (client, token) =>
                {
                    await client.RevokeTokenAsync(id, token).ConfigureAwait(false);
                    return found;
                },
                many);
        }
    }

    private static async Task<CmsToken> FindAsync(ICmsClient client, Guid id, CancellationToken cancellationToken)
        => (await client.GetTokensAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(token => token.Id == id)
            ?? throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no token {id} that you may revoke.", "Get-CmsToken lists them.");
}
