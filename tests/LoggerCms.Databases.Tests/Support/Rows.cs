using System.Globalization;
using System.Text;

namespace LoggerCms.Databases.Tests.Support;

/// <summary>A payload under a tag as it stands, for values that no .NET type carries.</summary>
public sealed record Raw(FieldTag Tag, byte[] Payload)
{
    public static Raw Decimal(string digits) => new(FieldTag.Decimal, Encoding.ASCII.GetBytes(digits));

    public static Raw Native(string text) => new(FieldTag.Native, Encoding.UTF8.GetBytes(text));
}

/// <summary>Writes, reads and shows canonical rows.</summary>
public static class Rows
{
    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>One row of a table; columns that are not named are null.</summary>
    public static RowBatch Of(TableSchema table, params (string Column, object? Value)[] values)
        => Append(new RowBatch(), table, values);

    public static RowBatch Append(RowBatch batch, TableSchema table, params (string Column, object? Value)[] values)
    {
        foreach (var (column, _) in values)
            Assert.Contains(table.Columns, c => c.Name == column);
        foreach (var column in table.Columns)
            Write(batch, values.FirstOrDefault(v => v.Column == column.Name).Value);
        batch.EndRow();
        return batch;
    }

    /// <summary>Keys of one field each.</summary>
    public static RowBatch Keys(params object?[] keys)
    {
        var batch = new RowBatch();
        foreach (var key in keys)
        {
            Write(batch, key);
            batch.EndRow();
        }

        return batch;
    }

    /// <summary>One key of several fields.</summary>
    public static RowBatch Key(params object?[] fields)
    {
        var batch = new RowBatch();
        foreach (var field in fields)
            Write(batch, field);
        batch.EndRow();
        return batch;
    }

    public static RowBatch Batch(IEnumerable<byte[]> rows)
    {
        var batch = new RowBatch();
        foreach (var row in rows)
            batch.Add(row);
        return batch;
    }

    public static async IAsyncEnumerable<RowBatch> Stream(params RowBatch[] batches)
    {
        foreach (var batch in batches)
        {
            await Task.Yield();
            yield return batch;
        }
    }

