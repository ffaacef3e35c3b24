using System.Runtime.InteropServices;
using LoggerCms.Core.Files;
using LoggerCms.Core.StateTransfer;
using Microsoft.Win32.SafeHandles;

namespace LoggerCms.Node;

/// <summary>
/// Leaves whoever started the process: a session of its own, so that Ctrl+C and hang-up in that terminal are not meant for it, and a log in the data
/// folder in the place of standard output and error, which end with the starter.
/// </summary>
internal static partial class Detachment
{
    private const string LogFile = "node.log";
    private const long LogBytes = 4 << 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    private static Timer? s_watch;

    /// <exception cref="LoggerCmsException">The data folder cannot be used.</exception>
    public static void Leave(string dataPath)
    {
        var path = Path.Combine(dataPath, LogFile);
        try
        {
            SystemFiles.Instance.MakeFolder(dataPath);
            SetFullAside(path);
            Redirect(path);
            s_watch = new Timer(_ => Renew(path), null, s_interval, s_interval);

            // Fails only for a process that leads a group already: then no terminal's signals reach it but those for that group.
            if (!OperatingSystem.IsWindows())
                _ = SetSession();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, path);
        }
    }

    /// <returns>True where the file was as large as a log may be, and has another name now.</returns>
    private static bool SetFullAside(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > LogBytes })
            return false;
        File.Move(path, path + ".old", overwrite: true);
        return true;
    }

    // What a node has to say must not fill its disk, however long it runs.
    private static void Renew(string path)
    {
        try
        {
            if (SetFullAside(path) || !File.Exists(path))
                Redirect(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The log goes on where it is; the next look tries it again.
        }
    }

    private static void Redirect(string path)
    {
        var log = new FileStream(path, Options());
        if (OperatingSystem.IsWindows())
        {
            var writer = TextWriter.Synchronized(new StreamWriter(log) { AutoFlush = true });
            Console.SetOut(writer);
            Console.SetError(writer);
            return;
        }

        // By the descriptors, so that what the runtime says when it crashes gets there too.
        using (log)
        {
            _ = Duplicate(log.SafeFileHandle, 1);
            _ = Duplicate(log.SafeFileHandle, 2);
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(SafeFileHandle handle, int descriptor);
}
