namespace LoggerCms.TestData;

public enum DataKind
{
    Integer,
    Text,
    Double,
    Binary,
    Guid,
    DateTime,
}

public sealed record DataColumn(string Name, DataKind Kind, bool Nullable = false);

/// <param name="Name">The table's name; every one begins with <see cref="ConfigData.TablePrefix"/>.</param>
/// <param name="Columns">The columns in the order of a generated row.</param>
/// <param name="Key">How many of the first columns are the primary key.</param>
/// <param name="Share">Rows of this table in a thousand of the whole database.</param>
public sealed record DataTable(string Name, IReadOnlyList<DataColumn> Columns, int Key, int Share)
{
    public IEnumerable<DataColumn> KeyColumns => Columns.Take(Key);
}
