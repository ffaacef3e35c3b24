using System.Globalization;
using System.Security.Cryptography;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>
/// A probe as another account. Only root can become another account, and a process that did could not come back safely,
/// so a child does it: nsenter (into another process's mounts and root), then setpriv (user, group and groups as numbers,
/// no PAM, no login shell), then a few lines of /bin/sh. A child of .NET or PowerShell would not do: the account may have
/// no access to their files, and they start slowly.
/// </summary>
internal static class ChildProbe
{
    private const int Created = 11;
    private const int Wrote = 12;
    private const int Read = 13;
    private const int Deleted = 14;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Takes the folder, the name and, on its standard input, what to write; gives back what it read. The file must be new
    /// (set -C), and stays open from its making to the end of writing, so that nobody can put a link in its place.
    /// </summary>
    private const string Script = """
        umask 077; set -C; f=$1/$2; step=11
        { step=12; dd bs=65536 conv=fsync; } > "$f" || { [ $step = 11 ] || rm -f -- "$f"; exit $step; }
        cat < "$f" || { rm -f -- "$f"; exit 13; }
        rm -f -- "$f" || exit 14
        """;

    /// <summary>Why this process cannot have a child probe for it; null where it can.</summary>
    public static string? WhyNot(FolderView view)
    {
        if (LibC.EffectiveUser() != 0)
            return "only root can become another account";
        if (ChildProcess.Find("setpriv") is null)
            return "setpriv is not on this machine";
        return view.ProcessId is not null && ChildProcess.Find("nsenter") is null ? "nsenter is not on this machine" : null;
    }

    /// <returns>A result whose cause is NotDetermined with an empty step where the child could not become the account.</returns>
    public static async Task<ProbeResult> RunAsync(FolderView view, LinuxAccount account, string folder, int bytes, CancellationToken cancellationToken)
    {
        var written = RandomNumberGenerator.GetBytes(bytes);
        var name = FolderProbe.NewName();
        int? exitCode = null;
        byte[] read;
        string error;
        try
        {
            (exitCode, read, error) = await StartAsync(view, account, Script, [folder, name], written, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // A child that was ended could not tidy up after itself.
            if (exitCode is null)
                FolderProbe.TryRemove(view.Root + Path.Combine(folder, name));
        }

        return exitCode switch
        {
            0 when read.AsSpan().SequenceEqual(written) => new ProbeResult(
                TempAccessCause.None, "Delete", string.Create(CultureInfo.InvariantCulture, $"as {account.Name}: created, wrote, flushed, read back and deleted {bytes} bytes")),
            0 => new ProbeResult(TempAccessCause.NotDetermined, "Read", "what was read back is not what was written"),
            Created => Failed("Create"),
            Wrote => Failed("Write"),
            Read => Failed("Read"),
            Deleted => Failed("Delete"),
            _ => new ProbeResult(TempAccessCause.NotDetermined, string.Empty, $"a child could not become {account.Name}: {LastLine(error)}"),
        };

        ProbeResult Failed(string step) => new(CauseOf(error), step, $"as {account.Name}: {LastLine(error)}");
    }

    /// <summary>Whether the account can pass a folder; null with the reason where that could not be tried.</summary>
    public static async Task<(bool? Can, string Why)> TraverseAsync(FolderView view, LinuxAccount account, string folder, CancellationToken cancellationToken)
    {
        var (exitCode, _, error) = await StartAsync(view, account, "cd -- \"$1\" || exit 11", [folder], default, cancellationToken).ConfigureAwait(false);
        return exitCode switch
        {
            0 => (true, $"as {account.Name}: entered the folder"),
            Created => (false, $"as {account.Name}: {LastLine(error)}"),
            _ => (null, $"a child could not become {account.Name}: {LastLine(error)}"),
        };
    }

    /// <summary>By the words of glibc, musl, dash and busybox under LC_ALL=C.</summary>
    internal static TempAccessCause CauseOf(string error)
    {
        (string Words, TempAccessCause Cause)[] known =
        [
            ("No space left", TempAccessCause.DiskFull),
            ("uota exceeded", TempAccessCause.QuotaExceeded),
            ("Permission denied", TempAccessCause.AccessDenied),
            ("Operation not permitted", TempAccessCause.AccessDenied),
            ("Read-only file system", TempAccessCause.ReadOnly),
            ("ame too long", TempAccessCause.PathTooLong),
            ("Not a directory", TempAccessCause.NotAFolder),
            ("nonexistent", TempAccessCause.Missing),
            ("No such file", TempAccessCause.Missing),
            ("symbolic link", TempAccessCause.UnsafeLink),
        ];
        return known.Where(k => error.Contains(k.Words, StringComparison.OrdinalIgnoreCase)).Select(k => k.Cause).FirstOrDefault(TempAccessCause.NotDetermined);
    }

    private static async Task<(int? ExitCode, byte[] Output, string Error)> StartAsync(
        FolderView view, LinuxAccount account, string script, string[] arguments, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        string[] enter = view.ProcessId is { } id
            ? [ChildProcess.Find("nsenter")!, string.Create(CultureInfo.InvariantCulture, $"--mount=/proc/{id}/ns/mnt"), $"--root={view.Root}", "--"]
            : [];
        var groups = account.Groups.Count == 0 ? "--clear-groups" : $"--groups={string.Join(',', account.Groups.Select(Number))}";
        string[] become = [enter.Length == 0 ? ChildProcess.Find("setpriv")! : "setpriv", $"--reuid={Number(account.User)}", $"--regid={Number(account.Group)}", groups, "--inh-caps=-all"];

        // Root would be given what the service's own root has been denied.
        if (account.User == 0 && account.Lacking.ToList() is { Count: > 0 } lacking)
            become = [.. become, $"--bounding-set={string.Join(',', lacking.Select(c => "-" + c))}"];
        string[] all = [.. enter, .. become, "--", "/bin/sh", "-c", script, "loggercms-probe", .. arguments];
        return await ChildProcess.RunAsync(all[0], all[1..], input, Limit, cancellationToken).ConfigureAwait(false);
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The last line that is not dd's count of records.</summary>
    private static string LastLine(string error)
        => error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(line => !line.Contains(" records ", StringComparison.Ordinal) && !line.Contains(" copied", StringComparison.Ordinal)) ?? "it said nothing";
}
