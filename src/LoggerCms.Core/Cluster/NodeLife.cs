using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// What a data folder remembers of its node's lives: in <c>node.life</c> the epoch that it held last, what the database is known to have of it and
/// which folder it is, and in <c>node.owed</c>, where that is there, that delta files have to be found. The node's id alone does not tell a folder from its copy, and a folder without delta files
/// not from one that lost them.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Before the lease is taken, the epoch that it will have is written (<c>Taking</c>): a crash may leave the lease with it or without.</item>
/// <item>Once the start has all in a journal of its own, and before anybody can write, that journal is owed. Until then the one of the life before is,
/// whose files may go only after that.</item>
/// <item>Before the last delta file goes for good, <c>node.owed</c> does: removing a file needs no room, which a full disk would not have.</item>
/// </list>
/// So what is owed is there, whenever the process dies, unless somebody else took it. The caller holds the folder's lock.
/// </remarks>
internal sealed partial class NodeLife
{
    public const string File = "node.life";
    public const string OwedFile = "node.owed";
    private const string Magic = "LCMSLIFE";
    private const string OwedMagic = "LCMSOWED";
    private const int Version = 1;

    private readonly IFileLayer _files;
    private readonly string _folder;
    private readonly string? _mark;
    private readonly Lock _keeping = new();
    private Life _life;
    private Owed? _owed;
    private bool _isOwn;

    private NodeLife(IFileLayer files, string folder, Life life, Owed? owed)
    {
        _files = files;
        _folder = folder;
        _life = life;
        _owed = owed;
        _mark = files.Mark(folder);
    }

    /// <summary>Where the node of a data folder has its delta files.</summary>
    public static string DeltasIn(string dataPath) => Path.Combine(dataPath, "deltas");

    /// <summary>Of a folder that an earlier release used, or nobody yet, nothing is known.</summary>
    /// <exception cref="LoggerCmsException">SecretDamaged, SecretExposed, FormatNotSupported; or it cannot be read.</exception>
    public static NodeLife Open(IFileLayer files, string dataPath) => new(
        files,
        dataPath,
        Read(files, Path.Combine(dataPath, File), LifeJson.Default.Life, Magic) ?? new Life(Magic, Version, 0, 0, Guid.Empty, null),
        Read(files, Path.Combine(dataPath, OwedFile), LifeJson.Default.Owed, OwedMagic));

    /// <summary>Before the lease is taken for the node of this folder, and after <see cref="CheckDatabase"/>.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="state">As it is.</param>
    /// <param name="nodeId">The node's.</param>
    /// <param name="takeOver">Whatever the lease and the folder say.</param>
    /// <returns>
    /// The last epoch, id and update key that this node used or may have in this system: a database that was put back has lower ones, and what was made
    /// with those that it lacks, in a delta file or a client's memory, must not be taken for what is made anew. Nothing where it was not.
    /// </returns>
    /// <exception cref="LoggerCmsException">SideInService: the lease in force is this node's own, and it was taken from another folder.</exception>
    public UsedNumbers Begin(string database, SystemDatabaseState state, Guid nodeId, bool takeOver)
    {
        var used = Used(state, takeOver);
        var life = _life with { Taking = NextEpoch(state, takeOver) };
        if (state.Lease is { InForce: true } lease && lease.NodeId == nodeId)
        {
            if (!takeOver)
                CheckOwn(lease, state.Identity, database);

            // It is this folder's from here on, also where this start does not come to take it again.
            if (life.System != state.Identity)
                life = life with { System = state.Identity, LastKey = 0, ObjectIdEnd = 0, UpdateKeyEnd = 0 };
            if (life.Epoch != lease.Epoch)
                life = life with { Epoch = lease.Epoch, LastKey = 0 };
        }

        Write(life);
        return used;
    }

    /// <summary>The epoch that a lease taken now would have.</summary>
    public long NextEpoch(SystemDatabaseState state, bool takeOver) => Math.Max(state.Lease?.Epoch ?? 0, Used(state, takeOver).Epoch) + 1;

    private UsedNumbers Used(SystemDatabaseState state, bool takeOver) => takeOver && _life.System == state.Identity
        ? new UsedNumbers(Math.Max(_life.Epoch, _life.Taking), _life.ObjectIdEnd, _life.UpdateKeyEnd)
        : default;

