using LoggerCms.Core.Auditing;
using LoggerCms.Core.RunTimeImage;
using Microsoft.AspNetCore.Http;

namespace LoggerCms.Node.Http;

/// <summary>
/// What a request wants, for the audit of its denial: under the action and with the object that it would have been told with, so that whoever asks
/// who did something finds who tried to.
/// </summary>
/// <param name="Action">As of what succeeds; the request's method and path where that has none.</param>
/// <param name="What">What else is known of it.</param>
internal sealed record Attempt(string Action, string What)
{
    /// <summary>The name of one who is not known yet.</summary>
    public string User { get; init; } = "";

    /// <summary>0 for none, or for one that was to be made.</summary>
    public long ObjectId { get; init; }

    /// <summary>An object that was to be made; null where the id says which.</summary>
    public CmsObject? Target { get; init; }

    /// <summary>As the endpoint said it, or else as the request line does.</summary>
    public static Attempt Of(HttpContext context)
    {
        if (context.Items[typeof(Attempt)] is Attempt said)
            return said;
        var line = $"{context.Request.Method} {context.Request.Path}";
        return context.GetEndpoint()?.Metadata.GetMetadata<AuditAction>() switch
        {
            null => new Attempt(line, ""),
            ReadsObjects reads => new Attempt(reads.Name, ReadsObjects.What(context)),
            var action => new Attempt(action.Name, line),
        };
    }

    /// <summary>Says what the request is about, once that is known.</summary>
    public static void Say(HttpContext context, string what, long objectId = 0, string user = "")
        => context.Items[typeof(Attempt)] = Of(context) with { What = what, ObjectId = objectId, User = user };

    /// <summary>Says which change it was that was denied.</summary>
    public static void Say(HttpContext context, DeniedChange change, bool whatIf) => context.Items[typeof(Attempt)] = new Attempt(change.Action, Words(change, whatIf))
    {
        ObjectId = change.ObjectId,
        Target = change.Target,
    };

    /// <summary>The event's detail.</summary>
    /// <param name="view">Where the object is looked for; null while nobody was let in yet.</param>
    /// <param name="exception">The denial.</param>
    public string Tell(IObjectView? view, LoggerCmsException exception)
    {
        var told = What.Length == 0 ? exception.Message : $"{exception.Message} Tried: {What}.";
        return exception.DeniedObjectId is { } id && id != 0 && id != ObjectId && view?.Find(id) is { } kept
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{told} Kept from {ChangeAudit.PathOf(view, kept)} (id {id}).")
            : told;
    }

    private static string Words(DeniedChange change, bool whatIf) => (whatIf, change.What) switch
    {
        (true, "") => "plan only",
        (true, var what) => $"{what}; plan only",
        (false, var what) => what,
    };
}

/// <summary>Marks an endpoint that the audit tells of under that name.</summary>
internal class AuditAction(string name)
{
    public string Name => name;
}
