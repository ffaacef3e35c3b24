namespace LoggerCms;

/// <summary>What a client tells of the requests that it sends, to whoever runs the work that sends them.</summary>
public static class CmsCalls
{
    private static readonly AsyncLocal<Action<string>?> s_told = new();

    /// <summary>Takes a line for each request and each wait before another try; for this flow of work alone, null where nobody asks. No line has a secret.</summary>
    public static Action<string>? Told
    {
        get => s_told.Value;
        set => s_told.Value = value;
    }
}
