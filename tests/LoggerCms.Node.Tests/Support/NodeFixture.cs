using System.Globalization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Node.Tests.Support;

/// <summary>What tests of the node share.</summary>
internal static class NodeFixture
{
    public const long Caller = SystemObjects.Administrator;

    public static readonly string Folder = Path.GetFullPath("/node/deltas");

    public static readonly Guid NodeId = new("fedcba98-7654-3210-fedc-ba9876543210");

    public static readonly DeltaOptions SmallDeltas = new()
    {
        SegmentBytes = 8192,
        TrimRollBytes = 1024,
        FailAfter = TimeSpan.Zero,
        RetryEvery = TimeSpan.FromMilliseconds(1),
        MarkAfter = TimeSpan.FromMilliseconds(1),
    };

    public static NodeOptions Options { get; } = new()
    {
        Name = "n1",
        Side = "A",
        NodeId = NodeId,
        DeltaPath = Folder,
        DataPath = Path.GetDirectoryName(Folder),
        Deltas = SmallDeltas,
        Cluster = new ClusterOptions { FlushInterval = TimeSpan.FromHours(1), LongestRetry = TimeSpan.FromHours(1), ObjectIdBlock = 1000, UpdateKeyBlock = 1000 },
    };

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static CrashableDisk NewDisk(int seed = 1)
    {
        var disk = new CrashableDisk(seed);
        disk.HasFolder(Path.GetDirectoryName(Folder)!);
        return disk;
    }

    public static async Task<CmsNode> StartAsync(ISystemDatabase database, IFileLayer files, NodeOptions? options = null, TimeProvider? time = null)
    {
        var node = new CmsNode(database, files, options ?? Options, time ?? TimeProvider.System);
        await node.StartAsync(Token);
        return node;
    }

    public static WriteRequest Request(params IReadOnlyList<WriteOperation> operations) => Request(Guid.Empty, operations);

    public static WriteRequest Request(Guid id, params IReadOnlyList<WriteOperation> operations) => new()
    {
        RequestId = id,
        PrincipalId = Caller,
        ClientAddress = "192.0.2.1",
        Guard = null,
        Operations = operations,
    };

    public static CreateObject Create(string name, long parentId = SystemObjects.RootFolder, string kind = ObjectKinds.Folder, byte[]? properties = null)
        => new() { Kind = kind, ParentId = parentId, Name = name, Properties = properties ?? [] };

    public static async Task<ChangedObject> MakeAsync(this CmsNode node, string name, long parentId = SystemObjects.RootFolder, string kind = ObjectKinds.Folder)
        => (await node.Sequencer.WriteAsync(Request(Create(name, parentId, kind)))).Changed[0];

    public static byte[] Bag(long value) => new PropertyBagBuilder().Set("t", value).Build().Encode();

    public static long ValueOf(CmsObject one) => PropertyBag.Over(one.Properties).TryGet("t", out var value) ? value.AsInteger : -1;

    public static List<string> Segments(CrashableDisk disk) => [.. disk.Paths.Where(p => p.EndsWith(".delta", StringComparison.Ordinal))];

    public static string Tell(CmsObject one) => string.Create(
        CultureInfo.InvariantCulture,
        $"{one.Id}/{one.Cuid}/{one.Kind}/{one.ParentId}/{one.Name}/{one.OwnerId}/{one.Version}/{one.UpdateKey}/{one.CreatedUs}/{one.ModifiedUs}/{Convert.ToHexString(one.Properties)}/{Convert.ToHexString(one.AccessList)}");

    public static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
