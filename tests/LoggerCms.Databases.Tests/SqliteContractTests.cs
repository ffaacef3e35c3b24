using LoggerCms.Databases.Tests.Contract;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests;

public sealed class SqliteContractTests() : SideDriverContract(new SqliteMake())
{
    public override TheoryData<string, object, object> Limits => new()
    {
        { "REAL", 1.5, 3L },
        { "REAL", 1.5, -0.0 },
        { "REAL", 1.5, double.NaN },
        { "TEXT", "x", 12L },
        { "NUMERIC", Raw.Decimal("5"), "1.50" },
        { "NUMERIC", Raw.Decimal("15"), Raw.Decimal("1.50") },
        { "NUMERIC", Raw.Decimal("15"), Raw.Decimal("12345678901234567890") },
        { "DECIMAL_TEXT", Raw.Decimal("1.50"), "1.50" },
    };

    [Theory]
    [InlineData("this is no database, but a text of more than a few bytes, and even of more than the hundred that a header has......")]
    [InlineData("short")]
    [InlineData("SQLite format 3\0 and then nothing that makes sense, also of more than the hundred bytes that a header has to have")]
    public async Task A_file_that_is_no_database_is_a_typed_failure_and_stays_as_it_is(string content)
    {
        using var folder = new TestFolder();
        var path = folder.File("no.db");
        await File.WriteAllTextAsync(path, content, Token);
        await Sides.FailsAsync([ErrorCodes.NotADatabase, ErrorCodes.DatabaseDamaged], () => Make.Driver.OpenAsync(new SideConnection(path), Token));
        Assert.Equal(content, await File.ReadAllTextAsync(path, Token));
        Assert.Equal(["no.db"], folder.Names());
    }

    [Fact]
    public async Task A_folder_is_no_database()
    {
        using var folder = new TestFolder();
        await Sides.FailsAsync(ErrorCodes.NotADatabase, () => Make.Driver.OpenAsync(new SideConnection(folder.Path), Token));
    }

