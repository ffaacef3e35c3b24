namespace LoggerCms.Core.Files;

/// <summary>
/// All that is ever done to a durable file or to the folder that names it. What is written is durable once the file is synced; that a file was
/// made, renamed or deleted is durable once its folder is synced, and not before. A failure is an <see cref="IOException"/> or an
/// <see cref="UnauthorizedAccessException"/>.
/// </summary>
internal interface IFileLayer
{
    /// <summary>Makes a new file that only its owner may read and write. One that is there already is a failure.</summary>
    IDurableFile Create(string path);

    /// <summary>Opens a file for reading, also while another process writes it.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    IDurableFile Open(string path);

    /// <summary>Gives a file another name, in one step; a file that had that name is gone.</summary>
    void Rename(string path, string newPath);

    /// <summary>Removes a file; nothing where there is none.</summary>
    void Delete(string path);

    /// <summary>Makes a folder that only its owner may use, with the folders above it where they are missing, all of them durable.</summary>
    void MakeFolder(string path);

    void SyncFolder(string path);

    /// <summary>A file; null where there is none.</summary>
    FileEntry? Find(string path);

    /// <summary>
    /// What a copy of a folder does not share with it, and what a folder keeps when it gets another name; null where the system does not tell.
    /// </summary>
    string? Mark(string folder);

    /// <summary>The file system that a folder is on, for as long as that is mounted; null where the system does not tell, or there is no such folder.</summary>
    string? Volume(string folder);

    /// <summary>The files of a folder, in no order; none where there is no such folder.</summary>
    IReadOnlyList<FileEntry> List(string folder);
}

/// <summary>An open file. Not safe for several writers at once.</summary>
internal interface IDurableFile : IDisposable
{
    long Length { get; }

    /// <summary>
    /// Whether the file still has a name: one that was removed while it is open takes writes and syncs as before, and is gone with its last handle.
    /// Cheap enough to be asked after each sync. True where the system cannot say, and on Windows, where the name of an open file stays taken.
    /// </summary>
    bool HasName { get; }

    /// <summary>
    /// Whether the path leads to this file: not where it was replaced, or where a folder above it was moved, replaced or unmounted. As cheap, and true where
    /// the system cannot say.
    /// </summary>
    bool IsAt(string path);

    /// <summary>Writes all of the bytes; after a failure any part of them may have been written.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Reads some bytes; 0 only at the end of the file.</summary>
    int Read(Span<byte> bytes, long offset);

    /// <summary>
    /// Makes what was written durable. After a failure nobody knows what of it is, and the next sync of this file would not tell: it must never
    /// be asked again.
    /// </summary>
    void Sync();

    /// <summary>
    /// The same for the bytes and for a length that grew; the times of the file may be lost. On a file whose blocks were all written before,
    /// this spares the file system's own journal. The rule for a failure is that of <see cref="Sync"/>.
    /// </summary>
    void SyncData();
}

/// <param name="Path">The full path.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Written">When it was last written, UTC.</param>
internal readonly record struct FileEntry(string Path, long Length, DateTime Written);

internal static class FileLayerExtensions
{
    public const string PartialSuffix = ".partial";

    extension(IFileLayer files)
    {
        /// <summary>Puts a whole new file in the place of the one that had its name: after a crash there is the one or the other.</summary>
        public void Replace(string path, ReadOnlySpan<byte> bytes)
        {
            var partial = path + PartialSuffix;
            files.Delete(partial);
            using (var file = files.Create(partial))
            {
                file.Write(bytes, 0);
                file.Sync();
            }

            files.Rename(partial, path);
            files.SyncFolder(Path.GetDirectoryName(path)!);
        }

        /// <summary>Removes a file so that no crash brings it back.</summary>
        public void DeleteForGood(string path)
        {
            if (files.Find(path) is null)
                return;
            files.Delete(path);
            files.SyncFolder(Path.GetDirectoryName(path)!);
        }
    }

    extension(IDurableFile file)
    {
        /// <summary>Reads until the span is full or the file ends; returns how many bytes were read.</summary>
        public int ReadFully(Span<byte> bytes, long offset)
        {
            var read = 0;
            while (read < bytes.Length)
            {
                var got = file.Read(bytes[read..], offset + read);
                if (got == 0)
                    break;
                read += got;
            }

            return read;
        }
    }
}
