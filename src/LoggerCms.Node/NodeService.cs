using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Node.Http;

namespace LoggerCms.Node;

/// <summary>What callers may ask of the node, with every right checked. The network only carries it.</summary>
internal sealed class NodeService(CmsNode node)
{
    private readonly RightsEvaluator _rights = new(new Membership(GroupMembership.Of));

    private readonly SemaphoreSlim _passwords = new(Math.Max(1, Environment.ProcessorCount / 2));

    private readonly PasswordGuesses _guesses = new(TimeProvider.System);

    // A token that is issued by what a new password ends would not be among those that it ends.
    private readonly SemaphoreSlim _issuing = new(1, 1);

    public CmsNode Node => node;

    public Uri Endpoint { get; set; } = new("https://localhost/");

    /// <summary>The caller's rights for one request, over the objects as they are now.</summary>
    public AccessContext Begin(long principalId) => Begin(node.Image, principalId);

    public AccessContext Begin(IObjectView view, long principalId) => _rights.Begin(view, principalId);

    public bool MayOnRoot(AccessContext access, string right) => access.Has(access.View.Find(SystemObjects.Root)!, right);

    /// <exception cref="LoggerCmsException">Forbidden: the right is not granted on the root.</exception>
    public void DemandOnRoot(AccessContext access, string right)
    {
        if (!MayOnRoot(access, right))
        {
            throw new LoggerCmsException(
                ErrorCodes.Forbidden, $"You do not have the right {right} on the root.", $"Ask an administrator: Grant-CmsRight -Path / -Right {right}");
        }
    }

    /// <exception cref="LoggerCmsException">ObjectNotFound, also where the caller may not see it.</exception>
    public async ValueTask<CmsObject> GetAsync(AccessContext access, long id, CancellationToken cancellationToken)
    {
        // The right before anything is read back: what that takes, or that it fails, would tell of an object that the caller may not see.
        var found = node.Image.Find(id) ?? throw ObjectRules.NotFound(id);
        access.Require(found, Rights.View);
        if (!found.IsSkeleton)
            return found;
        var whole = await node.Image.GetAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ObjectRules.NotFound(id);
        Begin(access.Principal.Id).Require(whole, Rights.View);
        return whole;
    }

    /// <exception cref="LoggerCmsException">ObjectNotFound.</exception>
    public CmsObject Locate(AccessContext access, string? path, string? cuid)
    {
        var found = cuid is not null ? access.View.FindByCuid(cuid) : ObjectPaths.Find(access.View, path ?? "/");
        if (found is null || !access.Has(found, Rights.View))
        {
            throw new LoggerCmsException(
                ErrorCodes.ObjectNotFound, $"There is nothing at '{path ?? cuid}' that you may see.", "Get-CmsObject -Path / -Children shows what there is.")
            {
                DeniedObjectId = found?.Id,
            };
        }

        return found;
    }

    /// <summary>Decides what the caller of one request may do.</summary>
    public NodeGuard Guard(Caller caller) => new(_rights, caller.PrincipalId);

    public ValueTask<WriteAnswer> ChangeAsync(Caller caller, ChangeRequest request) => ChangeAsync(caller, request, Guard(caller));

    /// <exception cref="LoggerCmsException">As <see cref="Sequencer.WriteAsync"/>; InvalidOption for a request id that no client can have.</exception>
    public ValueTask<WriteAnswer> ChangeAsync(Caller caller, ChangeRequest request, NodeGuard guard)
    {
        if (request.RequestId is { } id)
            RequestLedger.CheckClients(id);
        var write = new WriteRequest
        {
            RequestId = request.RequestId ?? Guid.Empty,
            Fingerprint = request.Fingerprint,
            PrincipalId = caller.PrincipalId,
            ClientAddress = caller.Address,
            Guard = guard,
            Operations = request.Operations,
            Gone = request.Gone,
            MayTakeLong = request.MayTakeLong,
        };
        return request.WhatIf ? node.Sequencer.PlanAsync(write) : node.Sequencer.WriteAsync(write);
    }

    public CmsRightDecision Test(AccessContext access, CmsRightQuestion question)
    {
        var target = access.View.Find(question.ObjectId) ?? throw ObjectRules.NotFound(question.ObjectId);
        access.Require(target, Rights.View);
        var principal = question.PrincipalId ?? access.Principal.Id;
        if (principal != access.Principal.Id)
            DemandToTest(access, target, principal);
        var right = Rights.Ask(target.Kind, question.Right);
        return RightsReport.Decision(access, principal, target, right, _rights.Explain(access.View, principal, target, right));
    }

