using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>
/// The way in for whoever started the node: a profile that only this user can read, with an admin token, the authority and the endpoint. It is
/// made at the first start and kept true at every other.
/// </summary>
internal static class FirstStart
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    public static async Task WriteProfileAsync(CmsNode node, CertificateAuthority authority, Uri endpoint, NodeSettings settings)
    {
        var files = SystemFiles.Instance;
        var local = Path.Combine(settings.DataPath, NodeIdentity.ProfileFile);
        var known = files.Find(local) is null ? null : LocalProfile.Read(files, local);
        var token = known?.Token;
        if (token is null || node.Tokens.Verify(token).Verdict != TokenVerdict.Valid)
        {
            var issued = node.Tokens.Issue(BuiltIn.Administrator, $"First start of {settings.Name}", Lifetime);
            await node.Sequencer.WriteAsync(WriteRequest.Decided(BuiltIn.Administrator, "", new PutLocal(issued.Entry))).ConfigureAwait(false);
            token = issued.Text;
        }

        var profile = new LocalProfile { Endpoint = endpoint, CaCertificatePem = authority.CertificatePem, Token = token };

        // By the node's name too: where several run, the profile without a name is the one of the last that started.
        await profile.PublishAsync(files, new[] { settings.Profile, settings.Name }.Distinct()).ConfigureAwait(false);

        // Last of all: whoever waits for the node takes it as the sign that all of them are there.
        profile.Write(files, local);
    }
}
