using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>The records of all segments of a folder, one after the other.</summary>
internal sealed class DeltaFolderReader(IFileLayer files, IReadOnlyList<DeltaPlace> places) : IDisposable
{
    private readonly List<DeltaFileReport> _reports = [];
    private DeltaFileReader? _file;
    private int _next;

    /// <summary>The files that were read to their end, in that order.</summary>
    public IReadOnlyList<DeltaFileReport> Reports => _reports;

    /// <summary>The segment that the record stands in.</summary>
    public DeltaSegmentHeader Header => _file!.Header!;

    public string Path => _file!.Path;

    /// <summary>The last update key of the record that was read last.</summary>
    public long Key => _file!.LastKey!.Value;

    public long RecordOffset => _file!.RecordOffset;

    /// <summary>The record that was read last; valid until the next is read.</summary>
    public ReadOnlySpan<byte> Payload => _file!.Payload;

    /// <summary>Goes to the next record; false after the last one of the last file.</summary>
    /// <exception cref="LoggerCmsException">DeltaDamaged, FormatNotSupported: nothing behind it is given.</exception>
    public bool Read()
    {
        while (true)
        {
            if (_file is not null)
            {
                if (_file.Read())
                    return true;
                var report = DeltaFolder.Report(_file, places[_next - 1]);
                _file.Dispose();
                _file = null;
                _reports.Add(report);
                report.Check();
            }

            if (_next == places.Count)
                return false;
            var place = places[_next++];
            if (place.IsVoid)
                continue;
            if (place.MissingBefore is { } missing)
                throw DeltaFailure.MissingBefore(place.Path, missing);
            _file = DeltaFileReader.Open(files, place.Path, place.ValidEnd);
        }
    }

    public void Dispose() => _file?.Dispose();
}
