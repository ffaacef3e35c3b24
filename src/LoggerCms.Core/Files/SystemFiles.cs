using System.Runtime.InteropServices;
using LoggerCms.Core.Temp.Linux;
using Microsoft.Win32.SafeHandles;

namespace LoggerCms.Core.Files;

/// <summary>The files of this machine.</summary>
internal sealed partial class SystemFiles : IFileLayer
{
    private const int Interrupted = 4;
    private const int PermissionDenied = 13;

    private SystemFiles()
    {
    }

    public static SystemFiles Instance { get; } = new();

    public IDurableFile Create(string path)
    {
        // Read access too: a journal reads back what it appended.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            // Windows renames an open file only where that is shared too.
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new SystemFile(new FileStream(path, options));
    }

    public IDurableFile Open(string path)
        => new SystemFile(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));

    public void Rename(string path, string newPath) => File.Move(path, newPath, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void MakeFolder(string path)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        if (parent is null)
            return;
        var wasThere = Directory.Exists(path);
        if (!wasThere)
        {
            if (!Directory.Exists(parent))
                MakeFolder(parent);
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        try
        {
            // Also where it was there already: whoever made it may have been killed before this.
            SyncFolder(parent);
        }
        catch (IOException exception) when (wasThere && exception.HResult == PermissionDenied)
        {
            // The folder was made earlier, by somebody who may read its parent; this account cannot add to what they did.
        }
    }

    public void SyncFolder(string path)
    {
        // Windows keeps the order of directory changes in its own journal and has no such call.
        if (OperatingSystem.IsWindows())
            return;
        var closeOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
        var handle = Open(path, closeOnExec);
        if (handle < 0)
            throw Failure("opened for a sync", path, Marshal.GetLastPInvokeError());
        int result, error;
        do
        {
            result = Fsync(handle);
            error = Marshal.GetLastPInvokeError();
        }
        while (result != 0 && error == Interrupted);
        _ = Close(handle);
        if (result != 0)
            throw Failure("synced", path, error);
    }

    public FileEntry? Find(string path) => new FileInfo(path) is { Exists: true } file ? Entry(file) : null;

    // Without the time of its making an inode number is of little worth: it is used again, and some file systems draw another with each mount. The device's
    // number may be another after each boot. The dot has a link followed.
    public string? Mark(string folder) => OperatingSystem.IsLinux() && FileStat.OfPath(Path.Combine(folder, "."), out _) is { Identity: { Born: { } born } identity }
        ? FormattableString.Invariant($"{identity.Inode}-{born}")
        : null;

    public string? Volume(string folder)
        => OperatingSystem.IsLinux() ? FileStat.OfPath(Path.Combine(folder, "."), out _)?.Identity.Device : null;

    public IReadOnlyList<FileEntry> List(string folder)
        => new DirectoryInfo(folder) is { Exists: true } there ? [.. there.EnumerateFiles().Where(f => f.Exists).Select(Entry)] : [];

    private static FileEntry Entry(FileInfo file) => new(file.FullName, file.Length, file.LastWriteTimeUtc);

    // Code and text as the runtime gives them for a file.
    private static IOException Failure(string what, string path, int error)
        => new($"The folder '{path}' cannot be {what}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FdataSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);

    private sealed class SystemFile(FileStream stream) : IDurableFile
    {
        public long Length => RandomAccess.GetLength(stream.SafeFileHandle);

        public bool HasName => !OperatingSystem.IsLinux() || FileStat.HasName((int)stream.SafeFileHandle.DangerousGetHandle());

        public bool IsAt(string path) => !OperatingSystem.IsLinux() || FileStat.IsAt((int)stream.SafeFileHandle.DangerousGetHandle(), path);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(stream.SafeFileHandle, bytes, offset);

        public int Read(Span<byte> bytes, long offset) => RandomAccess.Read(stream.SafeFileHandle, bytes, offset);

        public void Sync() => RandomAccess.FlushToDisk(stream.SafeFileHandle);

        public void SyncData()
        {
            if (!OperatingSystem.IsLinux())
            {
                Sync();
                return;
            }

            int result, error;
            do
            {
                result = FdataSync(stream.SafeFileHandle);
                error = Marshal.GetLastPInvokeError();
            }
            while (result != 0 && error == Interrupted);
            if (result != 0)
                throw new IOException($"The file '{stream.Name}' cannot be synced: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        public void Dispose() => stream.Dispose();
    }
}
