using System.Runtime.InteropServices;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Makes a folder's entries durable after a rename.</summary>
internal static partial class DurableFolder
{
    /// <exception cref="IOException">The folder cannot be synced.</exception>
    public static void Sync(string folder)
    {
        // Windows keeps the order of directory changes in its own journal and has no such call.
        if (OperatingSystem.IsWindows())
            return;
        var handle = Open(folder, 0);
        if (handle < 0)
            throw new IOException($"The folder '{folder}' cannot be opened for a sync (error {Marshal.GetLastPInvokeError()}).");
        var result = Fsync(handle);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(handle);
        if (result != 0)
            throw new IOException($"The folder '{folder}' cannot be synced (error {error}).");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
