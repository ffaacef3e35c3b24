using System.Globalization;
using LoggerCms.Benchmarks.RunOne;
using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>The rows of the table that are about PostgreSQL, with pt-table-sync on MariaDB among the peers.</summary>
internal sealed class PostgreSqlContests(VersusOptions options, Workspace workspace, OurChild child, PrivatePostgreSql server)
{
    private const string WithoutSpinning = "-Spool None, idle threads of the runtime's pool do not spin";
    private const string Source = "bench_b";
    private const string Equal = "bench_a_equal";
    private const string Stale = "bench_a_stale";
    private const string Empty = "bench_a_empty";
    private const string Work = "bench_a_work";
    private const string TinySource = "bench_b_tiny";
    private const string Tiny = "bench_a_tiny";
    private readonly string? _noDump = Shell.Find("pg_dump") is null ? "not run: pg_dump is not on this machine" : null;
    private string? _sourceSum;

    public static IReadOnlyList<string> Names { get; } = ["postgresql-compare", "postgresql-full", "postgresql-level", "postgresql-log"];

    public async Task RunAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        workspace.Require(options.Rows * 6 * 1000);
        foreach (var database in new[] { Source, Equal, Stale, Empty, Work, TinySource, Tiny })
            await server.DropAsync(database, cancellationToken);
        await server.PsqlAsync("postgres", $"CREATE DATABASE {Source}", cancellationToken);
        await server.PsqlAsync("postgres", $"CREATE DATABASE {Empty}", cancellationToken);
        await PostgreSqlData.CreateAsync(server.ConnectionString(Source), options.Rows, cancellationToken);
        await PostgreSqlData.CreateAsync(server.ConnectionString(Empty), 0, cancellationToken);

        if (options.Wants("postgresql-compare"))
        {
            await server.CopyDatabaseAsync(Source, Equal, cancellationToken);
            await runner.RunAsync(Compare(), cancellationToken);
            await server.DropAsync(Equal, cancellationToken);
        }

        await runner.RunAsync(Full(), cancellationToken);
        if (options.Wants("postgresql-level") || options.Wants("postgresql-log"))
        {
            await server.CopyDatabaseAsync(Source, Stale, cancellationToken);
            await PostgreSqlData.MakeStaleAsync(server.ConnectionString(Stale), options.Rows, cancellationToken);
        }

