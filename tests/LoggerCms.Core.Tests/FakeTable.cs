using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

/// <summary>Tables and rows for tests, from plain values.</summary>
internal static class FakeTable
{
    public static ColumnSchema Column(string name, LogicalKind kind, KeyOrder order = KeyOrder.None, bool nullable = true)
        => new(name, new LogicalType(kind), nullable) { DeclaredType = kind.ToString(), KeyOrder = order };

    /// <summary>A table whose key are the named columns; columns are put in ordinal order.</summary>
    public static TableSchema Schema(string name, IEnumerable<ColumnSchema> columns, params string[] key)
    {
        var ordered = columns.OrderBy(column => column.Name, StringComparer.Ordinal).ToList();
        return new TableSchema(new TableName(null, name))
        {
            Columns = ordered,
            Key = [.. key.Select(k => ordered.FindIndex(column => column.Name == k))],
        };
    }

    /// <summary>A table whose columns may hold anything.</summary>
    public static TableSchema Schema(string name, string[] columns, params string[] key)
        => Schema(name, columns.Select(column => Column(column, LogicalKind.Any)), key);

    /// <summary>id (the key), name.</summary>
    public static TableSchema People(string name = "people", KeyOrder order = KeyOrder.Integer)
        => Schema(name, [Column("id", LogicalKind.Integer, order, nullable: false), Column("name", LogicalKind.Text)], "id");

    /// <summary>Values in ordinal order of the columns.</summary>
    public static byte[] Row(params object?[] values)
    {
        using var batch = new RowBatch();
        foreach (var value in values)
            Write(batch, value);
        batch.EndRow();
        return batch[0].ToArray();
    }

    private static void Write(RowBatch batch, object? value)
    {
        switch (value)
        {
            case null:
                Canonical.WriteNull(batch);
                break;
            case int number:
                Canonical.WriteInteger(batch, number);
                break;
            case long number:
                Canonical.WriteInteger(batch, number);
                break;
            case bool truth:
                Canonical.WriteBoolean(batch, truth);
                break;
            case double number:
                Canonical.WriteDouble(batch, number);
                break;
            case float number:
                Canonical.WriteSingle(batch, number);
                break;
            case string text:
                Canonical.WriteBytes(batch, FieldTag.Text, Encoding.UTF8.GetBytes(text));
                break;
            case byte[] bytes:
                Canonical.WriteBytes(batch, FieldTag.Binary, bytes);
                break;
            case Guid guid:
                Canonical.WriteGuid(batch, guid.ToByteArray(bigEndian: true));
                break;
            case decimal number:
                Canonical.WriteBytes(batch, FieldTag.Decimal, Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                break;
            default:
                throw new ArgumentException($"No canonical form for {value.GetType()} in tests.");
        }
    }
}