    /// <summary>The lease was refused: who has that epoch one day is somebody else.</summary>
    public void NotTaken()
    {
        if (_life.Taking != 0)
            TryWrite(() => Write(_life with { Taking = 0 }));
    }

    /// <summary>
    /// Whether the database is one that this folder's node has not gone beyond. Before the lease is taken: the epoch that it would use up is the very one
    /// that tells.
    /// </summary>
    /// <exception cref="LoggerCmsException">DatabaseWentBack.</exception>
    public void CheckDatabase(string database, SystemDatabaseState state, Guid nodeId)
    {
        if (_life.System != state.Identity)
            return;
        var epoch = state.Lease?.Epoch ?? 0;
        if (epoch < _life.Epoch)
            throw WentBack(database, $"epoch {epoch}", $"the node of '{_folder}' served it in epoch {_life.Epoch}");
        var end = state.Epochs.FirstOrDefault(e => e.Epoch == _life.Epoch);
        if (end is not null && end.NodeId != nodeId)
            throw WentBack(database, $"epoch {_life.Epoch} of node {end.NodeId}", $"the node of '{_folder}' served it in that epoch");
        var lastKey = end?.LastKey ?? 0;
        if (lastKey < _life.LastKey)
            throw WentBack(database, $"update key {lastKey} in epoch {_life.Epoch}", $"the node of '{_folder}' has written it up to {_life.LastKey}");
        if (_life.BroughtEpoch > 0 && !state.Epochs.Any(e => e.Epoch == _life.BroughtEpoch && e.NodeId == _life.BroughtBy && e.LastKey >= _life.BroughtKey))
        {
            throw WentBack(
                database,
                $"a state before update key {_life.BroughtKey} of epoch {_life.BroughtEpoch}",
                $"node {_life.BroughtBy} has brought in there what was in the delta files of '{_folder}'");
        }

        if (state.ObjectIdEnd < _life.ObjectIdEnd || state.UpdateKeyEnd < _life.UpdateKeyEnd)
        {
            throw WentBack(
                database,
                $"object id {state.ObjectIdEnd} and update key {state.UpdateKeyEnd}",
                $"the node of '{_folder}' may have given out those up to {_life.ObjectIdEnd} and {_life.UpdateKeyEnd}");
        }
    }

    /// <summary>
    /// The epoch is served, with a journal that is not this folder's to find: an offline reconcile takes its delta files away, and then only this tells
    /// that a database lacks them.
    /// </summary>
    /// <inheritdoc cref="Owe"/>
    public void Hold(long epoch, Guid systemId, (long ObjectId, long UpdateKey) ends)
        => Write(new Life(Magic, Version, epoch, 0, systemId, _mark, 0, ends.ObjectId, ends.UpdateKey));

    /// <summary>
    /// What the database is known to have, for <see cref="CheckDatabase"/>; nothing where the folder does not owe this epoch. A disk that is full must not
    /// end a node that runs, nor keep one from its stop, so that it is left as it was then.
    /// </summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="lastKey">Of it; 0 where none was flushed.</param>
    /// <param name="ends">The ends of the blocks of ids and update keys.</param>
    public void Keep(long epoch, long lastKey, (long ObjectId, long UpdateKey) ends)
    {
        lock (_keeping)
        {
            var life = _life with { LastKey = lastKey, ObjectIdEnd = ends.ObjectId, UpdateKeyEnd = ends.UpdateKey };
            if (life.Epoch == epoch && life != _life)
                TryWrite(() => Write(life));
        }
    }

    private void CheckOwn(Lease lease, Guid systemId, string database)
    {
        // Epochs are a system's: of a folder that last served another one, or of which nothing is known, nothing can be said by them.
        if (_life.System == systemId && lease.Epoch != _life.Epoch && lease.Epoch != _life.Taking)
        {
            throw new LoggerCmsException(
                ErrorCodes.SideInService,
                $"The lease of '{database}' is this node's own ({lease.NodeId}), of epoch {lease.Epoch}, but the data folder '{_folder}' held epoch {Math.Max(_life.Epoch, _life.Taking)} last:"
                + " a node was started from another copy of the folder, and may be running, or the database or the folder was put back.",
                Remedy);
        }

        if (_life.Folder is { } folder && _mark is { } mark && folder != mark)
        {
            throw new LoggerCmsException(
                ErrorCodes.SideInService,
                $"The lease of '{database}' is this node's own ({lease.NodeId}), but '{_folder}' is not the folder that the node ran in: it is a copy, and the node may be running where it was copied from.",
                Remedy);
        }
    }

