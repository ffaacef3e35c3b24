using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>A host process that runs one call of the engine. Ended when disposed.</summary>
internal sealed partial class Host : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly BlockingCollection<string> _unread = [];
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private Host(string home, string temp, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LOGGERCMS_HOME"] = home;
        start.Environment["TMPDIR"] = temp;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _unread.CompleteAdding();
                return;
            }

            _lines.Enqueue(line.Data);
            _unread.Add(line.Data);
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
                _errors.Enqueue(line.Data);
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "LoggerCms.MultiProcess.Host" + (OperatingSystem.IsWindows() ? ".exe" : string.Empty));

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>All that the host said, for messages.</summary>
    public string Said => string.Join(Environment.NewLine, _lines.Concat(_errors));

    public static Host Start(string home, string temp, params string[] arguments) => new(home, temp, Program, arguments);

    /// <summary>A host under another program, which is given the host's own path and arguments behind its own.</summary>
    public static Host StartUnder(string program, IEnumerable<string> before, string home, string temp, params string[] arguments)
        => new(home, temp, program, [.. before, Program, .. arguments]);

    /// <summary>Waits for a line that begins so; null when the host ended without one.</summary>
    public string? WaitFor(string beginning)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            foreach (var line in _unread.GetConsumingEnumerable(patience.Token))
            {
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                    return line;
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Waited {Patience} for '{beginning}'. The host said: {Said}");
        }

        return null;
    }

    /// <summary>Waits until the host stands still at a phase.</summary>
    public void WaitForPause(string phase) => Assert.True(WaitFor("paused " + phase) is not null, $"The host never came to {phase}: {Said}");

    public void GoOn() => _process.StandardInput.WriteLine();

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Interrupt() => Assert.Equal(0, SendSignal(_process.Id, 2));

    public Outcome WaitForEnd()
    {
        Assert.True(_process.WaitForExit(Patience), $"The host did not end in {Patience}: {Said}");
        _process.WaitForExit();
        var last = _lines.LastOrDefault(l => l.StartsWith("result ", StringComparison.Ordinal) || l.StartsWith("error ", StringComparison.Ordinal));
        Assert.True(last is not null, $"The host ended with {_process.ExitCode} and without a result: {Said}");
        return Outcome.Parse(last, Said);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        _unread.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>How a host's call ended.</summary>
internal sealed record Outcome(string? Status, Guid? Id, string? Equal, string? Mode, string? ErrorCode, string? Phase, string Said)
{
    public static Outcome Parse(string line, string said)
    {
        var words = line.Split(' ');
        return words[0] == "result"
            ? new Outcome(words[1], Guid.Parse(words[2]), words[3], words[4], words[5] == "-" ? null : words[5], null, said)
            : new Outcome(null, null, null, null, words[1], words[2], said);
    }

    public void MustBe(string status) => Assert.True(Status == status, $"Expected {status}: {Said}");

    public void MustFail(params string[] codes) => Assert.True(codes.Contains(ErrorCode), $"Expected {string.Join(" or ", codes)}: {Said}");
}
