using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>
/// A token as it is kept: of the secret only a hash. Encoded as the content of a <see cref="LocalEntry"/>: version 1; a byte that is 1 where it is
/// revoked; principal; 32 bytes SHA-256 of the secret; created and expires (8 bytes each, microseconds since 1970 UTC); length and UTF-8 of the
/// name. A fast hash is right here: 256 random bits are not guessed.
/// </summary>
internal sealed record TokenEntry
{
    public const int MaxNameLength = 200;

    private const byte FormatVersion = 1;

    // Of the year 9999: the last that a DateTimeOffset holds.
    private const long LastMicrosecond = 253_402_300_799_999_999;

    public required Guid Id { get; init; }

    public required long PrincipalId { get; init; }

    /// <summary>32 bytes; nobody may write to them.</summary>
    public required byte[] SecretHash { get; init; }

    public required string Name { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long CreatedUs { get; init; }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public required long ExpiresUs { get; init; }

    public bool IsRevoked { get; init; }

    public LocalEntry Encode()
    {
        var sink = new ByteSink();
        sink.Byte(FormatVersion);
        sink.Byte(IsRevoked ? (byte)1 : (byte)0);
        sink.Number(PrincipalId);
        sink.Bytes(SecretHash);
        sink.Int64(CreatedUs);
        sink.Int64(ExpiresUs);
        var name = Encoding.UTF8.GetBytes(Name);
        sink.Number(name.Length);
        sink.Bytes(name);
        return new LocalEntry(new LocalKey(LocalClass.Token, Id), ExpiresUs, sink.ToArray());
    }

    /// <exception cref="LoggerCmsException">FormatNotSupported: a later release wrote it; DatabaseDamaged: it is no token.</exception>
    public static TokenEntry Decode(LocalEntry entry)
    {
        var cursor = new ByteCursor(entry.Content);
        var version = cursor.Byte();
        if (version > FormatVersion)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"Token {entry.Key.Id} is of format version {version}; this release reads {FormatVersion}.",
                "Use the release that wrote it, or a later one.");
        }

        var revoked = cursor.Byte();
        var principal = cursor.Number();
        var hash = cursor.Bytes(32);
        var created = cursor.Int64();
        var expires = cursor.Int64();
        var length = cursor.Number();
        var name = length <= MaxNameLength * 4 ? cursor.Bytes((int)length) : default;
        if (version == 0 || revoked > 1 || principal == 0 || length > MaxNameLength * 4 || !cursor.IsAtEnd || entry.Key.Class != LocalClass.Token
            || created is < 0 or > LastMicrosecond || expires is < 0 or > LastMicrosecond)
        {
            throw new LoggerCmsException(
                ErrorCodes.DatabaseDamaged, $"Token {entry.Key.Id} is damaged: its bytes are not what any token is written as.",
                $"Revoke-CmsToken -Id {entry.Key.Id}, and issue another: New-CmsToken");
        }

        return new TokenEntry
        {
            Id = entry.Key.Id,
            PrincipalId = principal,
            SecretHash = hash.ToArray(),
            Name = Encoding.UTF8.GetString(name),
            CreatedUs = created,
            ExpiresUs = expires,
            IsRevoked = revoked == 1,
        };
    }
}