        if (options.Wants("postgresql-level"))
            await LevelAsync(runner, cancellationToken);
        await runner.RunGroupAsync(["postgresql-log"], async token => await runner.RunAsync(await LogAsync(token), token), cancellationToken);
        foreach (var database in new[] { Source, Stale, Empty, Work, TinySource, Tiny })
            await server.DropAsync(database, cancellationToken);
    }

    private Contest Compare()
    {
        var statements = string.Join(' ', ConfigData.Tables.Select(t => $"-c 'COPY {t.Name} TO STDOUT (FORMAT binary)'"));
        string Read(string database) => $"psql -X -q -d {database} {statements}";
        return new Contest
        {
            Name = "postgresql-compare",
            Work = "compare two equal PostgreSQL sides",
            Pairings = [new("ours", "COPY … TO STDOUT (FORMAT binary) of both at once", 1.5)],
            ControlAsync = CompareControlAsync,
            Contestants =
            [
                new()
                {
                    Name = "ours",
                    IsOurs = true,
                    RunAsync = token => child.RunAsync(token, "compare", server.Side(Source), server.Side(Equal)),
                    CheckAsync = (report, _) => Task.FromResult(Checks.AllEqual(report, options.Rows)),
                },
                Peer(
                    "COPY … TO STDOUT (FORMAT binary) of both at once",
                    null,
                    async token => (await BashAsync($"{Read(Source)} > /dev/null & one=$!; {Read(Equal)} > /dev/null && wait $one", token)).Elapsed,
                    async token =>
                    {
                        var bytes = await BashAsync($"{Read(Source)} | wc -c; {Read(Equal)} | wc -c", token);
                        var counts = bytes.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                        Checks.Require(counts.Length == 2 && counts[0] == counts[1], "the two reads had different lengths");
                        return $"each read gave {counts[0]} bytes (counted apart from the timed run)";
                    }),
            ],
        };
    }

    private async Task<string> CompareControlAsync(CancellationToken cancellationToken)
    {
        await server.PsqlAsync(
            Equal,
            $"UPDATE {ConfigData.Tables[^1].Name} SET description = chr(ascii(description) # 1) || substr(description, 2) WHERE config_no = 5",
            cancellationToken);
        var (_, report) = await child.RunAsync(cancellationToken, "compare", server.Side(Source), server.Side(Equal));
        return Checks.OneDifference(report);
    }

    private Contest Full() => new()
    {
        Name = "postgresql-full",
        Work = "full transfer, PostgreSQL to PostgreSQL",
        Pairings = [new("-Spool None", "COPY binary out | in", 1.3), new("-Spool None", "pg_dump -Fc | pg_restore", 0.3), new("with a spool", "COPY binary out | in", null), new(WithoutSpinning, "COPY binary out | in", null)],
        Contestants =
        [
            OurTransfer("-Spool None", Empty, "Full", "None", report => Checks.Completed(report, StateTransferMode.Full)),
            OurTransfer("with a spool", Empty, "Full", "File", report => Checks.Completed(report, StateTransferMode.Full)),
            OurTransfer(
                WithoutSpinning,
                Empty,
                "Full",
                "None",
                report => Checks.Completed(report, StateTransferMode.Full),
                child.With("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")),
            Peer(
                "COPY binary out | in",
                null,
                async token =>
                {
                    await server.CopyDatabaseAsync(Empty, Work, token);
                    var pipes = ConfigData.Tables.Select(t =>
                        $"psql -X -q -d {Source} -c 'COPY {t.Name} TO STDOUT (FORMAT binary)' | psql -X -q -d {Work} -c 'COPY {t.Name} FROM STDIN (FORMAT binary)'");
                    return (await BashAsync("set -e; " + string.Join("; ", pipes), token)).Elapsed;
                },
                SameContentAsync),
            Peer(
                "pg_dump -Fc | pg_restore",
                _noDump,
                async token =>
                {
                    await server.CopyDatabaseAsync("template0", Work, token);
                    return (await BashAsync($"pg_dump -Fc {Source} | pg_restore --exit-on-error -d {Work}", token)).Elapsed;
                },
                SameContentAsync),
        ],
    };

    private async Task LevelAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        const string peer = "pt-table-sync, MariaDB";
        var notRun = options.MemoryOnly ? "not run: only ours was asked for" : PrivateMariaDb.WhyNot();
        PrivateMariaDb? mariaDb = null;
        try
        {
            if (notRun is null)
            {
                try
                {
                    mariaDb = await PrivateMariaDb.StartAsync(workspace, options.Rows, cancellationToken);
                }
                catch (CommandFailedException failure)
                {
                    notRun = $"not run: MariaDB did not start: {Report.OneLine(failure.Message)}";
                }
            }

            await runner.RunAsync(
                new Contest
                {
                    Name = "postgresql-level",
                    Work = "make level a PostgreSQL side with 1 % of rows different",
                    Pairings = [new("ours", peer, 0.3)],
                    Contestants =
                    [
                        OurTransfer("ours", Stale, "Auto", "File", report => Checks.StaleLevelled(report, options.Rows)),
                        Peer(
                            peer,
                            notRun,
                            async token =>
                            {
                                await mariaDb!.MakeStaleAsync(token);
                                Checks.Require(!await mariaDb.AreEqualAsync(true, token), "the MariaDB side was not stale");
                                return await mariaDb.SyncAsync(token);
                            },
                            async token =>
                            {
                                Checks.Require(await mariaDb!.AreEqualAsync(false, token), "pt-table-sync left the sides unequal");
                                return "the same rows stale before; counts and sums of row hashes equal in every table after, " +
                                    (await mariaDb.AreEqualAsync(true, token)
                                        ? "all columns"
                                        : "but for floating-point columns, which it writes with 15 digits and so left unequal in rows it wrote");
                            }),
                    ],
                },
                cancellationToken);
        }
        finally
        {
            if (mariaDb is not null)
                await mariaDb.DisposeAsync();
        }
    }

    private async Task<Contest> LogAsync(CancellationToken cancellationToken)
    {
        await server.CopyDatabaseAsync(Stale, Work, cancellationToken);
        await server.PsqlAsync("postgres", $"CREATE DATABASE {TinySource}", cancellationToken);
        await PostgreSqlData.CreateAsync(server.ConnectionString(TinySource), 1000, cancellationToken);
        await server.CopyDatabaseAsync(Empty, Tiny, cancellationToken);
        foreach (var (from, to) in new[] { (Source, Work), (TinySource, Tiny) })
        {
            await child.RunAsync(cancellationToken, "enable-log", server.Side(from), "B");
            await child.RunAsync(cancellationToken, "enable-log", server.Side(to), "A");
            await child.RunAsync(cancellationToken, "transfer", server.Side(from), server.Side(to), "Rows", "File", "default");
        }

        return LogContest.Create("postgresql-log", child, new LogContest.Sides(server.Side(Source), server.Side(Work), server.Side(TinySource), server.Side(Tiny))
        {
            ExecuteAsync = (side, sql, token) => server.PsqlAsync(side == server.Side(Source) ? Source : TinySource, sql, token),
            CheckAsync = token =>
            {
                _sourceSum = null;
                return SameContentAsync(token);
            },
        });
    }

    private Contestant OurTransfer(string name, string template, string mode, string spool, Func<RunOneReport?, string> check, OurChild? by = null) => new()
    {
        Name = name,
        IsOurs = true,
        PrepareAsync = token => server.CopyDatabaseAsync(template, Work, token),
        RunAsync = token => (by ?? child).RunAsync(token, "transfer", server.Side(Source), server.Side(Work), mode, spool, "default"),
        CheckAsync = async (report, token) => $"{check(report)}; {await SameContentAsync(token)}",
    };

    private static Contestant Peer(string name, string? notRun, Func<CancellationToken, Task<TimeSpan>> run, Func<CancellationToken, Task<string>> check) => new()
    {
        Name = name,
        NotRun = notRun,
        RunAsync = async token => (new Sample(await run(token)), null),
        CheckAsync = (_, token) => check(token),
    };

    /// <summary>Holds the destination against the source by hashes that the server computes, for ours and for the peers.</summary>
    private async Task<string> SameContentAsync(CancellationToken cancellationToken)
    {
        _sourceSum ??= await SumAsync(Source, cancellationToken);
        Checks.Require(await SumAsync(Work, cancellationToken) == _sourceSum, "the destination's rows are not the source's");
        return "row counts and sums of the server's own row hashes equal in every table";
    }

    private async Task<string> SumAsync(string database, CancellationToken cancellationToken)
    {
        var sums = ConfigData.Tables.Select(t =>
            string.Create(CultureInfo.InvariantCulture, $"SELECT '{t.Name}', count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {t.Name} t"));
        return (await server.PsqlAsync(database, string.Join(" UNION ALL ", sums) + " ORDER BY 1", cancellationToken)).Output;
    }

    private Task<CommandResult> BashAsync(string script, CancellationToken cancellationToken) => Shell.BashAsync(script, cancellationToken, server.ToolEnvironment);
}
