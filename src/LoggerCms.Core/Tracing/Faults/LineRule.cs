namespace LoggerCms.Core.Tracing.Faults;

/// <summary>
/// A rule that one line can satisfy. All fragments are looked for in the message, letters of either case being equal; no rule uses a
/// pattern, so that no line can make one slow.
/// </summary>
internal sealed record LineRule
{
    /// <summary>Of the rules of one group a line satisfies the first only.</summary>
    public required string Group { get; init; }

    public required string Cause { get; init; }

    public required string Phase { get; init; }

    public required FaultCertainty Certainty { get; init; }

    /// <summary>All of these, the rarest first.</summary>
    public required IReadOnlyList<string> All { get; init; }

    /// <summary>And one of these, where there are any.</summary>
    public IReadOnlyList<string> Any { get; init; } = [];

    /// <summary>A later line with one of these says that it is over, and the finding goes.</summary>
    public IReadOnlyList<string> HealedBy { get; init; } = [];

    public required string Message { get; init; }

    public required string Remedy { get; init; }

    public required string Command { get; init; }

    public required string Source { get; init; }

    public bool Matches(ReadOnlySpan<char> message)
    {
        foreach (var fragment in All)
        {
            if (!message.Contains(fragment, StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return Any.Count == 0 || ContainsAny(message, Any);
    }

    public bool IsHealedBy(ReadOnlySpan<char> message) => ContainsAny(message, HealedBy);

    private static bool ContainsAny(ReadOnlySpan<char> message, IReadOnlyList<string> fragments)
    {
        foreach (var fragment in fragments)
        {
            if (message.Contains(fragment, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
