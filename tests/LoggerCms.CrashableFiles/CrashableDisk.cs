using LoggerCms.Core.Files;

namespace LoggerCms.CrashableFiles;

/// <summary>
/// A disk in memory that keeps apart what was synced and what was not, for the bytes of a file and for the names in a folder. When the power
/// goes, <see cref="Survivor"/> is a disk with what was synced and any part of what was not, drawn from the seed: sectors torn and out of
/// order, names made, moved and removed or not. Safe for several callers at once.
/// </summary>
internal sealed class CrashableDisk(int seed) : IFileLayer
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Random _reads = new(seed);
    private readonly List<NameChange> _unsynced = [];
    private readonly List<string> _operations = [];

    // A folder is a name without content.
    private Dictionary<string, FileContent?> _now = new(StringComparer.Ordinal);
    private Dictionary<string, FileContent?> _durable = new(StringComparer.Ordinal);
    private CrashPlan _plan = new();
    private int _writes;
    private int _syncs;
    private bool _full;
    private CrashableDisk? _survivor;

    /// <summary>Called at the moment the power goes, so that a test can take what else survives.</summary>
    public Action? PowerGoes { get; set; }

    /// <summary>What was done since the plan was made, for messages.</summary>
    public IReadOnlyList<string> Operations => _operations;

    public int Writes => _writes;

    public int Syncs => _syncs;

    /// <summary>What the disk has after the power went; null while it is on.</summary>
    public CrashableDisk? Survivor => _survivor;

    /// <summary>The files that are there.</summary>
    public IReadOnlyList<string> Paths => Look(() => _now.Where(n => n.Value is not null).Select(n => n.Key).Order(StringComparer.Ordinal).ToList());

    /// <summary>Counts from here on.</summary>
    public void Begin(CrashPlan plan)
    {
        lock (_lock)
        {
            _plan = plan;
            (_writes, _syncs, _full) = (0, 0, false);
            _operations.Clear();
        }
    }

    public void MakeRoom()
    {
        lock (_lock)
        {
            _full = false;
            _plan = _plan with { FullAtWrite = CrashPlan.Never };
        }
    }

    /// <summary>A folder that was always there.</summary>
    public void HasFolder(string path)
    {
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
            _now[at] = _durable[at] = null;
    }

    public byte[] ReadAll(string path) => Look(() => (byte[])[.. Content(path).Now]);

    /// <summary>Changes a file as if it had always been so.</summary>
    public void Put(string path, byte[] bytes) => _now[path] = _durable[path] = new FileContent(bytes);

    /// <summary>Goes off now, whatever the plan says.</summary>
    public CrashableDisk PullThePlug()
    {
        lock (_lock)
        {
            TurnOff();
            return _survivor!;
        }
    }

    public IDurableFile Create(string path)
    {
        var content = new FileContent();
        Do("create", path, () =>
        {
            CheckFolder(path);
            if (_now.ContainsKey(path))
                throw new IOException($"The file '{path}' already exists.");
            Change(new NameChange(path, null, content));
        });
        return new CrashableFile(this, path, content, writable: true);
    }

    public IDurableFile Open(string path)
        => Look(() =>
        {
            CheckFolder(path);
            return new CrashableFile(this, path, Content(path), writable: false);
        });

    public void Rename(string path, string newPath)
        => Do("rename", path, () =>
        {
            if (Path.GetDirectoryName(path) != Path.GetDirectoryName(newPath))
                throw new NotSupportedException("Only within a folder.");
            Change(new NameChange(newPath, path, Content(path)));
        });

    public void Delete(string path)
        => Do("delete", path, () =>
        {
            CheckFolder(path);
            if (_now.GetValueOrDefault(path) is not null)
                Change(new NameChange(path, path, null));
        });

    public void MakeFolder(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
            return;
        if (!Look(() => _now.ContainsKey(path)))
        {
            MakeFolder(parent);
            Do("mkdir", path, () => Change(new NameChange(path, null, null)));
        }

        SyncFolder(parent);
    }

    public void SyncFolder(string path)
        => Do("sync folder", path, () =>
        {
            if (!_now.TryGetValue(path, out var content) || content is not null)
                throw new DirectoryNotFoundException($"Could not find a part of the path '{path}'.");
            if (_plan.Lies.HasFlag(Lies.FolderSync))
                return;
            foreach (var change in _unsynced.Where(c => Path.GetDirectoryName(c.Path) == path))
                change.Apply(_durable);
            _unsynced.RemoveAll(c => Path.GetDirectoryName(c.Path) == path);
        });

    public FileEntry? Find(string path)
        => Look(() => _now.GetValueOrDefault(path) is { } content ? Entry(path, content) : (FileEntry?)null);

    /// <summary>Another one for a disk that stands for a copy.</summary>
    public string FolderMark { get; set; } = "1";

    public string? Mark(string folder) => FolderMark;

    /// <summary>Another one for a disk of which something is not mounted.</summary>
    public string MountedVolume { get; set; } = "1";

    public string? Volume(string folder) => MountedVolume;

    public IReadOnlyList<FileEntry> List(string folder)
        => Look(() => _now.Where(n => n.Value is not null && Path.GetDirectoryName(n.Key) == folder).Select(n => Entry(n.Key, n.Value!)).ToList());

    internal bool IsAt(string path, FileContent content) => Look(() => _now.GetValueOrDefault(path) == content);

    internal bool HasName(FileContent content) => Look(() => _now.ContainsValue(content));

    internal void Write(string path, FileContent content, byte[] bytes, long offset)
        => Do($"write {bytes.Length} at {offset}", path, () =>
        {
            if (++_writes == _plan.FullAtWrite)
                _full = true;
            if (!_full)
            {
                content.Write(bytes, offset);
                return;
            }

            content.Write(bytes.AsSpan(0, _random.Next(bytes.Length)), offset);
            throw new IOException($"No space left on device : '{path}'", NoSpace);
        });

    internal byte[] Read(FileContent content, int count, long offset)
        => Look(() =>
        {
            var rest = (int)Math.Clamp(content.Now.Length - offset, 0, count);

            // A read may give less than it was asked for.
            return content.Now.AsSpan((int)Math.Min(offset, content.Now.Length), rest > 1 && _reads.Next(4) == 0 ? _reads.Next(1, rest) : rest).ToArray();
        });

    internal void SyncFile(string path, FileContent content)
        => Do("sync", path, () =>
        {
            if (++_syncs == _plan.FailSyncAt)
            {
                content.FailSync(_random);
                throw new IOException($"Input/output error : '{path}'", InputOutput);
            }

            if (!_plan.Lies.HasFlag(Lies.FileSync))
                content.Sync();
        });

    /// <summary>Looks without changing anything, which is no operation of its own.</summary>
    internal T Look<T>(Func<T> look)
    {
        lock (_lock)
        {
            if (_survivor is not null)
                throw new PowerLossException();
            return look();
        }
    }

    private void Do(string what, string path, Action effect)
    {
        lock (_lock)
        {
            if (_survivor is not null)
                throw new PowerLossException();
            _operations.Add($"{what} {Path.GetFileName(path)}");
            if (_operations.Count != _plan.PowerLossAt)
            {
                effect();
                return;
            }

            if (_random.Next(2) == 0)
                effect();
            TurnOff();
            throw new PowerLossException();
        }
    }

    private void TurnOff()
    {
        PowerGoes?.Invoke();
        var survivor = new CrashableDisk(_random.Next()) { FolderMark = FolderMark };
        var (names, sectors) = (Likelihood(), Likelihood());
        var there = new Dictionary<string, FileContent?>(_durable, StringComparer.Ordinal);
        foreach (var change in _unsynced)
        {
            if (_random.NextDouble() < names)
                change.Apply(there);
        }

        foreach (var (path, content) in there.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            // What stood in a folder that did not survive is gone with it.
            var above = Path.GetDirectoryName(path);
            if (above is null || survivor._now.TryGetValue(above, out var folder) && folder is null)
                survivor._now[path] = survivor._durable[path] = content is null ? null : new FileContent(content.Draw(_random, sectors));
        }

        _survivor = survivor;

        // Nothing, everything and what lies between are all worth seeing.
        double Likelihood() => _random.Next(5) / 4.0;
    }

    private void Change(NameChange change)
    {
        change.Apply(_now);
        _unsynced.Add(change);
    }

    private void CheckFolder(string path)
    {
        if (!_now.TryGetValue(Path.GetDirectoryName(path)!, out var folder) || folder is not null)
            throw new DirectoryNotFoundException($"Could not find a part of the path '{path}'.");
    }

    private FileContent Content(string path)
        => _now.GetValueOrDefault(path) ?? throw new FileNotFoundException($"Could not find file '{path}'.", path);

    private static FileEntry Entry(string path, FileContent content) => new(path, content.Now.Length, DateTime.UnixEpoch);

    /// <summary>One step on a folder's names, which is on the disk whole or not at all: a name that goes, and one that comes.</summary>
    private sealed record NameChange(string Path, string? Goes, FileContent? Content)
    {
        public void Apply(Dictionary<string, FileContent?> names)
        {
            if (Goes is not null)
                names.Remove(Goes);
            if (Goes != Path)
                names[Path] = Content;
        }
    }
}
