using System.Globalization;
using LoggerCms.Benchmarks.RunOne;
using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>The rows of the table that are about SQLite files.</summary>
internal sealed class SqliteContests(VersusOptions options, Workspace workspace, OurChild child)
{
    private readonly string? _sqlite = Shell.Find("sqlite3");
    private readonly string? _sqldiff = Shell.Find("sqldiff");
    private readonly string _source = workspace.Path("b.db");
    private readonly string _equal = workspace.Path("a-equal.db");
    private readonly string _stale = workspace.Path("a-stale.db");
    private readonly string _empty = workspace.Path("a-empty.db");
    private readonly string _work = workspace.Path("a-work.db");
    private string? _sourceSum;

    public static IReadOnlyList<string> Names { get; } = ["sqlite-compare", "sqlite-checksum", "sqlite-level", "sqlite-full", "sqlite-log"];

    public async Task RunAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        workspace.Require(options.Rows * 7 * 700);
        SqliteData.Create(_source, options.Rows, cancellationToken);
        SqliteData.Create(_empty, 0, cancellationToken);
        File.Copy(_source, _equal);
        File.Copy(_source, _stale);
        SqliteData.MakeStale(_stale, options.Rows, cancellationToken);

        await runner.RunAsync(Compare(), cancellationToken);
        await runner.RunAsync(Checksum(), cancellationToken);
        File.Delete(_equal);
        await runner.RunAsync(Level(), cancellationToken);
        await runner.RunAsync(Full(), cancellationToken);
        await runner.RunGroupAsync(["sqlite-log"], async token => await runner.RunAsync(await LogAsync(token), token), cancellationToken);
        foreach (var file in Directory.EnumerateFiles(workspace.Root, "*.db*"))
            File.Delete(file);
    }

    private Contest Compare() => new()
    {
        Name = "sqlite-compare",
        Work = "compare two equal SQLite sides",
        Pairings = [new("ours", "sqldiff --primarykey", 0.8)],
        ControlAsync = CompareControlAsync,
        Contestants =
        [
            new()
            {
                Name = "ours",
                IsOurs = true,
                RunAsync = token => child.RunAsync(token, "compare", _source, _equal),
                CheckAsync = (report, _) => Task.FromResult(Checks.AllEqual(report, options.Rows)),
            },
            Peer("sqldiff --primarykey", _sqldiff, async token =>
            {
                var result = await Shell.RunAsync(_sqldiff!, ["--primarykey", _equal, _source], token);
                Checks.Require(result.Output.Length == 0, "sqldiff printed differences between equal files");
                return result.Elapsed;
            }, _ => Task.FromResult("printed no difference")),
        ],
    };

    private async Task<string> CompareControlAsync(CancellationToken cancellationToken)
    {
        CopyTo(_equal, _work);
        SqliteData.Execute(
            _work,
            $"UPDATE {ConfigData.Tables[^1].Name} SET description = char((unicode(description) | 1) - (unicode(description) & 1)) || substr(description, 2) " +
            "WHERE config_no = 5");
        var (_, report) = await child.RunAsync(cancellationToken, "compare", _source, _work);
        var text = Checks.OneDifference(report);
        if (_sqldiff is null)
            return text;
        var statements = (await Shell.RunAsync(_sqldiff, ["--primarykey", _work, _source], cancellationToken)).Output;
        Checks.Require(statements.StartsWith("UPDATE", StringComparison.Ordinal), "sqldiff did not find the one changed row");
        return text + ", and so did sqldiff";
    }

    private Contest Checksum()
    {
        var sums = new string[2];
        return new Contest
        {
            Name = "sqlite-checksum",
            Work = "checksum of both SQLite sides",
            Pairings = [new("ours", ".sha3sum of both at once", 1.0)],
            Contestants =
            [
                new()
                {
                    Name = "ours",
                    IsOurs = true,
                    RunAsync = token => child.RunAsync(token, "state", _source, _equal),
                    CheckAsync = (report, _) =>
                    {
                        var states = report!.States;
                        Checks.Require(states.Count == 2 && states[0].Checksum == states[1].Checksum, "ours gave two checksums for equal sides");
                        Checks.Require(states.All(s => s.Rows == options.Rows), "ours did not read all rows");
                        return Task.FromResult(string.Create(
                            CultureInfo.InvariantCulture, $"both checksums equal, {states[0].Rows:N0} rows and {states[0].Bytes:N0} bytes each"));
                    },
                },
                Peer(".sha3sum of both at once", _sqlite, async token =>
                {
                    var (one, two) = (workspace.Path("sum1"), workspace.Path("sum2"));
                    var result = await Shell.BashAsync(
                        $"{_sqlite} {Shell.Quote(_source)} .sha3sum > {Shell.Quote(one)} & {_sqlite} {Shell.Quote(_equal)} .sha3sum > {Shell.Quote(two)}; wait", token);
                    sums = [await File.ReadAllTextAsync(one, token), await File.ReadAllTextAsync(two, token)];
                    return result.Elapsed;
                }, _ =>
                {
                    Checks.Require(sums[0].Length > 0 && sums[0] == sums[1], "sqlite3 gave two sums for equal sides");
                    return Task.FromResult("both sums equal");
                }),
            ],
        };
    }

    private Contest Level() => new()
    {
        Name = "sqlite-level",
        Work = "make level a SQLite side with 1 % of rows different",
        Pairings = [new("ours", "sqldiff --transaction --primarykey | sqlite3", 0.9)],
        Contestants =
        [
            OurTransfer("ours", _stale, "Auto", "File", report => Checks.StaleLevelled(report, options.Rows)),
            Peer("sqldiff --transaction --primarykey | sqlite3", _sqldiff is null ? null : _sqlite, async token =>
            {
                CopyTo(_stale, _work);
                await SyncAsync(token);
                var result = await Shell.BashAsync(
                    $"{_sqldiff} --transaction --primarykey {Shell.Quote(_work)} {Shell.Quote(_source)} | {_sqlite} -bail {Shell.Quote(_work)}", token);
                return result.Elapsed;
            }, SameButForFloatsAsync),
        ],
    };

    private Contest Full() => new()
    {
        Name = "sqlite-full",
        Work = "full transfer, SQLite to SQLite",
        Pairings = [new("-Spool None", ".dump | sqlite3", 0.25), new("with a spool", ".dump | sqlite3", 0.5)],
        Contestants =
        [
            OurTransfer("-Spool None", _empty, "Full", "None", report => Checks.Completed(report, StateTransferMode.Full)),
            OurTransfer("with a spool", _empty, "Full", "File", report => Checks.Completed(report, StateTransferMode.Full)),
            Peer(".dump | sqlite3", _sqlite, async token =>
            {
                File.Delete(_work);
                await SyncAsync(token);
                return (await Shell.BashAsync($"{_sqlite} {Shell.Quote(_source)} .dump | {_sqlite} -bail {Shell.Quote(_work)}", token)).Elapsed;
            }, SameContentAsync),
        ],
    };

    /// <summary>Two sides under the log, level at the start; each run sends what was changed just before it.</summary>
    private async Task<Contest> LogAsync(CancellationToken cancellationToken)
    {
        var (source, tinySource, tiny) = (workspace.Path("b-log.db"), workspace.Path("b-tiny.db"), workspace.Path("a-tiny.db"));
        CopyTo(_source, source);
        CopyTo(_stale, _work);
        SqliteData.Create(tinySource, 1000, cancellationToken);
        SqliteData.Create(tiny, 0, cancellationToken);
        foreach (var (from, to) in new[] { (source, _work), (tinySource, tiny) })
        {
            await child.RunAsync(cancellationToken, "enable-log", from, "B");
            await child.RunAsync(cancellationToken, "enable-log", to, "A");
            await child.RunAsync(cancellationToken, "transfer", from, to, "Rows", "File", "default");
        }

        return LogContest.Create("sqlite-log", child, new LogContest.Sides(source, _work, tinySource, tiny)
        {
            ExecuteAsync = async (side, sql, token) =>
            {
                SqliteData.Execute(side, sql);
                await SyncAsync(token);
            },
            CheckAsync = async token =>
            {
                _sourceSum = null;
                Checks.Require(
                    _sqlite is null || await SumAsync(source, token) == await SumAsync(_work, token), "the destination's SHA-3 is not the source's");
                return _sqlite is null ? "not checked by a third party" : "destination and source have the same SHA-3 (sha3_query of the sqlite3 shell, every table in key order)";
            },
        });
    }

    private Contestant OurTransfer(string name, string template, string mode, string spool, Func<RunOneReport?, string> check) => new()
    {
        Name = name,
        IsOurs = true,
        PrepareAsync = token =>
        {
            CopyTo(template, _work);
            return SyncAsync(token);
        },
        RunAsync = token => child.RunAsync(token, "transfer", _source, _work, mode, spool, "default"),
        CheckAsync = async (report, token) => $"{check(report)}; {await SameContentAsync(token)}",
    };

    private static Contestant Peer(string name, string? program, Func<CancellationToken, Task<TimeSpan>> run, Func<CancellationToken, Task<string>> check) => new()
    {
        Name = name,
        NotRun = program is null ? "not run: the peer is not on this machine" : null,
        RunAsync = async token => (new Sample(await run(token)), null),
        CheckAsync = (_, token) => check(token),
    };

    /// <summary>Holds the destination against the source by a third party's hash, for ours and for the peer.</summary>
    private async Task<string> SameContentAsync(CancellationToken cancellationToken)
    {
        if (_sqlite is null)
            return "the content was not checked by a third party, because sqlite3 is not on this machine";
        _sourceSum ??= await SumAsync(_source, cancellationToken);
        Checks.Require(await SumAsync(_work, cancellationToken) == _sourceSum, "the destination's SHA-3 is not the source's");
        return "destination and source have the same SHA-3 (sha3_query of the sqlite3 shell, every table in key order)";
    }

    /// <summary>sqldiff writes floating-point values with 15 digits: rows that it inserts can come out unequal. That is told, and its time stands.</summary>
    private async Task<string> SameButForFloatsAsync(CancellationToken cancellationToken)
    {
        var left = (await Shell.RunAsync(_sqldiff!, ["--primarykey", _work, _source], cancellationToken)).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (left.Length == 0)
            return await SameContentAsync(cancellationToken);
        Checks.Require(
            left.All(l => l.StartsWith("UPDATE", StringComparison.Ordinal) && l.Contains(" SET weight=", StringComparison.Ordinal)),
            "sqldiff left differences that are no rounded floating-point values");
        return string.Create(CultureInfo.InvariantCulture, $"left {left.Length:N0} rows unequal, because it writes floating-point values with 15 digits");
    }

    /// <summary>The shell's own SHA-3 over every table in key order; .sha3sum reads in the order of rowids, which is not content.</summary>
    private async Task<string> SumAsync(string path, CancellationToken cancellationToken)
    {
        var sums = ConfigData.Tables.Select(t => $"SELECT hex(sha3_query('SELECT * FROM {t.Name} ORDER BY {string.Join(", ", t.KeyColumns.Select(c => c.Name))}'));");
        return (await Shell.RunAsync(_sqlite!, ["-readonly", path, string.Concat(sums)], cancellationToken)).Output;
    }

    private static void CopyTo(string template, string path)
    {
        foreach (var suffix in new[] { "-journal", "-wal", "-shm" })
            File.Delete(path + suffix);
        File.Copy(template, path, overwrite: true);
    }

    /// <summary>So that nobody pays for what another, or the preparation, left to be written.</summary>
    private Task<CommandResult> SyncAsync(CancellationToken cancellationToken) => Shell.RunAsync("sync", ["-f", workspace.Root], cancellationToken);
}
