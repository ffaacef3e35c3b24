using System.Buffers.Binary;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>What tests of the journal share: whose it is, records that tell by themselves whether they are whole, and all records of a folder.</summary>
internal static class JournalFixture
{
    public static readonly string Folder = Path.GetFullPath("/node/deltas");

    public static readonly DeltaOptions Small = new()
    {
        SegmentBytes = 8192,
        TrimRollBytes = 1024,
        FailAfter = TimeSpan.Zero,
        RetryEvery = TimeSpan.FromMilliseconds(1),
        MarkAfter = TimeSpan.FromMilliseconds(1),
    };

    public static DeltaJournalHeader Header(long epoch = 7) => new(new Guid("01234567-89ab-cdef-0123-456789abcdef"), new Guid("fedcba98-7654-3210-fedc-ba9876543210"), epoch, "A");

    public static CrashableDisk NewDisk(int seed)
    {
        var disk = new CrashableDisk(seed);
        disk.HasFolder(Path.GetDirectoryName(Folder)!);
        return disk;
    }

    /// <summary>A record of a length and a content that follow from its key.</summary>
    public static byte[] Payload(long key)
    {
        var random = new Random((int)key);
        var payload = new byte[8 + random.Next(300)];
        random.NextBytes(payload);
        BinaryPrimitives.WriteInt64LittleEndian(payload, key);
        return payload;
    }

    public static ValueTask AppendAsync(this DeltaJournal journal, long key) => journal.AppendAsync(key, Payload(key));

    public static async Task AppendManyAsync(this DeltaJournal journal, long first, int count)
    {
        for (var key = first; key < first + count; key++)
            await journal.AppendAsync(key);
    }

    /// <summary>The keys of all records, each of which is as it was written.</summary>
    public static List<long> Keys(IFileLayer disk, string? folder = null)
    {
        var keys = new List<long>();
        using var reader = DeltaFolder.Read(disk, folder ?? Folder);
        while (reader.Read())
        {
            Assert.Equal(Payload(reader.Key), reader.Payload.ToArray());
            keys.Add(reader.Key);
        }

        return keys;
    }

    public static List<string> Segments(CrashableDisk disk) => [.. disk.Paths.Where(p => p.EndsWith(".delta", StringComparison.Ordinal))];

    public static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
