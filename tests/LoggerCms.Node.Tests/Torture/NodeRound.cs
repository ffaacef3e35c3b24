using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;

namespace LoggerCms.Node.Tests.Torture;

/// <summary>
/// Many lives of one node on the same folder and database, each ended by the power or by a stop, with clients that note what they were told. The
/// database survives as it was at the moment the power went.
/// </summary>
internal sealed class NodeRound(int seed, Lies lies, ISurvivingDatabase database)
{
    private readonly Random _random = new(seed);
    private readonly Notebook _notes = new();

    public Notebook Notes => _notes;

    /// <summary>What each life came to, for messages.</summary>
    public List<string> Story { get; } = [];

    public CrashableDisk Disk { get; private set; } = NodeFixture.NewDisk(seed);

    public int Starts { get; private set; }

    public int PowerLosses { get; private set; }

    public int CleanStops { get; private set; }

    public long Reconciled { get; private set; }

    public async Task RunAsync(int lives)
    {
        for (var life = 0; life < lives; life++)
            await LiveAsync(Plan(), _random.Next(5, 40), faults: true);

        // Whatever was before, a life without faults ends well.
        await LiveAsync(new CrashPlan { Lies = lies }, 5, faults: false);
    }

    private async Task LiveAsync(CrashPlan plan, int requests, bool faults)
    {
        Disk.Begin(plan);
        Story.Add($"Life {Story.Count + 1}: {plan}; {string.Join(' ', Disk.Paths.Select(Path.GetFileName))}");
        await using var opened = database.Open();
        var faulty = new FaultyDatabase(opened);
        var disk = Disk;
        disk.PowerGoes = () => faulty.TurnOff(database.TakeWhatSurvives);
        if (faults)
            Plan(faulty, disk);
        var node = new CmsNode(faulty, disk, Options(), TimeProvider.System);
        try
        {
            await LiveAsync(node, disk, requests, faults);
        }
        finally
        {
            if (disk.Survivor is null && node.State.State != NodeState.Stopped)
                disk.PullThePlug();
            await node.DisposeAsync();
            if (disk.Survivor is { } survivor)
            {
                PowerLosses++;
                Disk = survivor;
            }

            database.Restart(crashed: disk.Survivor is not null);
            Story.Add($"  end: {(disk.Survivor is null ? "on" : "off")}, {_notes.Acknowledged} acknowledged, {_notes.Unknown} unknown; last operations {string.Join(", ", disk.Operations.TakeLast(6))}");
        }
    }

    private async Task LiveAsync(CmsNode node, CrashableDisk disk, int requests, bool faults)
    {
        try
        {
            await node.StartAsync(CancellationToken.None);
        }
        catch (Exception failure) when (faults && (disk.Survivor is not null || failure is LoggerCmsException
        {
            Code: ErrorCodes.JournalFailed or ErrorCodes.ConnectionLost
            or ErrorCodes.OutcomeUnknown or ErrorCodes.DiskFull or ErrorCodes.TempFolderUnusable
        }))
        {
            Story.Add($"  start: {failure.Message}");
            return;
        }

        Starts++;
        Reconciled += node.Reconciled!.Records;
        Story.Add($"  started: {node.Reconciled.Records} records, {node.Reconciled.Applied} applied, {node.Reconciled.AlreadyThere} there, {node.Reconciled.Repeated} repeated, {node.Reconciled.TornBytes} torn");
        if (disk.Survivor is null)
        {
            Assert.True(node.Reconciled.Conflicts.Count == 0, $"There was nobody else, and yet: {node.Reconciled.Conflicts.FirstOrDefault()}");
            await CheckAsync(node);
        }

        var clients = Enumerable.Range(0, _random.Next(1, 5)).Select(_ => new Client(_notes, new Random(_random.Next()))).ToList();
        await Task.WhenAll(clients.Select(c => Task.Run(() => c.RunAsync(node, requests, () => disk.Survivor is null))));
        if (!faults || _random.Next(2) == 0)
            await StopAsync(node, disk, faults);
    }