    private static LoggerCmsException WentBack(string database, string hasOnly, string but, string goesOn = "-TakeOver") => new(
        ErrorCodes.DatabaseWentBack,
        $"'{database}' has only come to {hasOnly}, and {but}: it was put back to an earlier state, or a standby lacked the last commits."
            + " What was written to it since is missing, but for what delta files still hold.",
        $"Bring back the database that the node served, or the delta file that was lost. Start-CmsNode {goesOn} goes on from this one, with what delta files hold and without the rest.",
        database);

    private static string Remedy => "Stop the other node with Stop-CmsNode, or, if it is gone for good, run Start-CmsNode -TakeOver, which may lose what only its delta files hold."
        + " A second node needs a data folder of its own (-DataPath).";

    private static T? Read<T>(IFileLayer files, string path, JsonTypeInfo<T> type, string magic)
        where T : FolderFile
        => FolderFile.Read(files, path, type, magic, Version, "it does not tell a node's lives");

    private static void TryWrite(Action write)
    {
        try
        {
            write();
        }
        catch (LoggerCmsException)
        {
            // What the file says is true all the same, of some time ago.
        }
    }

    // Nothing of a folder that was moved is written where it was: that would keep it from being moved back.
    private void CheckPlace()
    {
        if (_mark is not null && _files.Mark(_folder) != _mark)
            throw FileFailure.Of(new DirectoryNotFoundException($"'{_folder}' is not the folder that it was when the node started."), _folder);
    }

    private void Write(Life life)
    {
        CheckPlace();
        FolderFile.Write(_files, Path.Combine(_folder, File), life, LifeJson.Default.Life);
        _life = life;
    }

    /// <param name="Magic">What the file is.</param>
    /// <param name="Version">Of its form.</param>
    /// <param name="Epoch">That the node held last, as far as it came to be served; 0 for none.</param>
    /// <param name="Taking">That it was about to take; 0 for none.</param>
    /// <param name="System">The system whose epochs they are.</param>
    /// <param name="Folder">What a copy of the folder does not share; null where it is not known.</param>
    /// <param name="LastKey">The last update key that the database is known to have of the epoch; 0 where it is not known, as in what earlier releases wrote.</param>
    /// <param name="ObjectIdEnd">No id up to it may be given out again, as the database is known to have it; 0 likewise.</param>
    /// <param name="UpdateKeyEnd">The same for update keys.</param>
    /// <param name="BroughtBy">The node that brought in the folder's delta files since then.</param>
    /// <param name="BroughtEpoch">In which epoch it did; 0 where none did.</param>
    /// <param name="BroughtKey">The last update key that the database had of that epoch then.</param>
    private sealed record Life(
        string Magic, int Version, long Epoch, long Taking, Guid System, string? Folder, long LastKey = 0, long ObjectIdEnd = 0, long UpdateKeyEnd = 0,
        Guid BroughtBy = default, long BroughtEpoch = 0, long BroughtKey = 0)
        : FolderFile(Magic, Version);

    /// <param name="Magic">What the file is.</param>
    /// <param name="Version">Of its form.</param>
    /// <param name="Epoch">Of the journal that has to be found.</param>
    /// <param name="System">The system that its changes belong to.</param>
    /// <param name="Sequence">That segment of it, or one that followed, has to be found; 0 in what earlier releases wrote.</param>
    private sealed record Owed(string Magic, int Version, long Epoch, Guid System, long Sequence = 0) : FolderFile(Magic, Version);

    [JsonSerializable(typeof(Life))]
    [JsonSerializable(typeof(Owed))]
    private sealed partial class LifeJson : JsonSerializerContext;
}

/// <summary>Numbers up to which a node has used a system's; 0 where nothing is known.</summary>
internal readonly record struct UsedNumbers(long Epoch, long ObjectId, long UpdateKey);
