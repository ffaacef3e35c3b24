using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task Two_connections_to_one_database_have_one_identity_and_another_database_has_another()
    {
        var first = await NewAsync();
        var second = await NewAsync();
        var one = await OpenAsync(first);
        var same = await OpenAsync(first);
        var other = await OpenAsync(second);
        Assert.Equal(one.Identity, same.Identity);
        Assert.NotEqual(one.Identity, other.Identity);
        Assert.Equal(Make.Provider, one.Provider);
        Assert.False(string.IsNullOrEmpty(one.Database));
    }

    [Fact]
    public async Task A_side_is_called_by_its_name_where_it_has_one()
    {
        var database = await NewAsync();
        await using var named = await Make.Driver.OpenAsync(database.Connection.With(name: "B"), Token);
        var unnamed = await OpenAsync(database);
        Assert.Equal("B", named.DisplayName);
        Assert.Equal(unnamed.Database, unnamed.DisplayName);
    }

    [Fact]
    public async Task Tables_and_columns_come_in_ordinal_order_and_the_key_in_its_own()
    {
        var i = T(LogicalKind.Integer);
        var database = await NewAsync(
            ItemTable(Q("b")),
            ItemTable(Q("B2")),
            $"CREATE TABLE {Q("a")} ({Q("z")} {i} NOT NULL, {Q("M")} {i} NOT NULL, {Q("a")} {i}, PRIMARY KEY ({Q("z")}, {Q("M")}))",
            $"CREATE VIEW seen AS SELECT 1 AS one");
        var catalog = await (await OpenAsync(database)).CatalogAsync();
        Assert.Equal(["B2", "a", "b"], catalog.Tables.Select(t => t.Name.ToString()));
        var table = catalog.Tables[1];
        Assert.Equal(["M", "a", "z"], table.Columns.Select(c => c.Name));
        Assert.Equal(["z", "M"], table.Key.Select(k => table.Columns[k].Name));
        Assert.All(catalog.Tables, t => Assert.Null(t.Name.Schema));
        Assert.True(table.Columns[1].Nullable);
        Assert.False(table.Columns[0].Nullable);
        Assert.False(string.IsNullOrEmpty(catalog.SortOrder));
    }

    [Fact]
    public async Task Logical_kinds_are_those_of_the_declared_types()
    {
        var kinds = Enum.GetValues<LogicalKind>().Where(k => Make.TypeOf(k) is not null).ToArray();
        var database = await NewAsync($"CREATE TABLE kinds ({string.Join(", ", kinds.Select(k => $"{Q(k.ToString())} {T(k)}"))})");
        var catalog = await (await OpenAsync(database)).CatalogAsync();
        Assert.All(catalog.Tables[0].Columns, c => Assert.Equal(c.Name, c.Type.Kind.ToString()));
        Assert.False(catalog.Tables[0].HasKey);
    }

    [Fact]
    public async Task Generated_columns_are_left_out_and_come_to_be_again_on_insert()
    {
        var database = await NewAsync(
            $"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Integer)}, {Make.GeneratedTwiceV("twice")})",
            "INSERT INTO item (id, v) VALUES (1, 21)");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            Assert.Equal(["id", "v"], table.Columns.Select(c => c.Name));
            Assert.Equal(["twice"], table.LeftOut);
            Assert.Equal(["Integer 1 | Integer 21"], await transaction.ShowAllAsync("item"));
            await transaction.InsertAsync("item", ("id", 2), ("v", 4));
            await transaction.UpdateAsync("item", ("id", 1), ("v", 5));
            await transaction.CommitAsync();
        }

        Assert.Equal(["10", "8"], await database.ListAsync("SELECT twice FROM item"));
    }

    [Fact]
    public async Task Identity_values_are_kept_and_the_next_one_given_is_free()
    {
        var database = await NewAsync($"CREATE TABLE item (id {Make.IdentityKey}, v {T(LogicalKind.Text)})", "INSERT INTO item (v) VALUES ('one')");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 7), ("v", "seven"));
            await transaction.InsertAsync("item", ("id", 2), ("v", "two"));
            await transaction.CommitAsync();
        }

        await database.ExecuteAsync("INSERT INTO item (v) VALUES ('next')");
        Assert.Equal(["1 one", "2 two", "7 seven", "8 next"], await database.ListAsync(
            Make.Provider == SideProvider.SqlServer ? "SELECT CAST(id AS varchar(9)) + ' ' + v FROM item" : "SELECT id || ' ' || v FROM item"));
    }

    public static TheoryData<string> Names => new(
        "select", "a b", "it's", "quo\"te", "brack[et]s", "back`tick", "semi;colon--", "per%cent_", "dot.ted", "😀 emoji", "é ä ß", "{0}", "@p", "$1", "?", ":x", "back\\slash");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Any_name_works_for_tables_and_columns(string name)
    {
        var refused = await Make.RefusesNameAsync(name);
        Assert.SkipWhen(refused is not null, refused ?? string.Empty);
        var key = "k " + name;
        var database = await NewAsync(
            $"CREATE TABLE {Q(name)} ({Q(key)} {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, {Q(name)} {T(LogicalKind.Text)})",
            $"INSERT INTO {Q(name)} VALUES (1, 'one')");
        var side = await OpenAsync(database);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, TimeSpan.FromDays(1), Token);
        await using (var transaction = await side.BeginAsync())
        {
            var table = Assert.Single(transaction.Catalog.Tables);
            Assert.Equal(new TableName(null, name), table.Name);
            await transaction.InsertAsync(name, (key, 2), (name, "two"));
            Assert.Equal(1, await transaction.UpdateAsync(name, (key, 1), (name, "first")));
            Assert.Equal(1, await transaction.DeleteAsync(name, 2));
            Assert.Equal(1, await transaction.CountAsync(table, Token));
            Assert.Single(await transaction.ReadByKeyAsync(table, Rows.Keys(1), Token).ToListAsync());
            Assert.Empty(await transaction.FindForeignKeyViolationsAsync([table], Token));
            await transaction.CommitAsync();
        }

        await database.ExecuteAsync($"UPDATE {Q(name)} SET {Q(name)} = 'logged'");
        var entries = await LogAsync(side);
        Assert.Equal(name, Assert.Single(entries).Table);
        var row = Assert.Single(await side.ShowAllAsync(name));
        Assert.Contains("'logged'", row, StringComparison.Ordinal);
        await side.Log.DisableAsync(Token);
    }

    [Fact]
    public async Task Tables_of_LoggerCms_itself_are_never_in_the_catalog()
    {
        var database = await NewAsync(ItemTable(), ItemTable("loggercmsx"));
        var side = await OpenAsync(database);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, TimeSpan.FromDays(1), Token);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.RecordTransferAsync(Guid.NewGuid(), Token);
            await transaction.CommitAsync();
        }

        Assert.Equal(["item", "loggercmsx"], (await side.CatalogAsync()).Tables.Select(t => t.Name.ToString()));
    }

    [Fact]
    public async Task Create_statements_make_an_equal_table_in_another_database_of_the_make()
    {
        var kinds = Enum.GetValues<LogicalKind>().Where(k => Make.TypeOf(k) is not null && k != LogicalKind.Any).ToArray();
        var i = T(LogicalKind.Integer);
        var source = await NewAsync(
            $"CREATE TABLE parent (id {i} NOT NULL PRIMARY KEY, code {Make.KeyText} NOT NULL UNIQUE)",
            $"""
             CREATE TABLE {Q("the \"table\"")} (k2 {Make.KeyText} NOT NULL, k1 {i} NOT NULL, parent {i} REFERENCES parent (id),
             {string.Join(", ", kinds.Select(k => $"{Q("c " + k)} {T(k)}"))}, PRIMARY KEY (k1, k2))
             """);
        var destination = await NewAsync();
        var from = await OpenAsync(source);
        var to = await OpenAsync(destination);
        var tables = (await from.CatalogAsync()).Tables;
        await using (var transaction = await to.BeginAsync())
        {
            foreach (var table in tables)
                await transaction.CreateTableAsync(to.GetCreateTable(table, from.Provider), Token);
            await transaction.CommitAsync();
        }

        var made = (await to.CatalogAsync()).Tables;
        Assert.Equal(tables.Select(t => t.Name), made.Select(t => t.Name));
        foreach (var (wanted, got) in tables.Zip(made))
        {
            Assert.Equal(wanted.Columns, got.Columns);
            Assert.Equal(wanted.Key, got.Key);
        }
    }
}