    private async Task StopAsync(CmsNode node, CrashableDisk disk, bool faults)
    {
        try
        {
            await node.StopAsync(CancellationToken.None);
        }
        catch (Exception failure) when (faults)
        {
            // The node may not have ended well; what it holds is checked after the next start.
            Story.Add($"  stop: {failure.Message}");
            return;
        }

        // The power may have gone with the last call to the database.
        if (disk.Survivor is not null)
            return;
        CleanStops++;
        Assert.Empty(NodeFixture.Segments(disk));
        await using var opened = database.Open();
        Assert.False((await opened.ReadStateAsync(CancellationToken.None)).Lease!.InForce);
        await CheckAsync(node, opened);
    }

    private async Task CheckAsync(CmsNode node)
    {
        await WholeAsync(node);
        _notes.Check(node.Image);
    }

    private static async Task CheckAsync(CmsNode node, ISystemDatabase opened)
    {
        List<string> there = [];
        await opened.LoadAsync(
            one =>
            {
                lock (there)
                    there.Add(NodeFixture.Tell(one));
            },
            CancellationToken.None);
        List<string> image = [];
        foreach (var one in node.Image.All())
            image.Add(NodeFixture.Tell(one.IsSkeleton ? (await opened.FindAsync(one.Id, CancellationToken.None))! : one));
        Assert.Equal(image.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    // The marks stand in the properties, which a memory limit may have dropped.
    private static async Task WholeAsync(CmsNode node)
    {
        foreach (var one in node.Image.All())
        {
            if (one.IsSkeleton)
                await node.Image.GetAsync(one.Id, CancellationToken.None);
        }
    }

    private NodeOptions Options() => NodeFixture.Options with
    {
        Deltas = NodeFixture.SmallDeltas with
        {
            SegmentBytes = 4096 << _random.Next(3),
            MakeAhead = _random.Next(2) == 0,
            FailAfter = TimeSpan.FromMilliseconds(_random.Next(2) * 3),
        },
        Cluster = new ClusterOptions
        {
            FlushInterval = TimeSpan.FromMilliseconds(_random.Next(1, 20)),
            LongestRetry = TimeSpan.FromMilliseconds(20),
            LongestWait = TimeSpan.FromMilliseconds(40),
            ObjectIdBlock = 100,
            UpdateKeyBlock = _random.Next(2) == 0 ? 400 : 10_000,
        },
    };

    private CrashPlan Plan() => new()
    {
        PowerLossAt = _random.Next(5) switch { 0 => CrashPlan.Never, 1 => _random.Next(1, 20), 2 => _random.Next(1, 60), _ => _random.Next(1, 300) },
        FailSyncAt = _random.Next(4) == 0 ? _random.Next(1, 40) : CrashPlan.Never,
        FullAtWrite = _random.Next(4) == 0 ? _random.Next(1, 80) : CrashPlan.Never,
        Lies = lies,
    };

    private void Plan(FaultyDatabase faulty, CrashableDisk disk)
    {
        var random = new Random(_random.Next());
        var away = _random.Next(3) == 0 ? 0.3 : 0;
        var lost = _random.Next(3) == 0 ? 0.2 : 0;
        faulty.Fault = _ =>
        {
            lock (random)
            {
                if (random.Next(10) == 0)
                    disk.MakeRoom();
                var drawn = random.NextDouble();
                if (drawn < away)
                    return DatabaseFault.Away;
                return drawn < away + lost ? (random.Next(2) == 0 ? DatabaseFault.LostBefore : DatabaseFault.LostAfter) : DatabaseFault.None;
            }
        };
        var crash = _random.Next(4) == 0 ? _random.Next(1, 30) : -1;
        faulty.Did = _ =>
        {
            if (Interlocked.Decrement(ref crash) == 0)
                disk.PullThePlug();
        };
    }
}

/// <summary>A system database that outlives its node.</summary>
internal interface ISurvivingDatabase
{
    ISystemDatabase Open();

    /// <summary>Called at the moment the power goes.</summary>
    void TakeWhatSurvives();

    /// <summary>Called when the node is gone.</summary>
    void Restart(bool crashed);
}
