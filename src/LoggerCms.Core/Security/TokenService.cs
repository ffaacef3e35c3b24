using System.Collections.Concurrent;
using System.Security.Cryptography;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

internal enum TokenVerdict : byte
{
    Valid,

    /// <summary>No token, or not one of this system. The caller is not told which.</summary>
    Unknown,
    Expired,
    Revoked,
}

/// <param name="Verdict">Whether the token is good.</param>
/// <param name="TokenId">The token's id where it is known and its secret right; otherwise empty.</param>
/// <param name="PrincipalId">Whose it is; 0 where it is not known. The caller looks whether that user still exists.</param>
internal readonly record struct TokenCheck(TokenVerdict Verdict, Guid TokenId, long PrincipalId);

/// <param name="Text">What the holder sends. It is nowhere else, and not to be had again.</param>
/// <param name="Entry">To be made durable, then given to <see cref="TokenService.Apply"/>.</param>
internal sealed record IssuedToken(string Text, LocalEntry Entry)
{
    /// <summary>Without the secret: this text may go to a log.</summary>
    public override string ToString() => $"{nameof(IssuedToken)} {{ {Entry.Key.Id} }}";
}

/// <summary>
/// The tokens in force, in memory. Nothing here is durable: <see cref="Issue"/> and <see cref="Revoke"/> make the entry that the caller makes durable
/// as a change, and <see cref="Apply"/> lets it take effect, at the sequencer as at every other node.
/// </summary>
internal sealed class TokenService(TimeProvider time)
{
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(3653);

    /// <summary>Of one user, in force at a time.</summary>
    public const int MostInForce = 2_000;

    /// <summary>
    /// Of one user, that were revoked: they are known as such until they would have expired, so that neither a restore nor an old delta file brings one
    /// back. Beyond so many those that were revoked first are forgotten, which makes them no better; or whoever has one token could fill memory and
    /// database for ten years.
    /// </summary>
    public const int MostRevoked = 10_000;

    // Compared with where there is no such token, so that both take the same time.
    private static readonly byte[] NobodysHash = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    private readonly ConcurrentDictionary<Guid, Held> _tokens = new();
    private long _applied;

    /// <summary>Makes a token; nothing holds before its entry is applied.</summary>
    /// <param name="principalId">The user it stands for.</param>
    /// <param name="name">What it is for; up to 200 characters, none that a terminal obeys.</param>
    /// <param name="lifetime">Above 0, up to ten years.</param>
    /// <param name="endsUs">It ends then at the latest, whatever its lifetime.</param>
    /// <exception cref="LoggerCmsException">InvalidOption: such a name or lifetime it may not have; LimitExceeded: the user has too many.</exception>
    public IssuedToken Issue(long principalId, string name, TimeSpan lifetime, long endsUs = long.MaxValue)
    {
        CheckLifetime(lifetime);
        if (name.Length > TokenEntry.MaxNameLength)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A token's name of {name.Length} characters is too long.", $"Use at most {TokenEntry.MaxNameLength}.");
        }

