using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Makes a user, or a group.</summary>
public abstract class NewPrincipalCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>The groups that it becomes a member of.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    public string[] Group { get; set => field = value ?? []; } = [];

    /// <summary>Further properties.</summary>
    [Parameter]
    [AllowNull]
    public IDictionary? Property { get; set; }

    /// <summary>Makes one, after the question; null where it was not made.</summary>
    private protected CmsPrincipal? Make(string folder, string kind, string name, IReadOnlyDictionary<string, string?> words, System.Net.NetworkCredential? credential)
    {
        var many = MyInvocation.ExpectingInput;

        // An empty cell of a row is no group.
        if (IsPiped(nameof(Group)))
            Group = [.. Group.Where(one => !string.IsNullOrWhiteSpace(one))];
        if (Ask("Checking", name, (client, token) => PrepareAsync(client, folder, kind, name, words, credential, token), many) is not { } change)
            return null;
        if (!ShouldProcess(CmsPath.Child(folder, name), credential is null ? $"Create {kind}" : $"Create {kind} with a password"))
            return null;
        return Ask("Changing objects", name, (client, token) => MakeAsync(client, change, credential, token), many);
    }

    private async Task<CmsChange> PrepareAsync(
        ICmsClient client, string folder, string kind, string name, IReadOnlyDictionary<string, string?> words, System.Net.NetworkCredential? credential,
        CancellationToken cancellationToken)
    {
        if (credential is not null)
            CmsPassword.CheckNew(credential.Password);
        var properties = new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
            properties[entry.Key] = entry.Value;
        foreach (var (property, text) in words)
        {
            if (!string.IsNullOrEmpty(text))
                properties[property] = text;
        }

        var groups = new List<object>();
        foreach (var group in Group)
        {
            var found = await _principals.FindGroupAsync(client, group, cancellationToken).ConfigureAwait(false);
            groups.Add(found.Id);
        }

        if (groups.Count > 0)
            properties[Memberships.Property] = groups.ToArray();
        var parent = await client.GetObjectByPathAsync(folder, cancellationToken).ConfigureAwait(false);
        var change = new CmsChange
        {
            Operation = "Create",
            Kind = kind,
            Name = name,
            ParentId = parent.Id,
            Properties = properties.Count > 0 ? PropertyWriter.ToJson(properties) : null,
        };
        if (IsWhatIf)
            await client.PlanAsync([change], cancellationToken).ConfigureAwait(false);
        return change;
    }

    private async Task<CmsPrincipal> MakeAsync(ICmsClient client, CmsChange change, System.Net.NetworkCredential? credential, CancellationToken cancellationToken)
    {
        var answer = await client.ChangeAsync(new CmsChangeRequest { Changes = [change] }, cancellationToken).ConfigureAwait(false);
        var id = answer.Changed[0].Id;
        if (credential is not null)
        {
            try
            {
                await client.SetPasswordAsync(id, new CmsPassword { New = credential.Password }, cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException e)
            {
                throw new LoggerCmsException(
                    e.Code, $"The user '{change.Name}' (id {id}) was made, but has no password: {e.Message}", $"Set-CmsPassword -Id {id}", innerException: e);
            }
        }

        var found = await client.GetObjectAsync(id, cancellationToken).ConfigureAwait(false);
        return await _principals.DescribeAsync(client, found, cancellationToken).ConfigureAwait(false);
    }
}
