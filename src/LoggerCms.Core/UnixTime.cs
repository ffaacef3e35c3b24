namespace LoggerCms.Core;

/// <summary>Microseconds since 1970 UTC: how times stand in objects, delta files, tokens and audit events.</summary>
internal static class UnixTime
{
    public static long Us(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Of(long us) => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);
}
