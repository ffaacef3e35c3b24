using System.Security.Cryptography;
using System.Text.Json;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// A side at one update key, in a folder of its own: all objects and tokens of a snapshot of the image, which holds what is in the database and
/// what is still in delta files alike; the authority's files; and a manifest, written last, without which the folder is no backup.
/// </summary>
internal static class SideBackup
{
    public const string Manifest = "backup.json";
    public const string ObjectsFile = "objects.lcmsbackup";
    public const string AuthorityFolder = "ca";
    public const int Version = 1;

    public const byte ObjectsFrame = 1;
    public const byte LocalFrame = 2;

    private const int FrameBytes = 1 << 20;

    public static ReadOnlySpan<byte> Magic => "LCMSBKUP"u8;

    /// <param name="node">A ready node.</param>
    /// <param name="files">Where the folder comes.</param>
    /// <param name="folder">A new one.</param>
    /// <param name="dataPath">The node's, for its authority; null leaves it out.</param>
    /// <param name="now">For the manifest.</param>
    /// <param name="cancellationToken">Ends it; what was written stays without a manifest.</param>
    /// <exception cref="LoggerCmsException">InvalidOption where the folder has files or cannot be written to; DiskFull.</exception>
    public static async Task<CmsBackupInfo> WriteAsync(
        CmsNode node, IFileLayer files, string folder, string? dataPath, DateTimeOffset now, CancellationToken cancellationToken)
    {
        folder = Path.GetFullPath(folder);
        CheckEmpty(files, folder);
        using var snapshot = node.Image.TakeSnapshot();
        var path = Path.Combine(folder, ObjectsFile);
        long length;
        using (var writer = Begin(files, folder, path))
        {
            await WriteObjectsAsync(writer, snapshot, cancellationToken).ConfigureAwait(false);
            WriteTokens(writer, node);
            writer.Complete();
            length = writer.Length;
        }

        if (dataPath is not null)
            CopyAuthority(files, Path.Combine(dataPath, AuthorityFolder), Path.Combine(folder, AuthorityFolder));
        var (objectIdEnd, updateKeyEnd) = node.BlockEnds;
        var info = new CmsBackupInfo
        {
            Path = folder,
            SystemId = node.SystemId,
            Side = node.Options.Side,
            UpdateKey = snapshot.UpdateKey,
            Objects = snapshot.Count,
            Bytes = length,
            Checksum = await ChecksumAsync(files, path, cancellationToken).ConfigureAwait(false),
            Created = now,
            Version = Version,
        };
        var manifest = new BackupManifest("LCMSBACKUP", info, objectIdEnd, updateKeyEnd);
        SecretFile.Write(files, Path.Combine(folder, Manifest), JsonSerializer.SerializeToUtf8Bytes(manifest, BackupJson.Default.BackupManifest));
        return info;
    }