    public static async Task<List<byte[]>> ToListAsync(this IAsyncEnumerable<RowBatch> batches)
    {
        var rows = new List<byte[]>();
        await foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Count; i++)
                rows.Add(batch[i].ToArray());
            batch.Dispose();
        }

        return rows;
    }

    public static Task<List<byte[]>> ReadAllAsync(this IRowReader reader, TableSchema table, bool ordered = false)
        => reader.ReadAsync(new RowQuery(table, ordered), TestContext.Current.CancellationToken).ToListAsync();

    /// <summary>All rows of a table as text, sorted.</summary>
    public static async Task<List<string>> ShowAllAsync(this IRowReader reader, string table)
        => ShowSorted(await reader.ReadAllAsync(reader.Table(table)));

    public static List<string> ShowSorted(IEnumerable<byte[]> rows) => [.. rows.Select(r => Show(r)).Order(StringComparer.Ordinal)];

    public static TableSchema Table(this IRowReader reader, string name)
        => Assert.Single(reader.Catalog.Tables, t => t.Name.ToString() == name);

    public static byte[] KeyOf(TableSchema table, byte[] row)
    {
        using var keys = new RowBatch();
        RowKeys.AppendKey(table, row, keys);
        return keys[0].ToArray();
    }

    public static KeyOrder[] KeyOrders(TableSchema table) => [.. table.Key.Select(i => table.Columns[i].KeyOrder)];

    /// <summary>A row as exact text: two rows look the same only when they are.</summary>
    public static string Show(ReadOnlySpan<byte> row)
    {
        var text = new StringBuilder();
        var reader = new CanonicalReader(row);
        while (reader.Read())
        {
            if (text.Length > 0)
                text.Append(" | ");
            text.Append(reader.Tag).Append(' ').Append(ShowPayload(reader));
        }

        return text.ToString();
    }

    private static string ShowPayload(CanonicalReader field)
    {
        if (field.Payload.Length > 1000)
            return $"{field.Payload.Length} bytes, {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(field.Payload))}";
        return field.Tag switch
        {
            FieldTag.Null => string.Empty,
            FieldTag.Boolean => field.Boolean.ToString(),
            FieldTag.Integer => field.Int64.ToString(CultureInfo.InvariantCulture),
            FieldTag.Decimal => Encoding.ASCII.GetString(field.Payload),
            FieldTag.Double => $"{field.Double.ToString("R", CultureInfo.InvariantCulture)} {field.Int64:x16}",
            FieldTag.Single => $"{field.Single.ToString("R", CultureInfo.InvariantCulture)} {field.Int32:x8}",
            FieldTag.Text or FieldTag.Native => ShowText(field.Payload),
            FieldTag.Date => ShowDate(field.Int32),
            FieldTag.Time => ShowTime(field.Int64),
            FieldTag.DateTime => ShowDate(field.DateTime.Days) + "T" + ShowTime(field.DateTime.Ticks),
            FieldTag.DateTimeOffset => $"{ShowDate(field.DateTime.Days)}T{ShowTime(field.DateTime.Ticks)}Z {field.OffsetMinutes}",
            _ => Convert.ToHexString(field.Payload),
        };
    }

    private static string ShowText(ReadOnlySpan<byte> utf8)
    {
        var plain = true;
        foreach (var b in utf8)
            plain &= b is >= 0x20 and < 0x7F;
        return plain ? "'" + Encoding.ASCII.GetString(utf8) + "'" : "u" + Convert.ToHexString(utf8);
    }

    private static string ShowDate(int days) => days switch
    {
        int.MaxValue => "infinity",
        int.MinValue => "-infinity",
        _ when days + (long)Epoch is >= 0 and <= 3652058 => DateOnly.FromDayNumber(days + Epoch).ToString("O", CultureInfo.InvariantCulture),
        _ => $"day {days}",
    };

    private static string ShowTime(long ticks)
        => ticks < TimeSpan.TicksPerDay ? TimeSpan.FromTicks(ticks).ToString("c", CultureInfo.InvariantCulture) : $"tick {ticks}";

    public static void Write(RowBatch batch, object? value)
    {
        switch (value)
        {
            case null: Canonical.WriteNull(batch); break;
            case bool v: Canonical.WriteBoolean(batch, v); break;
            case int v: Canonical.WriteInteger(batch, v); break;
            case long v: Canonical.WriteInteger(batch, v); break;
            case double v: Canonical.WriteDouble(batch, v); break;
            case float v: Canonical.WriteSingle(batch, v); break;
            case decimal v: Canonical.WriteBytes(batch, FieldTag.Decimal, Encoding.ASCII.GetBytes(v.ToString(CultureInfo.InvariantCulture))); break;
            case string v: Canonical.WriteBytes(batch, FieldTag.Text, Encoding.UTF8.GetBytes(v)); break;
            case byte[] v: Canonical.WriteBytes(batch, FieldTag.Binary, v); break;
            case Guid v: Canonical.WriteGuid(batch, v.ToByteArray(bigEndian: true)); break;
            case DateOnly v: Canonical.WriteDate(batch, v.DayNumber - Epoch); break;
            case TimeOnly v: Canonical.WriteTime(batch, v.Ticks); break;
            case DateTime v: Canonical.WriteDateTime(batch, DateOnly.FromDateTime(v).DayNumber - Epoch, v.TimeOfDay.Ticks); break;
            case DateTimeOffset v:
                var utc = v.UtcDateTime;
                Canonical.WriteDateTimeOffset(batch, DateOnly.FromDateTime(utc).DayNumber - Epoch, utc.TimeOfDay.Ticks, (short)v.TotalOffsetMinutes);
                break;
            case Raw v: Canonical.WriteBytes(batch, v.Tag, v.Payload); break;
            default: throw new ArgumentException($"No canonical form is known for {value.GetType()}.", nameof(value));
        }
    }
}