        if (!PlainText.IsPlain(name))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, "A token's name holds a control character, a line end or one that turns the direction of writing.", "Give another.");
        }

        var now = time.GetUtcNow();
        CheckNumber(principalId, UnixTime.Us(now));
        Span<byte> secret = stackalloc byte[TokenText.SecretBytes];
        RandomNumberGenerator.Fill(secret);
        var entry = new TokenEntry
        {
            Id = new Guid(RandomNumberGenerator.GetBytes(TokenText.IdBytes)),
            PrincipalId = principalId,
            SecretHash = SHA256.HashData(secret),
            Name = name,
            CreatedUs = UnixTime.Us(now),
            ExpiresUs = Math.Min(UnixTime.Us(now + lifetime), endsUs),
        };
        return new IssuedToken(TokenText.Of(entry.Id, secret), entry.Encode());
    }

    /// <exception cref="LoggerCmsException">InvalidOption: it is not above 0, or more than ten years.</exception>
    public static void CheckLifetime(TimeSpan lifetime)
    {
        if (lifetime <= TimeSpan.Zero || lifetime > MaxLifetime)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A token cannot live for {lifetime}.", $"Give it a time between 0 and {MaxLifetime.Days} days.");
        }
    }

    private void CheckNumber(long principalId, long nowUs)
    {
        var inForce = _tokens.Values.Count(held => held.Entry.PrincipalId == principalId && !held.Entry.IsRevoked && held.Entry.ExpiresUs > nowUs);
        if (inForce < MostInForce)
            return;
        throw new LoggerCmsException(
            ErrorCodes.LimitExceeded,
            $"User {principalId} has {inForce:N0} tokens in force; {MostInForce:N0} are the most.",
            "Revoke-CmsToken those that nobody needs, give new ones a shorter -Lifetime, and use one again where that is possible.");
    }

    /// <summary>The entry with which the token is revoked; null where there is no such token, or it is revoked already.</summary>
    public LocalEntry? Revoke(Guid id)
        => _tokens.TryGetValue(id, out var held) && !held.Entry.IsRevoked ? (held.Entry with { IsRevoked = true }).Encode() : null;

    /// <summary>The entries with which all tokens of a user are revoked, but one.</summary>
    public IEnumerable<LocalEntry> RevokeAll(long principalId, Guid but)
    {
        var nowUs = UnixTime.Us(time.GetUtcNow());
        return _tokens.Values.Select(h => h.Entry).Where(t => t.PrincipalId == principalId && t.Id != but && !t.IsRevoked && t.ExpiresUs > nowUs)
            .Select(t => (t with { IsRevoked = true }).Encode());
    }

    /// <summary>The token; null where there is none.</summary>
    public TokenEntry? Find(Guid id) => _tokens.TryGetValue(id, out var held) ? held.Entry : null;

    /// <summary>All tokens with the time of their last use, in no order, also those that have expired or were revoked.</summary>
    public IEnumerable<(TokenEntry Entry, DateTimeOffset? LastUsed)> List() => _tokens.Values.Select(h => (h.Entry, h.LastUsed));

    /// <summary>Lets an entry take effect; on a token that is there already a revocation is never taken back.</summary>
    /// <exception cref="LoggerCmsException">FormatNotSupported or DatabaseDamaged, as <see cref="TokenEntry.Decode"/> says.</exception>
    public void Apply(LocalEntry entry)
    {
        var token = TokenEntry.Decode(entry);
        var number = Interlocked.Increment(ref _applied);
        _tokens.AddOrUpdate(
            token.Id,
            static (_, next) => new Held(next.token, next.number),
            static (_, held, next) => new Held(next.token with { IsRevoked = next.token.IsRevoked || held.Entry.IsRevoked }, next.number, held),
            (token, number));
    }

    public void Remove(Guid id) => _tokens.TryRemove(id, out _);

    /// <summary>Ids of tokens that need not be kept, to be removed as a change: those that expired before then, and of each user what is beyond <see cref="MostRevoked"/>.</summary>
    public IReadOnlyList<Guid> Outlived(DateTimeOffset then)
    {
        var limit = UnixTime.Us(then);
        List<Guid> outlived = [];
        List<Held> revoked = [];
        foreach (var (id, held) in _tokens)
        {
            if (held.Entry.ExpiresUs < limit)
                outlived.Add(id);
            else if (held.Entry.IsRevoked)
                revoked.Add(held);
        }

        if (revoked.Count > MostRevoked)
            outlived.AddRange(revoked.GroupBy(h => h.Entry.PrincipalId).SelectMany(g => g.OrderByDescending(h => h.Number).Skip(MostRevoked)).Select(h => h.Entry.Id));
        return outlived;
    }

    /// <summary>Whether the text is a token that is good now. Its time does not depend on what is wrong with it, once it has a token's form.</summary>
    public TokenCheck Verify(ReadOnlySpan<char> text)
    {
        Span<byte> secret = stackalloc byte[TokenText.SecretBytes];
        if (!TokenText.TryParse(text, out var id, secret))
            return new TokenCheck(TokenVerdict.Unknown, Guid.Empty, 0);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, hash);
        var known = _tokens.TryGetValue(id, out var held);
        if (!CryptographicOperations.FixedTimeEquals(hash, known ? held!.Entry.SecretHash : NobodysHash) || !known)
            return new TokenCheck(TokenVerdict.Unknown, Guid.Empty, 0);
        var token = held!.Entry;
        var now = time.GetUtcNow();
        var verdict = token.IsRevoked ? TokenVerdict.Revoked
            : token.ExpiresUs <= UnixTime.Us(now) ? TokenVerdict.Expired
            : TokenVerdict.Valid;
        if (verdict == TokenVerdict.Valid)
            held.Used(now);
        return new TokenCheck(verdict, token.Id, token.PrincipalId);
    }

    /// <param name="view">Where the user's name is.</param>
    /// <param name="token">The token.</param>
    /// <param name="lastUsed">As <see cref="List"/> gives it.</param>
    public static CmsToken Describe(IObjectView view, TokenEntry token, DateTimeOffset? lastUsed)
    {
        var principal = view.Find(token.PrincipalId);
        return new CmsToken
        {
            Id = token.Id,
            PrincipalId = token.PrincipalId,
            PrincipalCuid = principal?.Cuid,
            Principal = principal?.Name ?? $"(id {token.PrincipalId}, deleted)",
            Name = token.Name,
            Created = UnixTime.Of(token.CreatedUs),
            Expires = UnixTime.Of(token.ExpiresUs),
            LastUsed = lastUsed,
            Revoked = token.IsRevoked,
            UserGone = !ObjectRules.MayAct(view, principal),
        };
    }

    private sealed class Held(TokenEntry entry, long number, Held? before = null)
    {
        private long _lastUsed = before?._lastUsed ?? 0;

        public TokenEntry Entry { get; } = entry;

        /// <summary>Of one that is revoked, the order in which that was.</summary>
        public long Number { get; } = number;

        public DateTimeOffset? LastUsed => Volatile.Read(ref _lastUsed) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

        public void Used(DateTimeOffset now) => Volatile.Write(ref _lastUsed, now.UtcTicks);
    }
}
