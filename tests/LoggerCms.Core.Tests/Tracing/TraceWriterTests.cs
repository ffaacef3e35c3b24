using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Tracing;

namespace LoggerCms.Core.Tests.Tracing;

public sealed class TraceWriterTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 16, 47, 39, 250, TimeSpan.FromHours(1));

    [Fact]
    public void The_form_is_that_of_the_seed_with_a_date_line_at_the_start_and_at_midnight()
    {
        using var traces = new Traces();
        var clock = new TestClock(Start);
        using (var writer = new TraceWriter(traces.At("t.trace"), new TraceWriterOptions(), clock))
        {
            Assert.Equal("16:47:39 Trace: PrepareToSendState", writer.Trace("PrepareToSendState"));
            writer.Announce("MDS is in service.");
            clock.Advance(TimeSpan.FromHours(8));
            writer.Trace("Commit Config Transaction 1", threadId: 2536);
        }

        Assert.Equal(
            """
            Events from 2026-11-24:
            16:47:39 Trace: PrepareToSendState
            16:47:39 MDS is in service.
            Events from 2026-11-25:
            00:47:39 Trace: Thread[2536]: Commit Config Transaction 1

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(traces.At("t.trace")));
    }

    [Fact]
    public async Task What_is_written_is_read_back_unit_by_unit()
    {
        using var traces = new Traces();
        string[] hard =
        [
            string.Empty, " ", "\t", "\n", "\r\n", "a\nb", "a\n16:47:39 Trace: b", "\n\n\n", "16:47:39 x", "Events from 2026-01-01:", "Trace: x", "Thread[5]: x",
            "la-lgr x", "xyz-abc", "+01:00 x", "-x", "\u241B0041", "\u241B", "\0\u0001\u001B[31m\u007F\u0085", "😀👩‍👩‍👧", "\uD83D", "\uDE00\uD83D", "\uFEFFx", "\uFFFD\uFFFD\uFFFD", "a\n\uFFFD\uFFFD",
            "\u2028\u2029", "a\r", "trailing  ", @"y:\icm\logger\rtinput.cpp", "a\n\tb", "a\n b", "Fail: x", "<134>25: h: Feb 13 2007 18:23:21 UTC: %A-3-1: x", "%[pname=x]: y", ".123",
        ];
        foreach (var text in hard)
            await RoundTripAsync(traces, [text], threadId: 7);
    }

    [Fact]
    public void Any_messages_are_read_back_as_they_were()
    {
        using var traces = new Traces();
        var parts = Gen.Elements(
            "16:47:39 ", "Trace: ", "Thread[1]: ", "la-lgr ", "\n", "\t", "\r", "\u241B", "+01:00 ", "\0", "\uD83D", "\uDE00", "😀", " ", "x", "Events from 2026-01-01:", "\u0085", "-", "\uFFFD", "Fail:");
        var hard = parts.ListOf().Select(list => string.Concat(list));
        var any = ArbMap.Default.GeneratorFor<string>().Select(text => text ?? string.Empty);
        var messages = Gen.OneOf(hard, any).ListOf();
        Prop.ForAll(messages.ToArbitrary(), list => RoundTripAsync(traces, [.. list], null).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_message_that_is_too_long_is_cut_with_the_readers_mark_whatever_it_is_made_of()
    {
        using var traces = new Traces();
        foreach (var unit in new[] { "x", "\0", "\n", "😀" })
        {
            var message = string.Concat(Enumerable.Repeat(unit, 80_000));
            File.Delete(traces.At("t.trace"));

            var line = Assert.Single(await WriteAsync(traces, [message], null));

            Assert.EndsWith(TraceAssembler.CutMark, line.Message, StringComparison.Ordinal);
            Assert.StartsWith(line.Message[..^TraceAssembler.CutMark.Length], message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_rotates_by_size_and_keeps_a_bounded_number_of_files()
    {
        using var traces = new Traces();
        using (var writer = new TraceWriter(traces.At("t.trace"), new TraceWriterOptions { MaxBytes = 400, MaxFiles = 3 }, new TestClock(Start)))
        {
            for (var i = 0; i < 100; i++)
                writer.Trace($"message {i}");
        }

        var files = Directory.GetFiles(traces.At(".")).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);
        Assert.Equal(["t.1.trace", "t.2.trace", "t.trace"], files);
        var messages = new List<int>();
        foreach (var name in new[] { "t.2.trace", "t.1.trace", "t.trace" })
        {
            Assert.True(new FileInfo(traces.At(name)).Length <= 440);
            var lines = await Traces.ReadAsync(traces.At(name));
            Assert.All(lines, line => Assert.NotNull(line.Time));
            messages.AddRange(lines.Select(line => int.Parse(line.Message["message ".Length..])));
        }

        Assert.Equal(99, messages[^1]);
        Assert.Equal(Enumerable.Range(messages[0], messages.Count), messages);
    }

    [Fact]
    public async Task A_trace_is_continued_also_after_half_a_line()
    {
        using var traces = new Traces();
        traces.WriteText("t.trace", "Events from 2026-11-23:\n16:00:00 Trace: torn");

        var lines = await WriteAsync(traces, ["next"], null);

        Assert.Equal(["torn", "next"], lines.Select(line => line.Message));
        Assert.Equal(24, lines[1].Time!.Value.Day);
    }

    [Fact]
    public void Only_the_owner_may_read_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode bits");
        using var traces = new Traces();
        using var writer = new TraceWriter(Path.Combine(traces.At("made"), "t.trace"), new TraceWriterOptions(), new TestClock(Start));

        writer.Trace("x");

        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(traces.At("made"), "t.trace")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(traces.At("made")));
    }

    [Fact]
    public async Task A_disk_that_fails_costs_lines_and_never_an_exception_and_the_trace_says_how_many()
    {
        using var traces = new Traces();
        traces.WriteText("folder", "a file where the trace's folder should be");
        var path = Path.Combine(traces.At("folder"), "t.trace");
        var clock = new TestClock(Start);
        using var writer = new TraceWriter(path, new TraceWriterOptions(), clock);

        writer.Trace("lost 1");
        writer.Trace("lost 2");
        Assert.NotNull(writer.Failure);
        File.Delete(traces.At("folder"));
        writer.Trace("lost 3, because it is not tried at once again");
        clock.Advance(TraceWriter.RetryAfter);
        writer.Trace("kept");

        var lines = await Traces.ReadAsync(path);
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("Warning: 3 lines are missing here", lines[0].Message, StringComparison.Ordinal);
        Assert.Equal("kept", lines[1].Message);
    }

    [Fact]
    public async Task Lines_of_many_threads_stay_whole()
    {
        using var traces = new Traces();
        using (var writer = new TraceWriter(traces.At("t.trace"), new TraceWriterOptions(), new TestClock(Start)))
            Parallel.For(0, 500, i => writer.Trace($"message {i} {new string('x', i)}", threadId: i));

        var lines = await Traces.ReadAsync(traces.At("t.trace"));

        Assert.Equal(500, lines.Count);
        Assert.All(lines, line => Assert.Equal($"message {line.ThreadId} {new string('x', line.ThreadId!.Value)}", line.Message));
    }

    private static async Task RoundTripAsync(Traces traces, string[] messages, int? threadId)
    {
        File.Delete(traces.At("t.trace"));
        var lines = await WriteAsync(traces, messages, threadId, both: true);

        Assert.Equal(messages.SelectMany(message => new[] { (message, true), (message, false) }), lines.Select(line => (line.Message, line.IsTrace)));
        Assert.All(lines, line => Assert.Equal(
            (Start.DateTime, TimeSpan.FromHours(1), threadId, null, null), (line.Time, line.UtcOffset, line.ThreadId, line.Component, line.Process)));
    }

    private static async Task<List<LoggerTraceLine>> WriteAsync(Traces traces, string[] messages, int? threadId, bool both = false)
    {
        var options = new TraceWriterOptions { Milliseconds = true, UtcOffset = true, MaxBytes = long.MaxValue };
        using (var writer = new TraceWriter(traces.At("t.trace"), options, new TestClock(Start)))
        {
            foreach (var message in messages)
            {
                writer.Trace(message, threadId);
                if (both)
                    writer.Announce(message, threadId);
            }
        }

        return File.Exists(traces.At("t.trace")) ? await Traces.ReadAsync(traces.At("t.trace")) : [];
    }
}
