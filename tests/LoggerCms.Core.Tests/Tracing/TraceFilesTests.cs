using System.IO.Compression;
using System.Text;
using LoggerCms.Core.Tracing;

namespace LoggerCms.Core.Tests.Tracing;

/// <summary>Files as they are found: encodings, line ends, rubbish, sizes.</summary>
public sealed class TraceFilesTests
{
    private const string Alphabet = "0123456789:.+-<>[]% \r\n\tTrace:Thread[%lgrEvents from ";
    private const string Text = "Events from 2005-02-03:\n16:47:39 Trace: Prüfung 😀\n16:47:40 end\n";

    public static TheoryData<string> Encodings => ["utf-8", "utf-8-bom", "utf-16", "utf-16-bom", "utf-16BE", "utf-16BE-bom", "gzip", "gzip-utf-16"];

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task Every_encoding_gives_the_same_messages(string encoding)
    {
        using var traces = new Traces();

        var lines = await Traces.ReadAsync(traces.WriteBytes("trace.txt", Encode(Text, encoding)));

        Assert.Equal(["Prüfung 😀", "end"], lines.Select(line => line.Message));
        Assert.All(lines, line => Assert.NotNull(line.Time));
    }

    [Fact]
    public async Task A_line_that_is_no_UTF_8_is_Latin_1()
    {
        using var traces = new Traces();

        var lines = await Traces.ReadAsync(traces.WriteBytes("trace.txt", [.. "16:47:39 Gr\u00FC\u00DFe\n"u8, .. "16:47:40 "u8, 0xFC, (byte)'\n']));

        Assert.Equal(["Grüße", "ü"], lines.Select(line => line.Message));
    }

    [Fact]
    public async Task Line_ends_may_be_of_every_kind()
    {
        using var traces = new Traces();

        var lines = await Traces.ReadAsync(traces.WriteText("trace.txt", "16:47:39 a\r\n16:47:40 b\n16:47:41 c\r16:47:42 d\r\n\r\n16:47:43 e"));

        Assert.Equal(["a", "b", "c", "d", "e"], lines.Select(line => line.Message));
        Assert.Equal([1, 2, 3, 4, 6], lines.Select(line => line.Line));
    }

    [Fact]
    public async Task Rubbish_between_messages_belongs_to_none_of_them()
    {
        using var traces = new Traces();
        var random = new Random(7);
        var rubbish = new byte[5000];
        random.NextBytes(rubbish);

        var lines = await Traces.ReadAsync(traces.WriteBytes("trace.txt", [.. "16:47:39 before\n"u8, 0, 1, 2, .. rubbish, (byte)'\n', .. "16:47:40 after\n"u8]));

        Assert.Equal(["before", "after"], lines.Where(line => line.TimeOfDay is not null).Select(line => line.Message[..Math.Min(6, line.Message.Length)].Trim()));
        Assert.All(lines.Where(line => line.TimeOfDay is null), line => Assert.True(line.Message.Length < 1000));
    }

    [Fact]
    public async Task A_line_of_a_megabyte_is_cut_with_a_mark_and_the_next_one_is_whole()
    {
        using var traces = new Traces();

        var lines = await Traces.ReadAsync(traces.WriteText("trace.txt", $"16:47:39 {new string('é', 1_000_000)}\n16:47:40 next\n"));

        Assert.Equal(TraceAssembler.MaxMessage + TraceAssembler.CutMark.Length, lines[0].Message.Length);
        Assert.StartsWith("éé", lines[0].Message, StringComparison.Ordinal);
        Assert.EndsWith(TraceAssembler.CutMark, lines[0].Message, StringComparison.Ordinal);
        Assert.Equal(("next", 2), (lines[1].Message, lines[1].Line));
    }

    [Fact]
    public async Task A_message_of_very_many_lines_is_cut_with_a_mark()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync(["16:47:39 a", .. Enumerable.Repeat(new string('x', 100), 2000), "16:47:40 b"]);

        Assert.True(lines[0].Message.Length <= TraceAssembler.MaxMessage + TraceAssembler.CutMark.Length);
        Assert.EndsWith(TraceAssembler.CutMark, lines[0].Message, StringComparison.Ordinal);
        Assert.Equal("b", lines[1].Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("\r")]
    public async Task An_empty_file_has_no_messages(string text)
    {
        using var traces = new Traces();

        Assert.Empty(await Traces.ReadAsync(traces.WriteText("trace.txt", text)));
    }

