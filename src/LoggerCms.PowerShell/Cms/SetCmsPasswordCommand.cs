using System.Management.Automation;
using System.Net;
using System.Security;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Sets the password of a user, or takes it away.</summary>
[Cmdlet(VerbsCommon.Set, "CmsPassword", SupportsShouldProcess = true, DefaultParameterSetName = "Credential")]
[OutputType(typeof(void))]
public sealed class SetCmsPasswordCommand : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>The user's name and new password.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Credential", ValueFromPipeline = true)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The user's name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "User")]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The user's id.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Alias("PrincipalId")]
    public long? Id { get; set; }

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true, ParameterSetName = "Id")]
    [Alias("PrincipalCuid")]
    public string? Cuid { get; set; }

    /// <summary>The path that came with the id: without a CUID it must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true, ParameterSetName = "Id")]
    public string? Path { get; set; }

    /// <summary>The new password.</summary>
    [Parameter(ParameterSetName = "User")]
    [Parameter(ParameterSetName = "Id")]
    public SecureString? Password { get; set; }

    /// <summary>Take the password away, so that nobody can log on with one.</summary>
    [Parameter(ParameterSetName = "User")]
    [Parameter(ParameterSetName = "Id")]
    public SwitchParameter Remove { get; set; }

    /// <summary>The password that the user has; needed to set one's own without the right ChangePassword.</summary>
    [Parameter]
    [AllowNull]
    public SecureString? CurrentPassword { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var name = User ?? Credential?.UserName.TrimStart('\\');
        object input = name ?? (object)Id!.Value;
        var many = MyInvocation.ExpectingInput;
        if (Credential is null && Password is null == !Remove)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "There is no new password, or -Remove beside one.", "Give -Password, -Remove or -Credential."), input));
        }

        var (cuid, path) = IsPiped(nameof(Id)) ? (Cuid, Path) : (null, null);
        var user = Ask("Checking", input, (client, token) => FindAsync(client, name, cuid, path, token), many);
        if (user is null || !ShouldProcess($"{user.Name} (id {user.Id})", Remove ? "Take the password away" : "Set the password"))
            return;
        var changed = Ask(
            "Setting a password",
            input,
            async (client, token) =>
            {
                var password = new CmsPassword { Current = Plain(CurrentPassword), New = Remove ? null : Plain(Credential?.Password ?? Password) };
                await client.SetPasswordAsync(user.Id, password, token).ConfigureAwait(false);
                return user;
            },
            many);
        if (changed?.Id == CmsQueries.Administrator && !Lease().IsByProfile)
            WriteWarning("The token of the admin profile was revoked too: what goes by that profile is refused until the node is started again, which makes a new one. Stop-CmsNode by this connection, and then Start-CmsNode.");
    }

    private async Task<CmsCaller> FindAsync(ICmsClient client, string? name, string? cuid, string? path, CancellationToken cancellationToken)
    {
        var user = await VisibleAsync(client, name, cuid, path, cancellationToken).ConfigureAwait(false)
            ?? await SelfAsync(client, name, cuid ?? path, cancellationToken).ConfigureAwait(false);

        if (IsWhatIf && Plain(Credential?.Password ?? Password) is { } password)
            CmsPassword.CheckNew(password);

        // Who gives the current one may set the own without the right.
        if (IsWhatIf && CurrentPassword is null)
            await Checks.DemandAsync(client, user.Id, "ChangePassword", cancellationToken).ConfigureAwait(false);
        return user;
    }

    private async Task<CmsCaller?> VisibleAsync(ICmsClient client, string? name, string? cuid, string? path, CancellationToken cancellationToken)
    {
        var found = await Checks.FindAsync(() => name is null
            ? client.GetObjectAsync(Id!.Value, cancellationToken)
            : _principals.FindUserAsync(client, name, cancellationToken)).ConfigureAwait(false);
        if (found is null)
            return null;
        Origin.Demand(found, cuid, path);
        return found.Kind == Principals.User
            ? new CmsCaller { Id = found.Id, Name = found.Name }
            : throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"Object {found.Id} '{found.Name}' is a {found.Kind}, not a user.", "Get-CmsUser lists the users.");
    }

    // Few may see themselves, and everybody may change the own password. One that came with a CUID or a path was seen where it was read.
    private async Task<CmsCaller> SelfAsync(ICmsClient client, string? name, string? seen, CancellationToken cancellationToken)
    {
        var self = await client.GetCallerAsync(cancellationToken).ConfigureAwait(false);
        return string.IsNullOrEmpty(seen) && (name is null ? self.Id == Id : string.Equals(self.Name, name, StringComparison.OrdinalIgnoreCase)) ? self : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound, $"There is no user {(name is null ? $"with id {Id}" : $"'{name}'")} that you may see.", "Get-CmsUser lists the users.");
    }

    private static string? Plain(SecureString? secret) => secret is null ? null : new NetworkCredential(string.Empty, secret).Password;
}
