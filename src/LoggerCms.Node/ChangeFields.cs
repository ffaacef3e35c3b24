using System.Globalization;
using System.Text.Json;
using LoggerCms.Core;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Node;

/// <summary>
/// One change as it stands on the wire, a <see cref="CmsChange"/> whose properties were read into a bag in the same pass: the serializer would read
/// them into a document of its own first.
/// </summary>
internal sealed class ChangeFields
{
    private static readonly (byte[] Utf8, string Name, Setter Set)[] Known =
    [
        Field(nameof(CmsChange.Operation), static (c, ref r) => c.Operation = Text(ref r)),
        Field(nameof(CmsChange.Id), static (c, ref r) => c.Id = Integer(ref r)),
        Field(nameof(CmsChange.ExpectedVersion), static (c, ref r) => c.ExpectedVersion = Version(ref r)),
        Field(nameof(CmsChange.ExpectedCuid), static (c, ref r) => c.ExpectedCuid = Text(ref r)),
        Field(nameof(CmsChange.Properties), static (c, ref r) => c.Properties = r.TokenType == JsonTokenType.Null ? null : PropertyJson.Read(ref r)),
        Field(nameof(CmsChange.Kind), static (c, ref r) => c.Kind = Text(ref r)),
        Field(nameof(CmsChange.Name), static (c, ref r) => c.Name = Text(ref r)),
        Field(nameof(CmsChange.ParentId), static (c, ref r) => c.ParentId = Integer(ref r)),
        Field(nameof(CmsChange.Cuid), static (c, ref r) => c.Cuid = Text(ref r)),
        Field(nameof(CmsChange.OwnerId), static (c, ref r) => c.OwnerId = Integer(ref r)),
        Field(nameof(CmsChange.Rights), static (c, ref r) => c.Rights = JsonSerializer.Deserialize(ref r, RequestJson.Form.CmsObjectRights)),
        Field(nameof(CmsChange.RemoveProperties), static (c, ref r) => c.RemoveProperties = Texts(ref r)),
        Field(nameof(CmsChange.Recurse), static (c, ref r) => c.Recurse = Flag(ref r) ?? false),
        Field(nameof(CmsChange.PrincipalId), static (c, ref r) => c.PrincipalId = Integer(ref r)),
        Field(nameof(CmsChange.Right), static (c, ref r) => c.Right = Text(ref r)),
        Field(nameof(CmsChange.RightValue), static (c, ref r) => c.RightValue = Text(ref r)),
        Field(nameof(CmsChange.InheritFromFolder), static (c, ref r) => c.InheritFromFolder = Flag(ref r)),
        Field(nameof(CmsChange.InheritFromGroups), static (c, ref r) => c.InheritFromGroups = Flag(ref r)),
    ];

    // What the reader marks its own exceptions with that say that a text is none: for whoever reads with it, as the serializer does.
    private const string OfReader = "System.Text.Json.Rethrowable";

    private delegate void Setter(ChangeFields change, ref Utf8JsonReader reader);

    public string? Operation { get; private set; }

    public long? Id { get; private set; }

    public int? ExpectedVersion { get; private set; }

    public string? ExpectedCuid { get; private set; }

    public PropertyBag? Properties { get; private set; }

    public string? Kind { get; private set; }

    public string? Name { get; private set; }

    public long? ParentId { get; private set; }

    public string? Cuid { get; private set; }

    public long? OwnerId { get; private set; }

    public CmsObjectRights? Rights { get; private set; }

    public IReadOnlyList<string>? RemoveProperties { get; private set; }

    public bool Recurse { get; private set; }

    public long? PrincipalId { get; private set; }

    public string? Right { get; private set; }

    public string? RightValue { get; private set; }

    public bool? InheritFromFolder { get; private set; }

    public bool? InheritFromGroups { get; private set; }

    /// <summary>Reads the body of a <see cref="CmsChangeRequest"/>: names in any case.</summary>
    /// <param name="json">The body.</param>
    /// <param name="mostDepth">How deep objects and lists may lie in each other.</param>
    /// <exception cref="JsonException">It is no JSON, a value is of the wrong kind, or a name is not known or there twice (see <see cref="RequestJson"/>).</exception>
    /// <exception cref="LoggerCmsException">InvalidObject or LimitExceeded, of properties or of a change that makes no sense.</exception>
    public static ChangeRequest ReadRequest(ReadOnlySpan<byte> json, int mostDepth)
    {
        try
        {
            return ReadAll(json, mostDepth);
        }
        catch (InvalidOperationException exception) when (exception.Source == OfReader)
        {
            throw new JsonException($"A text in it is no Unicode: {exception.Message}", exception);
        }
    }

