using System.Buffers;
using System.Buffers.Text;

namespace LoggerCms.Core.Security;

/// <summary>
/// A token as its holder has it: <c>lcms_ID_SECRET</c>, id and secret of 16 and 32 bytes as base64url without padding: 71 characters. The places
/// are fixed, because base64url has an underscore of its own.
/// </summary>
internal static class TokenText
{
    public const int IdBytes = 16;
    public const int SecretBytes = 32;
    public const int Length = 5 + IdChars + 1 + SecretChars;

    private const string Prefix = "lcms_";
    private const int IdChars = 22;
    private const int SecretChars = 43;

    private static readonly SearchValues<char> Digits =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static string Of(Guid id, ReadOnlySpan<byte> secret)
        => $"{Prefix}{Base64Url.EncodeToString(id.ToByteArray(bigEndian: true))}_{Base64Url.EncodeToString(secret)}";

    /// <param name="text">Anything.</param>
    /// <param name="id">The token's id.</param>
    /// <param name="secret">Takes the secret: 32 bytes.</param>
    /// <returns>False where the text has not the form of a token.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id, Span<byte> secret)
    {
        id = default;
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdChars] != '_')
            return false;
        var idText = text.Slice(Prefix.Length, IdChars);
        var secretText = text[(Prefix.Length + IdChars + 1)..];
        // The decoder takes padding and white space, which no token has.
        if (idText.ContainsAnyExcept(Digits) || secretText.ContainsAnyExcept(Digits))
            return false;
        Span<byte> idBytes = stackalloc byte[IdBytes];
        // Not TryDecode…, which throws where the last character has bits that do not count.
        if (Base64Url.DecodeFromChars(idText, idBytes, out _, out var idLength) != OperationStatus.Done || idLength != IdBytes
            || Base64Url.DecodeFromChars(secretText, secret, out _, out var secretLength) != OperationStatus.Done || secretLength != SecretBytes)
        {
            return false;
        }

        id = new Guid(idBytes, bigEndian: true);
        return true;
    }
}
