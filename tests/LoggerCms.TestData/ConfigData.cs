using System.Buffers.Binary;
using System.Globalization;

namespace LoggerCms.TestData;

/// <summary>
/// A configuration database of any size: 12 tables with integer, text, composite and GUID keys, about 570 canonical bytes a row.
/// Deterministic: a row depends on its table and index alone, so that a database grows without changing what it held.
/// </summary>
public static class ConfigData
{
    /// <summary>The rows of the side in the field report that the product is measured by; about 13 MB.</summary>
    public const long FieldRows = 23_442;

    public const string TablePrefix = "config_";

    /// <summary>Of a thousand rows of a stale side: changed, missing, and not in the source.</summary>
    public const int ChangedPerMille = 8;
    public const int MissingPerMille = 1;
    public const int ExtraPerMille = 1;

    private static readonly DataColumn[] Body =
    [
        new("config_no", DataKind.Integer),
        new("name", DataKind.Text),
        new("description", DataKind.Text),
        new("settings", DataKind.Text),
        new("enabled", DataKind.Integer),
        new("weight", DataKind.Double),
        new("changed_at", DataKind.DateTime),
        new("note", DataKind.Text, Nullable: true),
        new("fingerprint", DataKind.Binary),
    ];

    private static readonly DateTime Start = new(2004, 11, 1, 0, 0, 0, DateTimeKind.Unspecified);

    /// <summary>In ordinal order of the names.</summary>
    public static IReadOnlyList<DataTable> Tables { get; } =
    [
        Table("config_agent", 200, new DataColumn("agent_id", DataKind.Integer)),
        Table("config_call_type", 50, new DataColumn("enterprise_name", DataKind.Text)),
        Table("config_device_target", 100, new DataColumn("device_guid", DataKind.Guid)),
        Table("config_dialed_number", 100, new DataColumn("routing_client_id", DataKind.Integer), new DataColumn("dialed_number", DataKind.Text)),
        Table("config_label", 50, new DataColumn("label", DataKind.Text), new DataColumn("routing_client_id", DataKind.Integer)),
        Table("config_person", 120, new DataColumn("login_name", DataKind.Text)),
        Table("config_route", 50, new DataColumn("route_guid", DataKind.Guid)),
        Table("config_script", 40, new DataColumn("script_id", DataKind.Integer)),
        Table("config_service", 30, new DataColumn("enterprise_name", DataKind.Text)),
        Table("config_skill_group", 80, new DataColumn("skill_group_id", DataKind.Integer)),
        Table("config_skill_group_member", 150, new DataColumn("skill_group_id", DataKind.Integer), new DataColumn("agent_id", DataKind.Integer)),
        Table("config_trunk_group", 30, new DataColumn("trunk_group_id", DataKind.Integer)),
    ];

    /// <summary>Rows of one table in a database of <paramref name="rows"/>; the first table takes what the shares leave over.</summary>
    public static long RowsOf(DataTable table, long rows)
    {
        var share = rows * table.Share / 1000;
        return ReferenceEquals(table, Tables[0]) ? rows - Tables.Skip(1).Sum(t => rows * t.Share / 1000) : share;
    }

    /// <summary>Rows whose <c>config_no</c> leaves this remainder are changed or missing on a stale side.</summary>
    public static string ChangedCondition => "config_no % 125 = 7";

    public static string MissingCondition => "config_no % 1000 = 3";

    /// <summary>How many rows of a table of <paramref name="tableRows"/> rows meet <c>config_no % modulus = remainder</c>.</summary>
    public static long CountWithRemainder(long tableRows, int modulus, int remainder)
        => tableRows <= remainder ? 0 : ((tableRows - 1 - remainder) / modulus) + 1;

    public static long ExtraRowsOf(DataTable table, long rows) => RowsOf(table, rows) * ExtraPerMille / 1000;

    /// <summary>What a stale side of this size differs in.</summary>
    public static (long Changed, long Missing, long Extra) StaleCounts(long rows)
    {
        long changed = 0, missing = 0, extra = 0;
        foreach (var table in Tables)
        {
            var count = RowsOf(table, rows);
            changed += CountWithRemainder(count, 125, 7);
            missing += CountWithRemainder(count, 1000, 3);
            extra += ExtraRowsOf(table, rows);
        }

        return (changed, missing, extra);
    }

    /// <summary>Fills <paramref name="values"/> with row <paramref name="index"/>, in the order of the table's columns.</summary>
    public static void Fill(DataTable table, long index, object?[] values)
    {
        var random = new RowRandom(Seed(table.Name) ^ ((ulong)index * 0xD1342543DE82EF95));
        for (var i = 0; i < table.Key; i++)
            values[i] = KeyValue(table, i, index, ref random);
        var at = table.Key;
        values[at++] = index;
        values[at++] = string.Create(CultureInfo.InvariantCulture, $"{Words.Pick(ref random)}_{Words.Pick(ref random)}_{index}");
        values[at++] = Words.Sentence(ref random, 197);
        values[at++] = Words.Settings(ref random, 191);
        values[at++] = (long)random.Below(2);
        values[at++] = Weight(ref random);
        values[at++] = Start.AddMilliseconds((long)(random.Next() % 31_536_000_000UL));
        values[at++] = random.Below(5) == 0 ? null : Words.Sentence(ref random, 56);
        values[at] = Bytes(ref random, 32);
    }

    private static DataTable Table(string name, int share, params DataColumn[] key) => new(name, [.. key, .. Body], key.Length, share);

    private static ulong Seed(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in name)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    private static object KeyValue(DataTable table, int column, long index, ref RowRandom random) => table.Columns[column].Kind switch
    {
        DataKind.Guid => new Guid(Bytes(ref random, 16), bigEndian: true),
        DataKind.Text => string.Create(CultureInfo.InvariantCulture, $"{table.Name.AsSpan(TablePrefix.Length)}.{index:D9}"),
        DataKind.Integer when table.Key == 2 && column == 0 => table.Columns[1].Kind == DataKind.Text ? index / 1000 : 5000 + (index / 20),
        DataKind.Integer when table.Key == 2 && table.Columns[0].Kind == DataKind.Text => index % 7,
        _ => 5000 + index,
    };

    /// <summary>Full 53-bit fractions, which text forms of 15 digits would not bring back.</summary>
    private static double Weight(ref RowRandom random) => (random.Next() >> 11) * (1.0 / (1UL << 53)) * 1000;

    private static byte[] Bytes(ref RowRandom random, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i += 8)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i), random.Next());
        return bytes;
    }
}