    private static void DemandToTest(AccessContext access, CmsObject target, long principal)
    {
        access.Require(target, Rights.ModifyRights);

        // The way of a decision tells which groups somebody is in.
        var somebody = access.View.Find(principal);
        if (somebody is null || !access.MayName(somebody))
            throw ObjectRules.NotFound(principal, isHidden: somebody is not null);
    }

    /// <summary>
    /// Makes a user's password, or takes it away, and revokes the user's tokens: somebody may have them by the password that was. One's own, with the one
    /// that it has, needs no right: also not that to see oneself.
    /// </summary>
    /// <param name="access">The caller's.</param>
    /// <param name="userId">The user.</param>
    /// <param name="password">Both passwords.</param>
    /// <param name="clientAddress">The caller's.</param>
    /// <param name="usedToken">The token that the caller came with, which stays.</param>
    /// <param name="cancellationToken">Ends the wait for those who are at it.</param>
    public async Task SetPasswordAsync(
        AccessContext access, long userId, CmsPassword password, string clientAddress, Guid usedToken = default, CancellationToken cancellationToken = default)
    {
        var user = access.View.Find(userId);
        var isOwn = userId == access.Principal.Id;
        if (user is not { Kind: ObjectKinds.User } || !(isOwn || access.Has(user, Rights.View)))
            throw ObjectRules.NotFound(userId, isHidden: user is not null && !access.Has(user, Rights.View));
        if (!access.Has(user, Rights.ChangePassword))
        {
            if (!isOwn || !_guesses.IsRight(userId, () => PasswordRecord.Verify(PasswordOf(user), password.Current ?? "")))
                throw new LoggerCmsException(ErrorCodes.Forbidden, $"You may not set the password of '{user.Name}', or the current one is wrong.", "Give the current one.");
        }

        var record = password.New is null ? null : PasswordRecord.Make(password.New).Encode();
        var change = new ChangeObject { Id = userId, Properties = bag => With(bag, record) };
        await _issuing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await PutAsync(access.Principal.Id, clientAddress, [change, .. node.Tokens.RevokeAll(userId, usedToken).Select(t => new PutLocal(t))]).ConfigureAwait(false);
        }
        finally
        {
            _issuing.Release();
        }
    }

    /// <summary>The user of that name with that password; without one why, which is not for the caller, after the same time.</summary>
    public async Task<(CmsObject? User, string Why)> LogOnAsync(string name, string password, CancellationToken cancellationToken)
    {
        // A look at a password takes a tenth of a second of a core, on purpose: not all cores at once may be spent on guesses.
        await _passwords.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var named = Named(name);
            var user = named is [var only] ? only : null;
            if (await Task.Run(() => PasswordRecord.Verify(user is null ? null : PasswordOf(user), password), cancellationToken).ConfigureAwait(false))
                return (user, "");
            return (null, named.Count < 2 ? "Wrong user or password." : $"Users {string.Join(", ", named.Select(one => one.Id))} have the same name: rename all but one.");
        }
        finally
        {
            _passwords.Release();
        }
    }

    // Whoever may act may log on, in whatever folder below the users' it is. Of two with one name neither does: a password would be tried on both.
    // But nobody shuts Administrator out by making another one in some folder.
    private List<CmsObject> Named(string name)
    {
        List<CmsObject> named =
        [
            .. node.Image.OfKind(ObjectKinds.User).Where(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase) && ObjectRules.MayAct(node.Image, one)),
        ];
        return named.Find(one => one.Id == SystemObjects.Administrator) is { } administrator ? [administrator] : named;
    }

    /// <summary>A token by the password that <see cref="LogOnAsync"/> found right.</summary>
    public Task<CmsIssuedToken> IssueAsync(CmsObject user, TimeSpan lifetime, string clientAddress, CancellationToken cancellationToken = default)
        => IssueAsync(user.Id, user.Id, "Logon", lifetime, clientAddress, () => HasPasswordOf(user) ? long.MaxValue : throw NoLonger(), cancellationToken);

    /// <summary>A token by the caller's own, which it does not outlive where the caller may not manage that user's tokens.</summary>
    /// <exception cref="LoggerCmsException">Forbidden: it is of another user, whose tokens the caller may not manage.</exception>
    public Task<CmsIssuedToken> IssueAsync(AccessContext access, Caller caller, CmsTokenRequest request, CancellationToken cancellationToken = default)
    {
        var principal = request.PrincipalId ?? caller.PrincipalId;
        if (!MayManage(access, principal))
            throw new LoggerCmsException(ErrorCodes.Forbidden, $"You may not issue tokens for user {principal}.", $"Test-CmsRight -Id {principal} -Right {Rights.ManageTokens} -Explain");
        var endsWithOwn = principal == caller.PrincipalId && !access.Has(access.View.Find(principal)!, Rights.ManageTokens);
        return IssueAsync(
            caller.PrincipalId, principal, request.Name, request.Lifetime, caller.Address, () =>
                node.Tokens.Find(caller.TokenId) is { IsRevoked: false } own ? endsWithOwn ? own.ExpiresUs : long.MaxValue : throw NoLonger(),
            cancellationToken);
    }

    /// <param name="by">The caller.</param>
    /// <param name="principal">The user.</param>
    /// <param name="name">The token's.</param>
    /// <param name="lifetime">The token's.</param>
    /// <param name="clientAddress">The caller's.</param>
    /// <param name="latest">Until when it may hold, asked once no password can be changed any more before it is there.</param>
    /// <param name="cancellationToken">Ends the wait for those who are at it.</param>
    private async Task<CmsIssuedToken> IssueAsync(
        long by, long principal, string name, TimeSpan lifetime, string clientAddress, Func<long> latest, CancellationToken cancellationToken)
    {
        if (!ObjectRules.MayAct(node.Image, node.Image.Find(principal)))
            throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no user {principal} below /Users.", "Get-CmsUser lists the users.");
        await _issuing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var issued = node.Tokens.Issue(principal, name, lifetime, latest());
            await PutAsync(by, clientAddress, [new PutLocal(issued.Entry)]).ConfigureAwait(false);
            return new CmsIssuedToken { Token = TokenService.Describe(node.Image, node.Tokens.Find(issued.Entry.Key.Id)!, null), Text = issued.Text };
        }
        finally
        {
            _issuing.Release();
        }
    }

    private bool HasPasswordOf(CmsObject user)
        => node.Image.Find(user.Id) is { Kind: ObjectKinds.User } now && PropertyBag.Over(now.Properties).TryGet(PasswordRecord.Property, out var record)
            && PropertyBag.Over(user.Properties).TryGet(PasswordRecord.Property, out var was) && record.AsBinary.SequenceEqual(was.AsBinary);

    private static LoggerCmsException NoLonger() => new(
        ErrorCodes.Unauthenticated, "What you came with was taken back meanwhile.", "Connect-Cms with a profile, a token or a user's name and password.");

    public async Task RevokeAsync(AccessContext access, Guid id, string clientAddress)
    {
        var token = node.Tokens.Find(id);
        if (token is null || !MayManage(access, token.PrincipalId))
        {
            throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no token {id} that you may revoke.", "Get-CmsToken lists them.")
            {
                DeniedObjectId = token?.PrincipalId,
            };
        }

        if (node.Tokens.Revoke(id) is { } entry)
            await PutAsync(access.Principal.Id, clientAddress, [new PutLocal(entry)]).ConfigureAwait(false);
    }

    public bool MayManage(AccessContext access, long principalId)
        => principalId == access.Principal.Id || (access.View.Find(principalId) is { } user ? access.Has(user, Rights.ManageTokens) : access.Principal.IsAdministrator);

    private async Task PutAsync(long principalId, string clientAddress, IReadOnlyList<WriteOperation> operations)
        => await node.Sequencer.WriteAsync(WriteRequest.Decided(principalId, clientAddress, operations)).ConfigureAwait(false);

    private static PasswordRecord? PasswordOf(CmsObject user)
        => PropertyBag.Over(user.Properties).TryGet(PasswordRecord.Property, out var value) ? PasswordRecord.Decode(value.AsBinary) : null;

    private static byte[] With(byte[] bag, byte[]? record)
    {
        var builder = new PropertyBagBuilder(PropertyBag.Over(bag));
        if (record is null)
            builder.Remove(PasswordRecord.Property);
        else
            builder.Set(PasswordRecord.Property, record);
        return builder.Build().Encode();
    }
}
