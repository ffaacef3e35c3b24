using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LoggerCms.Core;

namespace LoggerCms.Client;

/// <summary>
/// Writes requests, and refuses those with half a surrogate pair in a text: the serializer puts U+FFFD in its place and says nothing, and so another name
/// would be given, or another object found, than was asked for.
/// </summary>
internal static class RequestText
{
    private const int MostShown = 120;

    private static readonly JsonSerializerOptions s_whole = new(CmsJson.Default.Options) { Converters = { new WholeText() } };

    /// <exception cref="LoggerCmsException">InvalidObject, naming the field.</exception>
    public static byte[] Write<T>(T body)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(body, (JsonTypeInfo<T>)s_whole.GetTypeInfo(typeof(T)));
        }
        catch (JsonException exception) when (exception is HalfPairException or { InnerException: InvalidOperationException })
        {
            // Half an escaped pair in properties that were read as JSON reaches us as the second.
            var field = exception.Path?[(exception.Path.LastIndexOf('.') + 1)..] ?? "";
            throw Refusal(field, IsSecret<T>(field) ? null : (exception as HalfPairException)?.Text);
        }
    }

    /// <summary>A value of an address.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject, naming the parameter.</exception>
    public static string Escape(string parameter, string text) => UnicodeText.IsWhole(text) ? Uri.EscapeDataString(text) : throw Refusal(parameter, text);

    private static bool IsSecret<T>(string field) => (typeof(T) == typeof(CmsLogon) && field != nameof(CmsLogon.User)) || typeof(T) == typeof(CmsPassword);

    private static LoggerCmsException Refusal(string field, string? text)
        => new(
            ErrorCodes.InvalidObject,
            $"{field}{(text is null ? "" : $" '{PlainText.Of(UnicodeText.Shown(text), MostShown)}'")} holds half a surrogate pair, which is no Unicode text.",
            "Give it whole; a text that was cut in the middle of a character (Substring) holds half of it.");

    private sealed class WholeText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
            => writer.WriteStringValue(UnicodeText.IsWhole(value) ? value : throw new HalfPairException(value));
    }

    // The serializer tells of such exceptions where in the request they came from.
    private sealed class HalfPairException(string text) : JsonException
    {
        public string Text => text;
    }
}
