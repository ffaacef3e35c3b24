using System.Text;
using LoggerCms.Core.Sides;
using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>Generated rows in their canonical form, without a database.</summary>
internal static class SampleRows
{
    private static readonly DateTime Epoch = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);
    private static readonly DataTable Table = ConfigData.Tables.First(t => t.Name == "config_agent");

    /// <summary>Indexes of the generated columns in ordinal order of their names.</summary>
    private static readonly int[] Order = [.. Enumerable.Range(0, Table.Columns.Count).OrderBy(i => Table.Columns[i].Name, StringComparer.Ordinal)];

    /// <summary>The table as a driver would describe it: columns in ordinal order of their names.</summary>
    public static TableSchema Schema { get; } = CreateSchema();

    public static IReadOnlyList<object?[]> Values(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            var values = new object?[Table.Columns.Count];
            ConfigData.Fill(Table, i, values);
            return values;
        }),
    ];

    public static RowBatch Batch(int from, int count)
    {
        var batch = new RowBatch();
        var values = new object?[Table.Columns.Count];
        for (var i = from; i < from + count; i++)
        {
            ConfigData.Fill(Table, i, values);
            Write(batch, values);
        }

        return batch;
    }

    public static void Write(RowBatch batch, object?[] values)
    {
        foreach (var column in Order)
            WriteField(batch, values[column]);
        batch.EndRow();
    }

    private static void WriteField(RowBatch batch, object? value)
    {
        switch (value)
        {
            case null: Canonical.WriteNull(batch); break;
            case long number: Canonical.WriteInteger(batch, number); break;
            case double number: Canonical.WriteDouble(batch, number); break;
            case string text: WriteText(batch, text); break;
            case byte[] bytes: Canonical.WriteBytes(batch, FieldTag.Binary, bytes); break;
            case DateTime time: Canonical.WriteDateTime(batch, (time - Epoch).Days, time.TimeOfDay.Ticks); break;
            default: throw new InvalidOperationException($"A generated row has a value of type {value.GetType()}.");
        }
    }

    private static void WriteText(RowBatch batch, string text)
    {
        Span<byte> utf8 = stackalloc byte[1024];
        Canonical.WriteBytes(batch, FieldTag.Text, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    private static TableSchema CreateSchema()
    {
        ColumnSchema[] columns = [.. Order.Select(i => Table.Columns[i]).Select(column => new ColumnSchema(column.Name, new LogicalType(Kind(column.Kind)), column.Nullable)
        {
            DeclaredType = column.Kind.ToString(),
            KeyOrder = column.Kind == DataKind.Integer ? KeyOrder.Integer : KeyOrder.None,
        })];
        return new TableSchema(new TableName(null, Table.Name))
        {
            Columns = columns,
            Key = [.. Table.KeyColumns.Select(key => Array.FindIndex(columns, c => c.Name == key.Name))],
        };
    }

    private static LogicalKind Kind(DataKind kind) => kind switch
    {
        DataKind.Integer => LogicalKind.Integer,
        DataKind.Text => LogicalKind.Text,
        DataKind.Double => LogicalKind.Double,
        DataKind.Binary => LogicalKind.Binary,
        DataKind.Guid => LogicalKind.Guid,
        DataKind.DateTime => LogicalKind.DateTime,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