    /// <exception cref="LoggerCmsException">InvalidOption where it is no backup; FormatNotSupported; SecretDamaged.</exception>
    public static async Task<BackupManifest> ReadManifestAsync(IFileLayer files, string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, Manifest);
        if (SecretFile.Read(files, path) is not { } bytes)
            throw new LoggerCmsException(ErrorCodes.InvalidOption, $"'{folder}' is no complete backup: it has no {Manifest}.", "Give the folder that Backup-CmsSide named.");
        BackupManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(bytes, BackupJson.Default.BackupManifest);
        }
        catch (JsonException exception)
        {
            throw SecretFile.Damaged(path, exception.Message, exception);
        }

        if (manifest is not { Magic: "LCMSBACKUP" })
            throw SecretFile.Damaged(path, "it is not a backup's manifest");
        if (manifest.Info.Version != Version)
            throw new LoggerCmsException(ErrorCodes.FormatNotSupported, $"The backup in '{folder}' has version {manifest.Info.Version}.", "Use the release that wrote it.");
        var checksum = await ChecksumAsync(files, Path.Combine(folder, ObjectsFile), cancellationToken).ConfigureAwait(false);
        return checksum == manifest.Info.Checksum ? manifest : throw SecretFile.Damaged(Path.Combine(folder, ObjectsFile), "its checksum is not the manifest's");
    }

    /// <summary>What <see cref="WriteObjectsAsync"/> and <see cref="WriteTokens"/> wrote, in that order.</summary>
    public static IEnumerable<Change> ReadChanges(IFileLayer files, string folder, CancellationToken cancellationToken)
    {
        using var reader = new FrameReader(files, Path.Combine(folder, ObjectsFile), Magic, ErrorCodes.SecretDamaged);
        reader.CheckWhole(cancellationToken);
        for (long at = FrameFile.HeaderSize; at < reader.Length - FrameFile.EndFrameSize;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (buffer, length, next) = reader.Read(at);
            var record = ChangeRecordCodec.Decode(buffer.AsSpan(1, length - 1));
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            foreach (var change in record.Changes)
                yield return change;
            at = next;
        }
    }

    private static async Task WriteObjectsAsync(FrameWriter writer, ImageSnapshot snapshot, CancellationToken cancellationToken)
    {
        List<Change> part = [];
        var bytes = 0;
        byte[] buffer = new byte[2 * FrameBytes];
        foreach (var row in snapshot.AllInOrder(0))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var whole = row.IsSkeleton ? await snapshot.GetAsync(row.Id, cancellationToken).ConfigureAwait(false) : row;
            part.Add(new PutChange { UpdateKey = row.UpdateKey, BeforeKey = 0, Object = whole! });
            bytes += 200 + whole!.Properties.Length + whole.AccessList.Length;
            if (bytes < FrameBytes)
                continue;
            Write(writer, ObjectsFrame, part, ref buffer);
            part.Clear();
            bytes = 0;
        }

        Write(writer, ObjectsFrame, part, ref buffer);
    }

    private static void WriteTokens(FrameWriter writer, CmsNode node)
    {
        byte[] buffer = new byte[FrameBytes];
        foreach (var part in node.Tokens.List().Chunk(1000))
            Write(writer, LocalFrame, [.. part.Select(t => new PutLocalChange { UpdateKey = 1, Entry = t.Entry.Encode() })], ref buffer);
    }

    private static void Write(FrameWriter writer, byte type, List<Change> part, ref byte[] buffer)
    {
        if (part.Count == 0)
            return;
        var record = new ChangeRecord { Epoch = 0, TimeUs = 0, PrincipalId = 0, ClientAddress = "", RequestId = Guid.Empty, Changes = [.. part] };
        writer.Write([type], default, ChangeRecordCodec.Encode(record, ref buffer));
    }

    private static void CheckEmpty(IFileLayer files, string folder)
    {
        try
        {
            files.MakeFolder(folder);
            if (files.List(folder).Count == 0)
                return;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(folder, exception);
        }

        throw new LoggerCmsException(ErrorCodes.InvalidOption, $"The folder '{folder}' holds files already.", "Give a new folder for each backup.");
    }

    private static FrameWriter Begin(IFileLayer files, string folder, string path)
    {
        try
        {
            return new FrameWriter(files, path, Magic, $"Free space for '{folder}', or give another folder.");
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.TempFolderUnusable)
        {
            throw NotWritable(folder, exception);
        }
    }

    // Whoever named it can name another: not a failure of the node.
    private static LoggerCmsException NotWritable(string folder, Exception exception) => new(
        ErrorCodes.InvalidOption,
        $"The backup folder '{folder}' cannot be made or written to: {exception.Message}",
        $"Give a folder on the node's machine that {Environment.UserName} may write to.",
        innerException: exception);

    public static void CopyAuthority(IFileLayer files, string from, string to, string? except = null)
    {
        foreach (var file in files.List(from).Where(f => Path.GetFileName(f.Path) != except))
        {
            files.MakeFolder(to);
            SecretFile.Write(files, Path.Combine(to, Path.GetFileName(file.Path)), SecretFile.Read(files, file.Path)!);
        }
    }

    private static async Task<string> ChecksumAsync(IFileLayer files, string path, CancellationToken cancellationToken)
        => await Task.Run(
            () =>
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                using var file = files.Open(path);
                var buffer = new byte[FrameBytes];
                for (long at = 0; file.Read(buffer, at) is var read and > 0; at += read)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    hash.AppendData(buffer, 0, read);
                }

                return Convert.ToHexString(hash.GetHashAndReset());
            },
            cancellationToken).ConfigureAwait(false);
}

/// <param name="Magic"><c>LCMSBACKUP</c>.</param>
/// <param name="Info">What the caller is told.</param>
/// <param name="ObjectIdEnd">Ids up to here may have been given out when the backup was made.</param>
/// <param name="UpdateKeyEnd">The same for update keys.</param>
internal sealed record BackupManifest(string Magic, CmsBackupInfo Info, long ObjectIdEnd, long UpdateKeyEnd);

[System.Text.Json.Serialization.JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : System.Text.Json.Serialization.JsonSerializerContext;