    [Fact]
    public async Task A_missing_file_is_not_made()
    {
        using var folder = new TestFolder();
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => Make.Driver.OpenAsync(new SideConnection(folder.File("none.db")), Token));
        await Sides.FailsAsync(ErrorCodes.DatabaseNotFound, () => Make.Driver.OpenAsync(new SideConnection(folder.File("none/none.db")), Token));
        Assert.Empty(folder.Names());
    }

    [Fact]
    public async Task A_damaged_page_is_a_typed_failure_when_it_is_read()
    {
        var database = (SqliteTestDatabase)await NewAsync(ItemTable(), Make.FillIdAndText("item", 20_000));
        await using (var file = File.OpenWrite(database.Path))
        {
            var junk = new byte[16 * 4096];
            new Random(3).NextBytes(junk);
            file.Position = 4096 * 5;
            await file.WriteAsync(junk, Token);
        }

        await Sides.FailsAsync([ErrorCodes.DatabaseDamaged, ErrorCodes.NotADatabase], async () =>
        {
            var side = await OpenAsync(database);
            await side.ShowAllAsync("item");
        });
    }

    [Fact]
    public async Task One_file_under_two_paths_has_one_identity()
    {
        var database = (SqliteTestDatabase)await NewAsync(ItemTable());
        var link = database.Path + ".link";
        File.CreateSymbolicLink(link, database.Path);
        var folder = Path.GetDirectoryName(database.Path)!;
        var identity = (await OpenAsync(database)).Identity;
        foreach (var path in new[] { link, Path.Combine(folder, "..", Path.GetFileName(folder), "side.db"), Path.GetRelativePath(Environment.CurrentDirectory, database.Path) })
        {
            await using var side = await Make.Driver.OpenAsync(new SideConnection(path), Token);
            Assert.Equal(identity, side.Identity);
        }
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("WAL")]
    public async Task Reading_leaves_the_file_and_its_folder_as_they_were(string journal)
    {
        var database = (SqliteTestDatabase)await NewAsync($"PRAGMA journal_mode = {journal}", ItemTable(), Item(1, "one"));
        var before = await File.ReadAllBytesAsync(database.Path, Token);
        var folder = Path.GetDirectoryName(database.Path)!;
        await using (var side = await Make.Driver.OpenAsync(database.Connection, Token))
        {
            Assert.Single(await side.ShowAllAsync("item"));
            await side.Log.GetStateAsync(Token);
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(database.Path, Token));
        Assert.Equal(["side.db"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("WAL")]
    [InlineData("DELETE")]
    public async Task A_transaction_works_under_either_journal_and_keeps_it(string journal)
    {
        var database = await NewAsync($"PRAGMA journal_mode = {journal}", ItemTable());
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 1), ("v", "one"));
            await transaction.CommitAsync();
        }

        Assert.Equal(journal.ToLowerInvariant(), await database.ScalarAsync("PRAGMA journal_mode"));
        Assert.Equal("ok", await database.ScalarAsync("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Replace_that_displaces_a_row_through_a_unique_column_is_logged()
    {
        var (database, side) = await LoggedAsync("CREATE TABLE item (id INTEGER PRIMARY KEY, u TEXT UNIQUE)", "INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        await database.ExecuteAsync("REPLACE INTO item VALUES (9, 'a')", "UPDATE OR REPLACE item SET u = 'b' WHERE id = 3", "INSERT OR REPLACE INTO item VALUES (9, 'z')");
        var entries = await LogAsync(side);
        foreach (var key in new[] { "i1", "i2", "i3", "i9" })
            Assert.Contains(entries, e => e.Key == key);
        foreach (var gone in new[] { "i1", "i2" })
            Assert.Equal(LogOperation.Delete, entries.Last(e => e.Key == gone).Operation);
        foreach (var there in new[] { "i3", "i9" })
            Assert.NotEqual(LogOperation.Delete, entries.Last(e => e.Key == there).Operation);
    }

    [Fact]
    public async Task Tables_without_rowid_strict_tables_and_upserts_work()
    {
        var (database, side) = await LoggedAsync(
            "CREATE TABLE flat (k TEXT NOT NULL PRIMARY KEY, v INTEGER) WITHOUT ROWID",
            "CREATE TABLE strict_one (k INTEGER NOT NULL, l BLOB NOT NULL, v ANY, PRIMARY KEY (l, k)) STRICT");
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("flat", ("k", "a"), ("v", 1));
            await transaction.InsertAsync("strict_one", ("k", 1), ("l", new byte[] { 1 }), ("v", "text"));
            await transaction.InsertAsync("strict_one", ("k", 2), ("l", new byte[] { 1 }), ("v", 2L));
            Assert.Equal(["Integer 1 | Binary 01 | Text 'text'", "Integer 2 | Binary 01 | Integer 2"], await transaction.ShowAllAsync("strict_one"));
            Assert.Equal(1, await transaction.UpdateAsync("flat", ("k", "a"), ("v", 2)));
            await transaction.CommitAsync();
        }

        await database.ExecuteAsync("INSERT INTO flat VALUES ('a', 5) ON CONFLICT (k) DO UPDATE SET v = excluded.v", "DELETE FROM strict_one");
        Assert.Equal(["Delete i1", "Delete i2", "Update t61"], (await LogAsync(side)).Select(e => $"{e.Operation} {(e.Table == "flat" ? e.Key : e.Key.Split(',')[1])}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_null_in_a_primary_key_is_kept()
    {
        var side = await OpenAsync(await NewAsync("CREATE TABLE odd (k TEXT PRIMARY KEY, v INTEGER)", "INSERT INTO odd VALUES (NULL, 1)", "INSERT INTO odd VALUES (NULL, 2)", "INSERT INTO odd VALUES ('a', 3)"));
        var shown = await side.ShowAllAsync("odd");
        Assert.Equal(3, shown.Count);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("odd");
        var rows = await transaction.ReadAllAsync(table, ordered: table.KeyIsOrderable);
        await transaction.ClearAsync(table, Token);
        await transaction.InsertAsync(table, Rows.Stream(Rows.Batch(rows)), Token);
        Assert.Equal(shown, await transaction.ShowAllAsync("odd"));
    }

    protected override SideConnection MissingDatabase() => new(Path.Combine(Path.GetTempPath(), "loggercms-missing-" + Guid.NewGuid().ToString("n")));

    protected override SideConnection? WrongPassword() => null;

    protected override SideConnection? Unreachable() => null;
}