    private static ChangeRequest ReadAll(ReadOnlySpan<byte> json, int mostDepth)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = mostDepth });
        Guid? id = null;
        var whatIf = false;
        List<WriteOperation>? operations = null;
        var seen = 0;
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsNamed(ref reader, "Changes"u8, nameof(CmsChangeRequest.Changes)))
            {
                See(ref reader, ref seen, 0);
                Expect(ref reader, JsonTokenType.StartArray);
                operations = [];
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                    operations.Add(ChangeTranslator.Translate(Read(ref reader)));
                if (reader.TokenType != JsonTokenType.EndArray)
                    throw Wrong(ref reader, "a change");
            }
            else if (IsNamed(ref reader, "RequestId"u8, nameof(CmsChangeRequest.RequestId)))
            {
                See(ref reader, ref seen, 1);
                reader.Read();
                id = Text(ref reader) is null ? null : reader.TryGetGuid(out var given) ? given : throw Wrong(ref reader, "an id");
            }
            else if (IsNamed(ref reader, "WhatIf"u8, nameof(CmsChangeRequest.WhatIf)))
            {
                See(ref reader, ref seen, 2);
                reader.Read();
                whatIf = Flag(ref reader) ?? false;
            }
            else
            {
                throw Unknown(ref reader, "a request for changes");
            }
        }

        if (reader.Read())
            throw new JsonException("Something follows the request.");
        return new ChangeRequest(id, whatIf, operations ?? throw new JsonException("It has no Changes.")) { Fingerprint = Fingerprint(json) };
    }

    // Against mistakes, not against somebody who wants two requests to have the same.
    private static long Fingerprint(ReadOnlySpan<byte> json) => ((long)json.Length << 32) | FrameFile.Crc(json);

    private static ChangeFields Read(ref Utf8JsonReader reader)
    {
        var change = new ChangeFields();
        var seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Find(ref reader);
            See(ref reader, ref seen, field);
            reader.Read();
            Known[field].Set(change, ref reader);
        }

        return change;
    }

    private static int Find(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < Known.Length; i++)
        {
            if (reader.ValueTextEquals(Known[i].Utf8))
                return i;
        }

        var name = reader.GetString();
        var found = Array.FindIndex(Known, k => string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase));
        return found >= 0 ? found : throw Unknown(ref reader, "a change");
    }

    // A bit for each field.
    private static void See(ref Utf8JsonReader reader, ref int seen, int field)
    {
        if ((seen & (1 << field)) != 0)
            throw new JsonException($"The field '{Printable(ref reader)}' is there twice, at byte {reader.TokenStartIndex}.");
        seen |= 1 << field;
    }

    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8, string name)
        => reader.ValueTextEquals(utf8) || string.Equals(reader.GetString(), name, StringComparison.OrdinalIgnoreCase);

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        reader.Read();
        if (reader.TokenType != type)
            throw Wrong(ref reader, type == JsonTokenType.StartArray ? "a list" : "an object");
    }

    private static string? Text(ref Utf8JsonReader reader)
        => reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? reader.GetString() : throw Wrong(ref reader, "a text");

    private static long? Integer(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when reader.TryGetInt64(out var number) => number,
        JsonTokenType.String when long.TryParse(reader.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Wrong(ref reader, "an integer"),
    };

    private static int? Version(ref Utf8JsonReader reader)
        => Integer(ref reader) is not { } number ? null : number is >= int.MinValue and <= int.MaxValue ? (int)number : throw Wrong(ref reader, "a version");

    private static bool? Flag(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.True or JsonTokenType.False => reader.GetBoolean(),
        _ => throw Wrong(ref reader, "true or false"),
    };

    private static List<string>? Texts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Wrong(ref reader, "a list");
        List<string> texts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            texts.Add(Text(ref reader) ?? throw Wrong(ref reader, "a text"));
        return texts;
    }

    private static JsonException Wrong(ref Utf8JsonReader reader, string wanted)
        => new($"There is {reader.TokenType} where {wanted} is wanted, at byte {reader.TokenStartIndex}.");

    private static JsonException Unknown(ref Utf8JsonReader reader, string of)
        => new($"The field '{Printable(ref reader)}', at byte {reader.TokenStartIndex}, is none of {of}.");

    private static string Printable(ref Utf8JsonReader reader) => PlainText.Of(reader.GetString()!, PlainText.MostOfStranger);

    private static (byte[] Utf8, string Name, Setter Set) Field(string name, Setter set) => (System.Text.Encoding.UTF8.GetBytes(name), name, set);
}

/// <param name="RequestId">The caller's; null for one that never tries again.</param>
/// <param name="WhatIf">Plan only.</param>
/// <param name="Operations">What is to be changed.</param>
internal readonly record struct ChangeRequest(Guid? RequestId, bool WhatIf, IReadOnlyList<WriteOperation> Operations)
{
    /// <summary>Of the body's bytes, by length and checksum.</summary>
    public long Fingerprint { get; init; }

    /// <summary>Its caller waits no more.</summary>
    public CancellationToken Gone { get; init; }

    /// <summary>See <see cref="WriteRequest.MayTakeLong"/>.</summary>
    public bool MayTakeLong { get; init; } = true;
}
