namespace LoggerCms.Databases.Tests.Support;

/// <summary>The steps that most tests take with a side.</summary>
public static class Sides
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<ISideSnapshot> SnapshotAsync(this ISide side, int readers = 1)
        => side.BeginSnapshotAsync(new SnapshotOptions { Readers = readers, AllowBlockingRead = true }, Token);

    public static async Task<SideCatalog> CatalogAsync(this ISide side)
    {
        await using var snapshot = await side.SnapshotAsync();
        return snapshot.Catalog;
    }

    public static async Task<List<string>> ShowAllAsync(this ISide side, string table)
    {
        await using var snapshot = await side.SnapshotAsync();
        return await snapshot.ShowAllAsync(table);
    }

    /// <summary>Begins a transaction on the named tables, or on all.</summary>
    public static async Task<ISideTransaction> BeginAsync(this ISide side, params string[] tables)
    {
        var catalog = await side.CatalogAsync();
        return await side.BeginTransactionAsync(
            [.. catalog.Tables.Where(t => tables.Length == 0 || tables.Contains(t.Name.ToString()))], LockTimeout, Token);
    }

    public static Task InsertAsync(this ISideTransaction transaction, string table, params (string, object?)[] row)
        => transaction.InsertAsync(transaction.Table(table), Rows.Stream(Rows.Of(transaction.Table(table), row)), Token);

    public static Task<long> UpdateAsync(this ISideTransaction transaction, string table, params (string, object?)[] row)
        => transaction.UpdateAsync(transaction.Table(table), Rows.Of(transaction.Table(table), row), Token);

    public static Task<long> DeleteAsync(this ISideTransaction transaction, string table, params object?[] keys)
        => transaction.DeleteAsync(transaction.Table(table), Rows.Keys(keys), Token);

    public static Task<long> ClearAsync(this ISideTransaction transaction, string table)
        => transaction.ClearAsync(transaction.Table(table), Token);

    /// <summary>Asserts a typed failure that says something and tells what to do.</summary>
    public static async Task<LoggerCmsException> FailsAsync(string code, Func<Task> act)
        => await FailsAsync([code], act);

    public static async Task<LoggerCmsException> FailsAsync(string[] codes, Func<Task> act)
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(act);
        Assert.True(codes.Contains(failure.Code), $"Expected {string.Join(" or ", codes)}, got {failure.Code}: {failure.Message}");
        Assert.False(string.IsNullOrWhiteSpace(failure.Message));
        Assert.False(string.IsNullOrWhiteSpace(failure.Remedy));
        return failure;
    }

    /// <summary>Everything a caller may log of a failure.</summary>
    public static string Everything(Exception failure) => failure + (failure as LoggerCmsException)?.Remedy;
}