    [Fact]
    public async Task A_truncated_file_gives_what_it_has()
    {
        using var traces = new Traces();
        var whole = Encode(Text, "utf-16-bom");

        var lines = await Traces.ReadAsync(traces.WriteBytes("trace.txt", whole[..^5]));

        Assert.Equal("Prüfung 😀", lines[0].Message);
        Assert.StartsWith("e", lines[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_gzip_gives_what_came_before_and_says_so()
    {
        using var traces = new Traces();
        var text = new StringBuilder();
        var random = new Random(3);
        for (var i = 0; i < 20_000; i++)
            text.Append("16:47:39 ").Append(random.NextInt64()).Append('\n');
        var whole = Encode(text.ToString(), "gzip");
        whole.AsSpan(whole.Length / 2, 64).Fill(0xFF);
        var notes = new List<string>();

        var lines = await Traces.ReadAsync(traces.WriteBytes("trace.gz", whole), notes: notes);

        Assert.InRange(lines.Count, 1, 19_999);
        Assert.Contains("ends early", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_bytes_crash_nothing()
    {
        using var traces = new Traces();
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(4000)];
            random.NextBytes(bytes);

            // Enough of what lines are made of that some look like one.
            for (var i = 0; i < bytes.Length; i++)
            {
                if (random.Next(3) > 0)
                    bytes[i] = (byte)Alphabet[random.Next(Alphabet.Length)];
            }

            var lines = await Traces.ReadAsync(traces.WriteBytes("trace.txt", bytes));
            var faults = await Traces.FindInAsync(traces.At("trace.txt"));

            Assert.True(lines.All(line => line.Message.Length < 5000), $"seed {seed}");
            Assert.True(lines.Any(line => line.TimeOfDay is not null) != faults.Any(fault => fault.Cause == FaultCauses.NotATrace), $"seed {seed}");
        }
    }

    [Fact]
    public async Task A_missing_file_and_a_folder_are_typed_failures()
    {
        using var traces = new Traces();

        var missing = await Assert.ThrowsAsync<LoggerCmsException>(() => Traces.ReadAsync(traces.At("none")));
        var folder = await Assert.ThrowsAsync<LoggerCmsException>(() => Traces.ReadAsync(Path.GetTempPath()));

        Assert.Equal((ErrorCodes.TraceNotFound, ErrorCodes.TraceUnreadable), (missing.Code, folder.Code));
    }

    [Fact]
    public async Task Points_select_by_time_of_day_or_by_date()
    {
        using var traces = new Traces();
        var path = traces.Write("trace.txt", "Events from 2005-02-03:", "16:00:00 a", "17:00:00 b", "Events from 2005-02-04:", "16:30:00 c");

        async Task<string> Read(string? after, string? before, int? tail = null) => string.Concat((await Traces.ReadAsync(path, request => request with
        {
            After = after is null ? null : new TraceTime(after),
            Before = before is null ? null : new TraceTime(before),
            Tail = tail,
        })).Select(line => line.Message));

        Assert.Equal("bc", await Read("16:30", null));
        Assert.Equal("ac", await Read(null, "16:30:00"));
        Assert.Equal("c", await Read("2005-02-03 17:00:01", null));
        Assert.Equal("ab", await Read(null, "2005-02-04"));
        Assert.Equal("bc", await Read(null, null, tail: 2));
        Assert.Equal(string.Empty, await Read(null, null, tail: 0));
        Assert.Equal("b", await Read(null, "2005-02-04", tail: 1));
    }

    [Fact]
    public async Task Lines_without_a_date_are_left_out_of_a_range_of_dates_and_told()
    {
        var notes = new List<string>();

        var lines = await Traces.ReadAsync(Traces.Sample("sender-side-b.txt"), request => request with { After = new TraceTime("2005-02-03") }, notes);

        Assert.Empty(lines);
        Assert.Contains("9 messages were left out", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_parsed_line_by_line_or_as_a_whole()
    {
        var whole = File.ReadAllText(Traces.Sample("sender-side-b.txt"));
        var one = new TraceTools(TimeProvider.System).CreateTextParser(new TraceReadRequest { Path = string.Empty });
        var many = new TraceTools(TimeProvider.System).CreateTextParser(new TraceReadRequest { Path = string.Empty });

        LoggerTraceLine[] asOne = [.. one.Add(whole).Lines, .. one.End().Lines];
        LoggerTraceLine[] asMany = [.. whole.Split('\n').SelectMany(line => many.Add(line).Lines), .. many.End().Lines];

        Assert.Equal(9, asOne.Length);
        Assert.Equal(asOne, asMany);
    }

    private static byte[] Encode(string text, string encoding)
    {
        if (encoding.StartsWith("gzip", StringComparison.Ordinal))
        {
            var zipped = new MemoryStream();
            using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
                gzip.Write(encoding == "gzip" ? Encoding.UTF8.GetBytes(text) : Encoding.Unicode.GetBytes(text));
            return zipped.ToArray();
        }

        var marked = encoding.EndsWith("-bom", StringComparison.Ordinal);
        var used = Encoding.GetEncoding(marked ? encoding[..^4] : encoding);
        return [.. marked ? used.GetPreamble() : [], .. used.GetBytes(text)];
    }
}
