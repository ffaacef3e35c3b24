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

    /// <exception cref="LoggerCmsException">The data folder cannot be used.</exception>
    public static void Leave(string dataPath)
    {
        var path = Path.Combine(dataPath, LogFile);
        try
        {
            SystemFiles.Instance.MakeFolder(dataPath);
            if (new FileInfo(path) is { Exists: true, Length: > LogBytes })
                File.Move(path, path + ".old", overwrite: true);
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

            // Fails only for a process that leads a group already: then no terminal's signals reach it but those for that group.
            _ = SetSession();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.Of(exception, path);
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
