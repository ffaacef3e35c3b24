using System.Buffers;
using System.Collections;
using System.Collections.Specialized;
using System.Text.Json;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Objects;

/// <summary>Makes the shell's objects of what a node sends.</summary>
internal static class InfoObjects
{
    private static readonly int ColumnsOfEveryObject = CmsColumns.OfEveryObject.Count;

    public static InfoObject From(CmsObjectInfo info) => From(info, PropertyReader.FromJson(info.Properties));

    /// <summary>The object of a row of <c>SELECT *</c>. A property may have the name of a column: what comes after the columns is a property.</summary>
    public static InfoObject FromRow(JsonElement row)
    {
        var properties = new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in row.EnumerateObject().Skip(ColumnsOfEveryObject))
            properties[entry.Name] = PropertyReader.Value(entry.Value);
        return From(Columns(row), properties);
    }

    /// <summary>The same as the node gives single objects.</summary>
    public static CmsObjectInfo InfoFromRow(JsonElement row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var entry in row.EnumerateObject().Skip(ColumnsOfEveryObject))
                entry.WriteTo(writer);
            writer.WriteEndObject();
        }

        using var properties = JsonDocument.Parse(buffer.WrittenMemory);
        return Columns(row) with { Properties = properties.RootElement.Clone() };
    }

    private static InfoObject From(CmsObjectInfo info, IDictionary properties)
    {
        SessionMemory.SawObject(info.Path, info.Kind);
        return new InfoObject
        {
            Id = info.Id,
            Cuid = info.Cuid,
            Kind = info.Kind,
            Name = info.Name,
            Path = info.Path,
            ParentId = info.ParentId,
            OwnerId = info.OwnerId,
            Owner = info.Owner,
            Version = info.Version,
            UpdateKey = info.UpdateKey,
            Created = info.Created.ToLocalTime(),
            Modified = info.Modified.ToLocalTime(),
            Properties = properties,
        };
    }

    // Without the properties.
    private static CmsObjectInfo Columns(JsonElement row)
    {
        var columns = new Dictionary<string, JsonElement>(ColumnsOfEveryObject, StringComparer.Ordinal);
        foreach (var entry in row.EnumerateObject().Take(ColumnsOfEveryObject))
            columns[entry.Name] = entry.Value;
        return new CmsObjectInfo
        {
            Id = columns["SI_ID"].GetInt64(),
            Cuid = Text(columns, "SI_CUID"),
            Kind = Text(columns, "SI_KIND"),
            Name = Text(columns, "SI_NAME"),
            Path = Text(columns, "SI_PATH"),
            ParentId = columns["SI_PARENTID"].GetInt64(),
            OwnerId = columns["SI_OWNERID"].GetInt64(),
            Owner = Text(columns, "SI_OWNER"),
            Version = (int)columns["SI_VERSION"].GetInt64(),
            UpdateKey = columns["SI_UPDATE_KEY"].GetInt64(),
            Created = Date(columns, "SI_CREATION_TIME"),
            Modified = Date(columns, "SI_UPDATE_TS"),
        };
    }

    private static string Text(Dictionary<string, JsonElement> columns, string name) => columns[name].GetString() ?? string.Empty;

    private static DateTimeOffset Date(Dictionary<string, JsonElement> columns, string name)
        => (DateTimeOffset)PropertyReader.Value(columns[name])!;
}
