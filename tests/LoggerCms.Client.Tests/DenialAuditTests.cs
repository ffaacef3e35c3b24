using System.Net;
using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>Who asks the audit who did something finds who tried to, and what that was.</summary>
public sealed class DenialAuditTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestNode _node = new();
    private CmsClient _client = null!;
    private CmsClient _bob = null!;
    private long _bobId;
    private long _folder;
    private long _document;
    private long _hidden;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _node.InitializeAsync();
        _client = await _node.ConnectAsync();
        _bobId = await ChangeAsync(new CmsChange { Operation = "Create", Kind = "User", Name = "bob", ParentId = SystemObjects.Users });
        _folder = await ChangeAsync(new CmsChange { Operation = "Create", Kind = "Folder", Name = "sales", ParentId = SystemObjects.RootFolder });
        _document = await ChangeAsync(new CmsChange { Operation = "Create", Kind = "Pdf", Name = "plan", ParentId = _folder });
        _hidden = await ChangeAsync(new CmsChange { Operation = "Create", Kind = "Folder", Name = "hidden", ParentId = SystemObjects.RootFolder });
        await GrantAsync(_folder, "View", "Granted");
        await GrantAsync(SystemObjects.Users, "View", "Granted");
        await GrantAsync(_hidden, "View", "Denied");
        _bob = await _node.ConnectAsync(token: (await _client.IssueTokenAsync(new CmsTokenRequest { PrincipalId = _bobId }, Cancellation)).Text);
    }

    public async ValueTask DisposeAsync()
    {
        _bob.Dispose();
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_change_is_told_under_its_action_with_its_object_and_what_was_to_become_of_it()
    {
        await DeniedAsync(new CmsChange { Operation = "Remove", Id = _document });
        await ToldAsync("Delete", _document, "/Root Folder/sales/plan", "You do not have the right Delete on 'plan'");

        await DeniedAsync(new CmsChange { Operation = "Update", Id = _document, Name = "mine" }, whatIf: true);
        await ToldAsync("Update", _document, "/Root Folder/sales/plan", "Tried: name 'mine'; plan only.");

        await DeniedAsync(new CmsChange { Operation = "Move", Id = _document, ParentId = SystemObjects.Users });
        await ToldAsync("Update", _document, "/Root Folder/sales/plan", "Tried: folder /Users.");

        await DeniedAsync(new CmsChange { Operation = "SetRight", Id = _document, PrincipalId = _bobId, Right = "Edit", RightValue = "Granted" });
        await ToldAsync("Update", _document, "/Root Folder/sales/plan", $"Tried: Edit granted to 'bob' (id {_bobId}).");

        await DeniedAsync(new CmsChange { Operation = "SetInheritance", Id = _document, InheritFromFolder = false });
        await ToldAsync("Update", _document, "/Root Folder/sales/plan", "Tried: inheritance from folders off.");

        await DeniedAsync(new CmsChange { Operation = "Update", Id = _bobId, Properties = System.Text.Json.JsonSerializer.SerializeToElement(new { SI_USERGROUPS = new[] { SystemObjects.Administrators } }) });
        await ToldAsync("Update", _bobId, "/Users/bob", $"Tried: put into 'Administrators' (id {SystemObjects.Administrators}).");
    }

    [Fact]
    public async Task What_was_to_be_made_is_told_by_the_name_that_it_was_to_have()
    {
        await DeniedAsync(new CmsChange { Operation = "Create", Kind = "Txt", Name = "note", ParentId = _folder, OwnerId = SystemObjects.Administrator });
        var made = await ToldAsync("Create", 0, "/Root Folder/sales/note", $"Tried: owner 'Administrator' (id {SystemObjects.Administrator}). Kept from /Root Folder/sales (id {_folder}).");
        Assert.Equal(("note", "Txt"), (made.ObjectName, made.ObjectKind));

        await DeniedAsync(new CmsChange { Operation = "Create", Kind = "Txt", Name = "note", ParentId = _hidden }, code: ErrorCodes.ObjectNotFound);
        await ToldAsync("Create", 0, "/Root Folder/hidden/note", "Kept from /Root Folder/hidden");
    }

    [Fact]
    public async Task Of_several_changes_it_is_the_one_that_was_denied()
    {
        await GrantAsync(_document, "Delete", "Granted");
        await DeniedAsync(new CmsChange { Operation = "Remove", Id = _document }, new CmsChange { Operation = "Remove", Id = _folder, Recurse = true });
        await ToldAsync("Delete", _folder, "/Root Folder/sales", "Tried: with all that is in it.");
    }

    [Fact]
    public async Task What_is_no_change_is_told_under_the_name_that_it_has_when_it_is_done()
    {
        await DeniedAsync(() => _bob.StopAsync(Cancellation));
        await ToldAsync("Stop", 0, "", "POST /v1/stop");
        await DeniedAsync(() => _bob.FlushAsync(Cancellation));
        await ToldAsync("Flush", 0, "", "");
        await DeniedAsync(() => _bob.BackupAsync(new CmsBackupRequest { Path = "/srv/b" }, Cancellation));
        await ToldAsync("Backup", 0, "", "into /srv/b");
        await DeniedAsync(() => _bob.ReconcileAsync(new CmsReconcileRequest { Path = "/srv/d" }, Cancellation));
        await ToldAsync("Reconcile", 0, "", "delta files in /srv/d");
        await DeniedAsync(() => _bob.GetImageAsync(Cancellation));
        await ToldAsync("Read", 0, "", "/v1/image");
        await DeniedAsync(() => _bob.GetAuditAsync(new CmsAuditQuery { Action = "Logon" }, Cancellation).ToListAsync(Cancellation).AsTask());
        await ToldAsync("Read", 0, "", "\"Action\":\"Logon\"");
        await DeniedAsync(() => _bob.GetRightsAsync(_document, Cancellation));
        await ToldAsync("Read", _document, "/Root Folder/sales/plan", $"/v1/objects/{_document}/rights");
        await DeniedAsync(() => _bob.IssueTokenAsync(new CmsTokenRequest { PrincipalId = SystemObjects.Administrator, Name = "m" }, Cancellation));
        await ToldAsync("Token", SystemObjects.Administrator, "/Users/Administrator", "Tried: token 'm' issued.");
        await DeniedAsync(() => _bob.SetPasswordAsync(SystemObjects.Administrator, new CmsPassword(), Cancellation));
        await ToldAsync("Update", SystemObjects.Administrator, "/Users/Administrator", "Tried: password taken away.");
    }

    [Fact]
    public async Task Who_has_no_token_is_told_under_the_action_too()
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(_node.Endpoint, "v1/stop"), content, Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("", (await FindAsync(new CmsAuditQuery { Action = "Stop", Result = "Denied", Text = "POST /v1/stop" })).Principal);
    }

    private async Task<long> ChangeAsync(CmsChange change)
        => (await _client.ChangeAsync(new CmsChangeRequest { Changes = [change] }, Cancellation)).Changed[0].Id;

    private Task<long> GrantAsync(long id, string right, string value)
        => ChangeAsync(new CmsChange { Operation = "SetRight", Id = id, PrincipalId = _bobId, Right = right, RightValue = value });

    private Task DeniedAsync(CmsChange change, bool whatIf = false, string code = ErrorCodes.Forbidden)
        => DeniedAsync(() => _bob.ChangeAsync(new CmsChangeRequest { WhatIf = whatIf, Changes = [change] }, Cancellation), code);

    private Task DeniedAsync(params CmsChange[] changes) => DeniedAsync(() => _bob.ChangeAsync(new CmsChangeRequest { Changes = changes }, Cancellation));

    private static async Task DeniedAsync(Func<Task> act, string code = ErrorCodes.Forbidden)
        => Assert.Equal(code, (await Assert.ThrowsAsync<LoggerCmsException>(act)).Code);

    private async Task<CmsAuditEvent> ToldAsync(string action, long objectId, string path, string detail)
    {
        var told = await FindAsync(new CmsAuditQuery { Action = action, Result = "Denied", PrincipalId = _bobId, Text = detail.Length > 0 ? detail : null });
        Assert.Equal((objectId, path, "bob"), (told.ObjectId, told.Path, told.Principal));
        return told;
    }

    // Events go to the database behind the answer.
    private async Task<CmsAuditEvent> FindAsync(CmsAuditQuery query)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (true)
        {
            if (await _client.GetAuditAsync(query, patience.Token).ToListAsync(patience.Token) is [var first, ..])
                return first;
            await Task.Delay(50, patience.Token);
        }
    }
}
