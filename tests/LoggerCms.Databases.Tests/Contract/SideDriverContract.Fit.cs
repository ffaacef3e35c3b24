using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    /// <summary>A declared type, a value that it holds and one that it does not.</summary>
    public abstract TheoryData<string, object, object> Limits { get; }

    [Fact]
    public async Task A_value_that_the_declared_type_cannot_hold_is_found_before_it_is_written()
    {
        var cases = Limits.ToArray();
        var database = await NewAsync([.. cases.Select((c, n) => $"CREATE TABLE t{n} (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {c.Data.Item1})")]);
        var side = await OpenAsync(database);
        var faults = new List<string>();
        for (var n = 0; n < cases.Length; n++)
        {
            var (declared, good, bad) = cases[n].Data;
            await using var transaction = await side.BeginAsync($"t{n}");
            var table = transaction.Table($"t{n}");
            var wide = table with { Columns = [.. table.Columns.Select(c => c with { DeclaredType = "wide", MaxLength = null, Precision = null, Scale = null })] };
            using var goodRow = Rows.Of(table, ("id", 1), ("v", good));
            using var badRow = Rows.Of(table, ("id", 2), ("v", bad));
            var fit = side.GetValueFit(wide, table);
            if (fit?.Check(goodRow[0]) is { } objection)
                faults.Add($"{declared}: {Rows.Show(goodRow[0])} fits, but: {objection.Reason}");
            if (fit?.Check(badRow[0]) is not { } found)
                faults.Add($"{declared}: {Rows.Show(badRow[0])} does not fit, and nothing was said");
            else if (found.Column != 1 || string.IsNullOrWhiteSpace(found.Reason))
                faults.Add($"{declared}: column {found.Column}, reason '{found.Reason}'");
            await transaction.InsertAsync(table, Rows.Stream(Rows.Of(table, ("id", 1), ("v", good))), Token);

            // SQLite converts what it is given and leaves it to the fit and to verification.
            var refusal = await Record.ExceptionAsync(() => transaction.InsertAsync(table, Rows.Stream(Rows.Of(table, ("id", 2), ("v", bad))), Token));
            if (refusal is not LoggerCmsException { Code: ErrorCodes.ValueNotRepresentable } && Make.Provider != SideProvider.Sqlite)
                faults.Add($"{declared}: writing {Rows.Show(badRow[0])} gave {refusal?.ToString() ?? "no failure"}");
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    [Fact]
    public async Task Equal_declared_types_need_no_check_or_pass_it()
    {
        var kinds = Enum.GetValues<LogicalKind>().Where(k => Make.TypeOf(k) is not null).ToArray();
        var database = await NewAsync($"CREATE TABLE kinds ({string.Join(", ", kinds.Select(k => $"{Q(k.ToString())} {T(k)}"))})");
        var side = await OpenAsync(database);
        var table = (await side.CatalogAsync()).Tables[0];
        var fit = side.GetValueFit(table, table);
        using var nulls = Rows.Of(table);
        Assert.Null(fit?.Check(nulls[0]));
    }
}
