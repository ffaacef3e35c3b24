using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;
using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Security;

/// <summary>A file that holds a secret: owner-only when it is written, and not used when others could read or change it.</summary>
internal static class SecretFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const string OfBackup = "Bring it back from a backup (Restore-CmsSide), or move it away: what depends on it is then made anew.";

    // More is no key, certificate or profile.
    private const int MaxLength = 1 << 20;

    /// <summary>Puts the file in place whole and durable, with its folder where that is missing.</summary>
    /// <exception cref="LoggerCmsException">SecretExposed: others may put files into the folder; or it cannot be used, or the disk is full.</exception>
    public static void Write(IFileLayer files, string path, ReadOnlySpan<byte> bytes)
    {
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            files.MakeFolder(folder);

            // What could not be read afterwards is not written either.
            if (IsOpenToOthers(folder))
            {
                throw new LoggerCmsException(
                    ErrorCodes.SecretExposed, $"'{path}' would hold a secret and is not written: others may put another file in its place.", $"chmod go-w '{folder}'");
            }

            files.Replace(path, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, folder, TransferStore.FolderRemedy);
        }
    }

    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What to do where it is damaged.</param>
    /// <param name="ofAnother">What to do where it belongs to the account of that name; null for the usual.</param>
    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="LoggerCmsException">SecretExposed: others may read or change it; SecretDamaged: it is no such file; or it cannot be read.</exception>
    public static byte[]? Read(IFileLayer files, string path, string remedy = OfBackup, Func<string, string?>? ofAnother = null)
    {
        try
        {
            if (files.Find(path) is not { } entry)
                return null;
            RequireOwnerOnly(path, ofAnother);
            if (entry.Length is 0 or > MaxLength)
                throw Damaged(path, $"it has {entry.Length} bytes", remedy: remedy);
            using var file = files.Open(path);
            var bytes = new byte[entry.Length];
            return file.ReadFully(bytes, 0) == bytes.Length ? bytes : throw Damaged(path, "it ends early", remedy: remedy);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, path, TransferStore.FolderRemedy);
        }
    }

    public static LoggerCmsException Damaged(string path, string why, Exception? inner = null, string remedy = OfBackup)
        => new(ErrorCodes.SecretDamaged, $"'{path}' is damaged: {why}.", remedy, innerException: inner);

    /// <summary>On Unix; on Windows the access list of the user's own folder is relied on.</summary>
    private static void RequireOwnerOnly(string path, Func<string, string?>? ofAnother)
    {
        // A file layer of tests has no modes.
        if (OperatingSystem.IsWindows() || !File.Exists(path))
            return;
        if (new FileInfo(path).LinkTarget is not null)
            throw Exposed(path, "it is a link");
        var mode = File.GetUnixFileMode(path);
        if ((mode & Others) != 0)
            throw Exposed(path, $"others than its owner may use it (mode {Convert.ToString((int)mode, 8)})", $"chmod 600 '{path}'");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (IsOpenToOthers(folder))
            throw Exposed(path, "others may put another file in its place", $"chmod go-w '{folder}'");
        if (OperatingSystem.IsLinux() && FileStat.OfPath(path, out _) is { } stat && stat.User != LibC.EffectiveUser())
        {
            var account = LinuxAccount.ByNumber(stat.User).Name;
            throw new LoggerCmsException(
                ErrorCodes.SecretExposed,
                NotUsed(path, $"it belongs to another account, {account} (uid {stat.User})"),
                ofAnother?.Invoke(account) ?? $"Run this as {account}, where it works with {account}'s files. If it should be yours, as after a restore by root: chown {Environment.UserName} '{path}'. If another has put it there: move it away.");
        }
    }

    private static bool IsOpenToOthers(string folder)
        => !OperatingSystem.IsWindows() && Directory.Exists(folder) && (File.GetUnixFileMode(folder) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    private static string NotUsed(string path, string why) => $"'{path}' holds a secret and is not used: {why}.";

    private static LoggerCmsException Exposed(string path, string why, string? command = null)
        => new(
            ErrorCodes.SecretExposed,
            NotUsed(path, why),
            (command is null ? string.Empty : command + "\n") + "Whoever read it has the secret: revoke the token (Revoke-CmsToken), or move the file away, so that it is made anew.");
}
