namespace LoggerCms.Client;

/// <summary>How long a client tries.</summary>
public sealed record CmsClientOptions
{
    /// <summary>For a connection, with its TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one try of a call that ends by itself. Flush, reconcile and backup take as long as they take.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after its first try a call is tried again.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Before the second try, about; it doubles from try to try.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Objects, rows or events of a page; after the first, pages of a query have ten times as many rows.</summary>
    public int PageSize { get; init; } = 1000;
}
