using System.Buffers.Binary;
using System.Globalization;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Auditing;

/// <summary>The segments that a queue finds when it starts.</summary>
internal static class AuditFolder
{
    public const string DamagedSuffix = ".damaged";

    /// <summary>The queue of the node that has the data folder.</summary>
    public static string In(string dataPath) => Path.Combine(dataPath, "audit");

    public static string PathOf(string folder, long number)
        => Path.Combine(folder, number.ToString("D10", CultureInfo.InvariantCulture) + AuditSegment.Suffix);

    /// <summary>Oldest first. What was being written when the machine stopped, and so was never promised, is left out and deleted in the end.</summary>
    /// <exception cref="LoggerCmsException">FormatNotSupported: a segment of another release, left untouched.</exception>
    public static List<(long Number, AuditSegment Segment)> Open(IFileLayer files, string folder)
    {
        var found = new List<(long Number, AuditSegment Segment)>();
        try
        {
            foreach (var entry in files.List(folder).OrderBy(f => f.Path, StringComparer.Ordinal))
            {
                if (!entry.Path.EndsWith(AuditSegment.Suffix, StringComparison.Ordinal)
                    || !long.TryParse(Path.GetFileNameWithoutExtension(entry.Path), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                    continue;
                found.Add((number, OpenSegment(files, entry.Path)));
            }

            return found;
        }
        catch
        {
            foreach (var (_, segment) in found)
                segment.Dispose();
            throw;
        }
    }

    private static AuditSegment OpenSegment(IFileLayer files, string path)
    {
        var file = files.Open(path);
        try
        {
            var bytes = new byte[file.Length];
            var length = file.ReadFully(bytes, 0);
            var data = bytes.AsSpan(0, length);
            var hasHeader = data.Length >= AuditSegment.HeaderSize && data[..8].SequenceEqual(AuditSegment.Magic);
            if (hasHeader && BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) is var version and not AuditSegment.Version)
            {
                throw new LoggerCmsException(
                    ErrorCodes.FormatNotSupported, $"'{path}' has version {version} of the audit queue; this release knows {AuditSegment.Version}.",
                    "Start the release that wrote it, which empties the queue, or move the file away.");
            }

            var (end, damaged) = Scan(data, hasHeader);
            return new AuditSegment(path, file, end) { IsDamaged = damaged };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The end of the last whole frame, and whether anything before the last known durable offset is not one.</summary>
    private static (long End, bool Damaged) Scan(ReadOnlySpan<byte> data, bool hasHeader)
    {
        long end = AuditSegment.HeaderSize, durable = 0, firstGap = hasHeader ? long.MaxValue : 0;
        for (var at = AuditSegment.HeaderSize; at < data.Length;)
        {
            var size = AuditSegment.FrameAt(data[at..], out var known);
            if (size == 0)
            {
                firstGap = Math.Min(firstGap, at);
                at++;
                continue;
            }

            at += size;
            end = at;
            durable = Math.Max(durable, known);
        }

        return (end, firstGap < durable);
    }
}
