using System.Text.Json;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Deltas;

/// <summary>A conflict with both versions, as an admin reads it; how it was decided is known when the fate of its record is. Of a token there is all but what it could be guessed from.</summary>
internal static class ConflictReport
{
    public static DeltaConflict Of(ChangeRecord record, Change change, IObjectView view, TokenService tokens, string reason)
    {
        var (id, name, delta, current) = change switch
        {
            PutChange put => (put.Object.Id, put.Object.Name, ObjectJson.ToText(put.Object), TextOf(view.Find(put.Object.Id))),
            RemoveChange remove => (remove.Id, view.Find(remove.Id)?.Name ?? remove.Name, null, TextOf(view.Find(remove.Id))),
            PutLocalChange { Entry: { Key.Class: LocalClass.Token } entry } => OfToken(TokenEntry.Decode(entry), tokens.Find(entry.Key.Id), view),
            _ => (0, "", null, null),
        };
        return new DeltaConflict
        {
            ObjectId = id,
            Name = name,
            Epoch = record.Epoch,
            UpdateKey = change.UpdateKey,
            Decision = "",
            Reason = reason,
            DeltaVersion = delta,
            CurrentVersion = current,
        };
    }

    public static string Decision(RecordFate fate) => fate switch { RecordFate.BroughtIn => "AppliedDelta", RecordFate.KeptOut => "KeptCurrent", _ => "Stopped" };

    private static (long, string, string?, string?) OfToken(TokenEntry delta, TokenEntry? current, IObjectView view)
        => (0, $"token '{delta.Name}'", TextOf(delta, view), current is null ? null : TextOf(current, view));

    private static string? TextOf(CmsObject? value) => value is null ? null : ObjectJson.ToText(value);

    private static string TextOf(TokenEntry token, IObjectView view)
        => JsonSerializer.Serialize(TokenService.Describe(view, token, null), CmsJson.Default.CmsToken);
}
