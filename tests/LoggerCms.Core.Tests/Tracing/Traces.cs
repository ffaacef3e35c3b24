using LoggerCms.Core.Tracing;

namespace LoggerCms.Core.Tests.Tracing;

/// <summary>A folder of traces that is gone afterwards, and ways to read them.</summary>
internal sealed class Traces : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-trace-").FullName;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The sample traces of the repository, which hold the seed document's two.</summary>
    public static string Sample(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "examples", "traces", name);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException($"There is no sample trace {name} above {AppContext.BaseDirectory}.");
    }

    public string At(string name) => Path.Combine(_folder, name);

    public string Write(string name, params string[] lines) => WriteText(name, string.Concat(lines.Select(line => line + "\n")));

    public string WriteText(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public string WriteBytes(string name, byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    public static async Task<List<LoggerTraceLine>> ReadAsync(string path, Func<TraceReadRequest, TraceReadRequest>? with = null, List<string>? notes = null)
    {
        var request = new TraceReadRequest { Path = path };
        var lines = new List<LoggerTraceLine>();
        await foreach (var batch in new TraceTools(TimeProvider.System).ReadAsync(with?.Invoke(request) ?? request, Token))
        {
            lines.AddRange(batch.Lines);
            notes?.AddRange(batch.Notes);
        }

        return lines;
    }

    public async Task<List<LoggerTraceLine>> ReadLinesAsync(params string[] lines) => await ReadAsync(Write("trace.txt", lines));

    public Task<IReadOnlyList<LoggerFault>> FindAsync(params string[] lines) => FindInAsync(Write("trace.txt", lines));

    public static Task<IReadOnlyList<LoggerFault>> FindInAsync(params string[] paths)
        => new TraceTools(TimeProvider.System).FindFaultsAsync(new FaultRequest { Path = paths }, Token);

    public static Task<IReadOnlyList<LoggerFault>> FindInAsync(string sideA, string sideB)
        => new TraceTools(TimeProvider.System).FindFaultsAsync(new FaultRequest { SideA = [sideA], SideB = [sideB] }, Token);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>A clock that a test moves, in a zone that a test chooses.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    private long _timestamp;

    public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("test", now.Offset, "test", "test");

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();

    public override long GetTimestamp() => _timestamp;

    /// <summary>Sets the wall clock, while no time passes.</summary>
    public void Set(DateTimeOffset to) => now = to;

    public void Advance(TimeSpan by)
    {
        now += by;
        _timestamp += by.Ticks;
    }
}
