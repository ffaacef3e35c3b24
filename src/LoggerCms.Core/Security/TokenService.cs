using System.Collections.Concurrent;
using System.Security.Cryptography;
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

    /// <summary>Of one user, in force at a time. Each is kept until it expires, in memory and in the database.</summary>
    public const int MostInForce = 2_000;

    /// <summary>The same with those that were revoked, which are known as such until they would have expired.</summary>
    public const int MostKept = 10_000;

    // Compared with where there is no such token, so that both take the same time.
    private static readonly byte[] NobodysHash = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    private readonly ConcurrentDictionary<Guid, Held> _tokens = new();

    /// <summary>Makes a token; nothing holds before its entry is applied.</summary>
    /// <param name="principalId">The user it stands for.</param>
    /// <param name="name">What it is for; up to 200 characters.</param>
    /// <param name="lifetime">Above 0, up to ten years.</param>
    /// <exception cref="LoggerCmsException">InvalidOption: a name or lifetime out of these bounds; LimitExceeded: the user has too many.</exception>
    public IssuedToken Issue(long principalId, string name, TimeSpan lifetime)
    {
        if (lifetime <= TimeSpan.Zero || lifetime > MaxLifetime)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A token cannot live for {lifetime}.", $"Give it a time between 0 and {MaxLifetime.Days} days.");
        }

        if (name.Length > TokenEntry.MaxNameLength)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A token's name of {name.Length} characters is too long.", $"Use at most {TokenEntry.MaxNameLength}.");
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
            ExpiresUs = UnixTime.Us(now + lifetime),
        };
        return new IssuedToken(TokenText.Of(entry.Id, secret), entry.Encode());
    }

    private void CheckNumber(long principalId, long nowUs)
    {
        var (inForce, kept) = (0, 0);
        foreach (var (_, held) in _tokens)
        {
            if (held.Entry.PrincipalId != principalId || held.Entry.ExpiresUs <= nowUs)
                continue;
            kept++;
            inForce += held.Entry.IsRevoked ? 0 : 1;
        }

        if (inForce < MostInForce && kept < MostKept)
            return;
        throw new LoggerCmsException(
            ErrorCodes.LimitExceeded,
            $"User {principalId} has {inForce:N0} tokens in force and {kept - inForce:N0} that were revoked and have not expired; {MostInForce:N0} and {MostKept:N0} in all are the most.",
            "Revoke-CmsToken those that nobody needs, give new ones a shorter -Lifetime, and use one again where that is possible.");
    }

    /// <summary>The entry with which the token is revoked; null where there is no such token, or it is revoked already.</summary>
    public LocalEntry? Revoke(Guid id)
        => _tokens.TryGetValue(id, out var held) && !held.Entry.IsRevoked ? (held.Entry with { IsRevoked = true }).Encode() : null;

    /// <summary>The token; null where there is none.</summary>
    public TokenEntry? Find(Guid id) => _tokens.TryGetValue(id, out var held) ? held.Entry : null;

    /// <summary>All tokens with the time of their last use, in no order, also those that have expired or were revoked.</summary>
    public IEnumerable<(TokenEntry Entry, DateTimeOffset? LastUsed)> List() => _tokens.Values.Select(h => (h.Entry, h.LastUsed));

    /// <summary>Lets an entry take effect; on a token that is there already a revocation is never taken back.</summary>
    /// <exception cref="LoggerCmsException">FormatNotSupported or DatabaseDamaged, as <see cref="TokenEntry.Decode"/> says.</exception>
    public void Apply(LocalEntry entry)
    {
        var token = TokenEntry.Decode(entry);
        _tokens.AddOrUpdate(
            token.Id,
            static (_, next) => new Held(next),
            static (_, held, next) => new Held(next with { IsRevoked = next.IsRevoked || held.Entry.IsRevoked }, held),
            token);
    }

    public void Remove(Guid id) => _tokens.TryRemove(id, out _);

    /// <summary>Ids of tokens that expired before then: to be removed as a change.</summary>
    public IReadOnlyList<Guid> ExpiredBefore(DateTimeOffset then)
    {
        var limit = UnixTime.Us(then);
        return [.. _tokens.Values.Where(h => h.Entry.ExpiresUs < limit).Select(h => h.Entry.Id)];
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
    public static CmsToken Describe(IObjectView view, TokenEntry token, DateTimeOffset? lastUsed) => new()
    {
        Id = token.Id,
        PrincipalId = token.PrincipalId,
        Principal = view.Find(token.PrincipalId)?.Name ?? $"(id {token.PrincipalId}, deleted)",
        Name = token.Name,
        Created = UnixTime.Of(token.CreatedUs),
        Expires = UnixTime.Of(token.ExpiresUs),
        LastUsed = lastUsed,
        Revoked = token.IsRevoked,
    };

    private sealed class Held(TokenEntry entry, Held? before = null)
    {
        private long _lastUsed = before?._lastUsed ?? 0;

        public TokenEntry Entry { get; } = entry;

        public DateTimeOffset? LastUsed => Volatile.Read(ref _lastUsed) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

        public void Used(DateTimeOffset now) => Volatile.Write(ref _lastUsed, now.UtcTicks);
    }
}
