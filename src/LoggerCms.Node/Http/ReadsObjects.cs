using Microsoft.AspNetCore.Http;

namespace LoggerCms.Node.Http;

/// <summary>Marks an endpoint that reads objects, what is known of them, or the audit. One whose path does not say which says what it was asked.</summary>
internal sealed class ReadsObjects() : AuditAction("Read")
{
    public static void Say(HttpContext context, string what) => context.Items[typeof(ReadsObjects)] = what;

    /// <summary>What is read.</summary>
    public static string What(HttpContext context) => context.Items[typeof(ReadsObjects)] as string ?? $"{context.Request.Path}{context.Request.QueryString}";
}
