using LoggerCms.Core.Tracing;

namespace LoggerCms.Core.Tests.Tracing;

/// <summary>A trace that is read as it grows. Real files, real time: each test waits for what must come, and for nothing else.</summary>
public sealed class TraceFollowTests
{
    [Fact]
    public async Task It_follows_growth_rotation_and_truncation_until_it_is_cancelled()
    {
        using var traces = new Traces();
        var path = traces.Write("t.log", "Events from 2005-02-03:", "16:00:00 one", "16:00:01 two");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Traces.Token);
        await using var lines = Follow(path, tail: 1, stop.Token).GetAsyncEnumerator(stop.Token);

        Assert.Equal("two", await NextAsync(lines));
        File.AppendAllText(path, "16:00:02 thr");
        File.AppendAllText(path, "ee\n");
        Assert.Equal("three", await NextAsync(lines));

        File.Move(path, traces.At("t.1.log"));
        File.AppendAllText(traces.At("t.1.log"), "16:00:03 late\n");
        File.WriteAllText(path, "Events from 2005-02-04:\n16:00:04 new\n");
        Assert.Equal("late", await NextAsync(lines));
        Assert.Equal("new", await NextAsync(lines));
        Assert.Equal((2, 4), (lines.Current.Line, lines.Current.Time!.Value.Day));

        File.WriteAllText(path, "16:00:05 cut\n");
        Assert.Equal("cut", await NextAsync(lines));

        File.Delete(path);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await lines.MoveNextAsync());
    }

    [Fact]
    public async Task What_follows_a_message_soon_belongs_to_it()
    {
        using var traces = new Traces();
        var path = traces.Write("t.log", "16:00:00 one");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Traces.Token);
        await using var lines = Follow(path, null, stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.Equal("one", await NextAsync(lines));

        File.AppendAllText(path, "16:00:01 wrapped\n  here\n16:00:02 end\n");

        Assert.Equal("wrapped here", await NextAsync(lines));
        Assert.Equal("end", await NextAsync(lines));
        await stop.CancelAsync();
    }

    [Fact]
    public async Task UTF_16_is_followed_too()
    {
        using var traces = new Traces();
        var path = traces.WriteBytes("t.log", [.. System.Text.Encoding.Unicode.GetPreamble(), .. System.Text.Encoding.Unicode.GetBytes("16:00:00 ü\n")]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Traces.Token);
        await using var lines = Follow(path, null, stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.Equal("ü", await NextAsync(lines));

        File.AppendAllText(path, "16:00:01 ö\n", new System.Text.UnicodeEncoding(bigEndian: false, byteOrderMark: false));

        Assert.Equal("ö", await NextAsync(lines));
        await stop.CancelAsync();
    }

    [Fact]
    public async Task A_compressed_trace_cannot_be_followed()
    {
        using var traces = new Traces();
        var path = traces.WriteBytes("t.gz", [0x1F, 0x8B, 8, 0]);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => Traces.ReadAsync(path, request => request with { Wait = true }));

        Assert.Equal(ErrorCodes.InvalidOption, failure.Code);
    }

    private static async IAsyncEnumerable<LoggerTraceLine> Follow(
        string path, int? tail, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new TraceReadRequest { Path = path, Wait = true, Tail = tail };
        await foreach (var batch in new TraceTools(TimeProvider.System).ReadAsync(request, cancellationToken))
        {
            foreach (var line in batch.Lines)
                yield return line;
        }
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<LoggerTraceLine> lines)
    {
        Assert.True(await lines.MoveNextAsync());
        return lines.Current.Message;
    }
}
