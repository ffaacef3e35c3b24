using System.Security.Cryptography;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>
/// What is kept of a password. Encoded: version 1; number of iterations (4 bytes); 16 bytes of salt; 32 bytes PBKDF2 with SHA-256. The record is a
/// secret too: it belongs in no answer and no export.
/// </summary>
internal sealed class PasswordRecord
{
    /// <summary>The property of a user that holds one; nobody is shown it or sets it.</summary>
    public const string Property = "SI_PASSWORD";

    public const int CurrentIterations = 600_000;

    private const byte FormatVersion = 1;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    // What was written is bounded, because it decides how long a check takes.
    private const int MinIterations = 100_000;
    private const int MaxIterations = 10_000_000;

    private static readonly PasswordRecord Nobodys = new(CurrentIterations, RandomNumberGenerator.GetBytes(SaltBytes), new byte[HashBytes]);

    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordRecord(int iterations, byte[] salt, byte[] hash)
    {
        _iterations = iterations;
        _salt = salt;
        _hash = hash;
    }

    /// <summary>Whether it should be written anew, with today's iterations, the next time that the password is known.</summary>
    public bool IsOutdated => _iterations < CurrentIterations;

    /// <summary>The properties of an object as they may be told: a user's without its password record.</summary>
    public static PropertyBag Without(CmsObject value)
    {
        var bag = PropertyBag.Over(value.Properties);
        if (value.Kind != ObjectKinds.User || !bag.Has(Property))
            return bag;
        var builder = new PropertyBagBuilder(bag);
        builder.Remove(Property);
        return builder.Build();
    }

    /// <exception cref="LoggerCmsException">As <see cref="CmsPassword.CheckNew"/>.</exception>
    public static PasswordRecord Make(string password)
    {
        CmsPassword.CheckNew(password);
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordRecord(CurrentIterations, salt, Derive(password, salt, CurrentIterations));
    }

    /// <exception cref="LoggerCmsException">FormatNotSupported: a later release wrote it; DatabaseDamaged: it is no record of a password.</exception>
    public static PasswordRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var cursor = new ByteCursor(bytes);
        var version = cursor.Byte();
        if (version > FormatVersion)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"The password is kept in format version {version}; this release reads {FormatVersion}.",
                "Use the release that wrote it, or a later one.");
        }

        var iterations = cursor.Int32();
        var salt = cursor.Bytes(SaltBytes);
        var hash = cursor.Bytes(HashBytes);
        if (version == 0 || iterations is < MinIterations or > MaxIterations || !cursor.IsAtEnd)
        {
            throw new LoggerCmsException(
                ErrorCodes.DatabaseDamaged, "What is kept of the password is damaged.", "An administrator can set the user's password anew.");
        }

        return new PasswordRecord(iterations, salt.ToArray(), hash.ToArray());
    }

    public byte[] Encode()
    {
        var sink = new ByteSink();
        sink.Byte(FormatVersion);
        sink.Int32(_iterations);
        sink.Bytes(_salt);
        sink.Bytes(_hash);
        return sink.ToArray();
    }

    /// <summary>
    /// Whether it is the password. Takes tenths of a second of a core, also where <paramref name="record"/> is null (no such user, or one without a
    /// password), which is never right: the time tells nobody which names exist. Ask <see cref="LogonThrottle"/> first.
    /// </summary>
    public static bool Verify(PasswordRecord? record, string password)
    {
        if (password.Length > CmsPassword.MaxLength)
            return false;
        var against = record ?? Nobodys;
        var derived = Derive(password, against._salt, against._iterations);
        return CryptographicOperations.FixedTimeEquals(derived, against._hash) && record is not null;
    }

    private static byte[] Derive(string password, byte[] salt, int iterations)
        => Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes);
}
