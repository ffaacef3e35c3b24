using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;

namespace LoggerCms.Benchmarks.RunOne;

/// <summary>The delta journal against the least that a durable append can be, and a replay of what it wrote.</summary>
internal static partial class DeltaWork
{
    public const int Writers = 64;
    public const int RecordBytes = 300;

    /// <summary>Each of 64 writers appends its share of the records, one after the other, and waits for each to be durable.</summary>
    public static async Task<RunOneReport> AppendAsync(RunOneReport report, string folder, string records)
    {
        var total = int.Parse(records, CultureInfo.InvariantCulture);
        var header = new DeltaJournalHeader(Guid.NewGuid(), Guid.NewGuid(), 1, "A");
        await using var journal = DeltaJournal.Create(SystemFiles.Instance, folder, header);
        var payload = new byte[RecordBytes - DeltaFormat.RecordHeaderSize];
        Random.Shared.NextBytes(payload);
        var order = new Lock();
        var key = 0L;
        var clock = Stopwatch.StartNew();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < total / Writers; i++)
                await Next().ConfigureAwait(false);
        }))).ConfigureAwait(false);
        var elapsed = clock.Elapsed;
        var state = journal.State;
        return report with
        {
            ElapsedMilliseconds = elapsed.TotalMilliseconds,
            Deltas = new DeltaFigures(state.Records, state.Groups, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)total),
        };

        ValueTask Next()
        {
            lock (order)
                return journal.AppendAsync(++key, payload);
        }
    }

    /// <summary>
    /// One thread writes 64 records at a time behind the last ones, and asks the kernel to make them durable; into a file that grows, or into
    /// one of synced zeros, whose making is not timed.
    /// </summary>
    public static RunOneReport Bare(RunOneReport report, string path, string records, bool madeAhead)
    {
        var total = int.Parse(records, CultureInfo.InvariantCulture);
        var group = new byte[Writers * RecordBytes];
        Random.Shared.NextBytes(group);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        if (madeAhead)
        {
            var zeros = new byte[group.Length];
            for (long i = 0; i < total / Writers; i++)
                RandomAccess.Write(file, zeros, i * zeros.Length);
            RandomAccess.FlushToDisk(file);
        }

        var clock = Stopwatch.StartNew();
        for (long i = 0; i < total / Writers; i++)
        {
            RandomAccess.Write(file, group, i * group.Length);
            if (FdataSync(file) != 0)
                throw new IOException($"fdatasync failed: {Marshal.GetLastPInvokeError()}");
        }

        return report with { ElapsedMilliseconds = clock.Elapsed.TotalMilliseconds, Deltas = new DeltaFigures(total, total / Writers, 0) };
    }

    /// <summary>Reads every record of a folder and looks at each payload.</summary>
    public static RunOneReport Replay(RunOneReport report, string folder)
    {
        var clock = Stopwatch.StartNew();
        using var reader = DeltaFolder.Read(SystemFiles.Instance, folder);
        long records = 0, bytes = 0;
        while (reader.Read())
        {
            records++;
            bytes += reader.Payload.Length;
        }

        return report with { ElapsedMilliseconds = clock.Elapsed.TotalMilliseconds, Deltas = new DeltaFigures(records, bytes, 0) };
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FdataSync(SafeHandle file);
}

/// <param name="Records">How many were made durable, or read.</param>
/// <param name="Groups">In how many groups; for a replay, how many bytes they were.</param>
/// <param name="AllocatedBytes">A record, by the whole process.</param>
internal sealed record DeltaFigures(long Records, long Groups, double AllocatedBytes);
