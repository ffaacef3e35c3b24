using System.Globalization;
using System.Text;

namespace LoggerCms.Core.Tracing;

/// <summary>How a trace is written.</summary>
public sealed record TraceWriterOptions
{
    /// <summary>Bytes at which the file is renamed to <c>NAME.1.EXT</c> and a new one begun.</summary>
    public long MaxBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Files that are kept, with the one that is written.</summary>
    public int MaxFiles { get; init; } = 4;

    public bool Milliseconds { get; init; }

    /// <summary>Write each line's offset from UTC, so that traces of two zones can be laid side by side.</summary>
    public bool UtcOffset { get; init; }
}

/// <summary>
/// Writes a trace in the form of the Logger's own: <c>HH:mm:ss Trace: text</c>, with a line <c>Events from yyyy-MM-dd:</c> at the beginning
/// of each file and when the date changes. What it writes <see cref="TraceTools"/> reads back unit by unit (<see cref="TraceEscape"/>).
/// </summary>
/// <remarks>
/// Thread-safe. It never throws for a disk that fails: it drops lines, tries again after <see cref="RetryAfter"/>, and then says in the trace
/// how many are missing. <see cref="Failure"/> says what was wrong. The file is readable by its owner only, and has one writer at a time.
/// </remarks>
public sealed class TraceWriter : IDisposable
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>Characters as they are written: what the reader takes without a cut of its own.</summary>
    private const int MaxMessage = TraceAssembler.MaxMessage - 16;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TraceWriterOptions _options;
    private readonly TimeProvider _time;
    private readonly StringBuilder _text = new();
    private FileStream? _file;
    private DateOnly? _date;
    private long _failedAt;
    private long _dropped;
    private bool _isFailing;
    private bool _isTorn;
    private bool _disposed;

    /// <param name="path">The file; its folder is made, for its owner only, where it is missing. An existing trace is continued.</param>
    /// <param name="options">How it is written.</param>
    /// <param name="time">The clock and the zone of the lines.</param>
    public TraceWriter(string path, TraceWriterOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFiles, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBytes, 1);
        _path = path;
        _options = options;
        _time = time;
    }

    /// <summary>Why a line could not be written, the first time that this happened; null while all were.</summary>
    public string? Failure { get; private set; }

    /// <summary>A line for who looks for the cause.</summary>
    /// <returns>The line as it was written.</returns>
    public string Trace(string message, int? threadId = null) => Write(message, isTrace: true, threadId);

    /// <summary>A line for the operator: without the word Trace.</summary>
    /// <returns>The line as it was written.</returns>
    public string Announce(string message, int? threadId = null) => Write(message, isTrace: false, threadId);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private string Write(string message, bool isTrace, int? threadId)
    {
        ArgumentNullException.ThrowIfNull(message);
        lock (_gate)
        {
            var now = _time.GetLocalNow();
            var line = Format(message, isTrace, threadId, now);
            if (!_disposed)
                Put(line, now);
            return line;
        }
    }

    private string Format(string message, bool isTrace, int? threadId, DateTimeOffset now)
    {
        _text.Clear();
        _text.Append(now.ToString(_options.Milliseconds ? "HH:mm:ss.fff" : "HH:mm:ss", CultureInfo.InvariantCulture)).Append(' ');
        if (_options.UtcOffset)
            _text.Append(now.ToString("zzz", CultureInfo.InvariantCulture)).Append(' ');
        if (isTrace)
            _text.Append("Trace: ");
        if (threadId is >= 0 and var id)
            _text.Append(CultureInfo.InvariantCulture, $"Thread[{id}]: ");
        if (!TraceEscape.Append(_text, message, IsTakenForHeader(message), MaxMessage))
            _text.Append(TraceAssembler.CutMark);
        return _text.ToString();
    }

    /// <summary>Whether a reader would take the beginning of the text for something else than text.</summary>
    private static bool IsTakenForHeader(string message)
        => message.Length > 0
            && (message[0] is ' ' or '\t' or '+' or '-'
                || message.StartsWith("Trace:", StringComparison.Ordinal)
                || message.StartsWith("Thread[", StringComparison.Ordinal)
                || TraceHeader.TryReadNames(message, isDump: true, out _, out _));

    private void Put(string line, DateTimeOffset now)
    {
        if (_isFailing && _time.GetElapsedTime(_failedAt) < RetryAfter)
        {
            _dropped++;
            return;
        }

        try
        {
            if (_file is null || _file.Length + line.Length > _options.MaxBytes)
                Open();
            var date = DateOnly.FromDateTime(now.DateTime);
            var head = _isTorn ? "\n" : string.Empty;
            if (_date != date)
                head += date.ToString("'Events from 'yyyy-MM-dd':'", CultureInfo.InvariantCulture) + "\n";
            if (_dropped > 0)
                head += Lost(now);
            _isTorn = true;
            _file!.Write(Encoding.UTF8.GetBytes(head + line + "\n"));
            _isTorn = false;
            _date = date;
            _dropped = 0;
            _isFailing = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Failure ??= exception.Message;
            _isFailing = true;
            _failedAt = _time.GetTimestamp();
            _dropped++;
        }
    }

    private string Lost(DateTimeOffset now)
        => string.Create(CultureInfo.InvariantCulture, $"{now:HH:mm:ss} Warning: {_dropped} lines are missing here: {Failure?.ReplaceLineEndings(" ")}\n");

    private void Open()
    {
        if (_file is not null && _file.Length > 0)
        {
            Close();
            Rotate();
        }

        Close();
        MakeFolder();
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(_path, options);
        _date = null;
        if (_file.Length > 0)
        {
            // A crash may have left half a line.
            _file.Seek(-1, SeekOrigin.End);
            _isTorn = _file.ReadByte() != '\n';
            if (_file.Length > _options.MaxBytes)
                Open();
        }
    }

    private void Rotate()
    {
        for (var number = _options.MaxFiles - 1; number >= 1; number--)
        {
            var from = number == 1 ? _path : Numbered(number - 1);
            if (File.Exists(from))
                File.Move(from, Numbered(number), overwrite: true);
        }

        if (_options.MaxFiles == 1)
            File.Delete(_path);
        _isTorn = false;
    }

    private string Numbered(int number)
        => Path.Combine(
            Path.GetDirectoryName(_path) ?? string.Empty,
            string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(_path)}.{number}{Path.GetExtension(_path)}"));

    private void MakeFolder()
    {
        if (Path.GetDirectoryName(_path) is not { Length: > 0 } folder)
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
