using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LoggerCms.Core.Sides;

/// <summary>
/// SHA-256 by OpenSSL's own functions where they are there. The runtime's way to the same code looks the algorithm up again for every call,
/// which for rows of some hundred bytes costs more than the hash itself.
/// </summary>
internal static unsafe class NativeSha256
{
    /// <summary>Larger than SHA256_CTX of any release (112 bytes).</summary>
    private const int ContextBytes = 256;

    private static readonly string[] Libraries = ["libcrypto.so.3", "libcrypto.so.1.1"];
    private static readonly delegate* unmanaged<byte*, int> Init;
    private static readonly delegate* unmanaged<byte*, byte*, nint, int> Update;
    private static readonly delegate* unmanaged<byte*, byte*, int> Final;

    static NativeSha256()
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var library in Libraries)
        {
            if (!NativeLibrary.TryLoad(library, out var handle)
                || !NativeLibrary.TryGetExport(handle, "SHA256_Init", out var init)
                || !NativeLibrary.TryGetExport(handle, "SHA256_Update", out var update)
                || !NativeLibrary.TryGetExport(handle, "SHA256_Final", out var final))
            {
                continue;
            }

            Init = (delegate* unmanaged<byte*, int>)init;
            Update = (delegate* unmanaged<byte*, byte*, nint, int>)update;
            Final = (delegate* unmanaged<byte*, byte*, int>)final;
            IsAvailable = IsRight();
            return;
        }
    }

    public static bool IsAvailable { get; }

    public static bool TryHash(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hash.Length, SHA256.HashSizeInBytes);
        var context = stackalloc byte[ContextBytes];
        fixed (byte* from = data, to = hash)
            return Init(context) == 1 && Update(context, from, data.Length) == 1 && Final(to, context) == 1;
    }

    /// <summary>A build of the library that answers otherwise than the runtime is not used.</summary>
    private static bool IsRight()
    {
        Span<byte> data = stackalloc byte[300];
        Span<byte> ours = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> theirs = stackalloc byte[SHA256.HashSizeInBytes];
        for (var length = 0; length <= data.Length; length += 7)
        {
            data[..length].Fill((byte)length);
            SHA256.HashData(data[..length], theirs);
            if (!TryHash(data[..length], ours) || !ours.SequenceEqual(theirs))
                return false;
        }

        return true;
    }
}
