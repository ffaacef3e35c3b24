namespace LoggerCms;

/// <summary>A side's config message log as a whole.</summary>
public sealed record ConfigMessageLogState
{
    public required string Side { get; init; }

    public required bool Enabled { get; init; }

    /// <summary>The side's own origin: a side name and its incarnation.</summary>
    public string? Origin { get; init; }

    /// <summary>The highest update key of the own origin that no open transaction can still precede.</summary>
    public long? LastUpdateKey { get; init; }

    /// <summary>The first update key of the own origin that the log still holds.</summary>
    public long? FirstUpdateKey { get; init; }

    public long Entries { get; init; }

    /// <summary>How long entries are kept.</summary>
    public TimeSpan? Retention { get; init; }

    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>For every origin, the last update key that the side holds.</summary>
    public IReadOnlyDictionary<string, long> Position { get; init; } = new Dictionary<string, long>();
}

/// <summary>One entry of a config message log.</summary>
public sealed record ConfigMessage
{
    public required string Origin { get; init; }

    public required long UpdateKey { get; init; }

    public required string Table { get; init; }

    /// <summary><c>Insert</c>, <c>Update</c> or <c>Delete</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>The row's key as text.</summary>
    public required string Key { get; init; }

    public required DateTimeOffset At { get; init; }
}

public sealed record EnableLogRequest : ScopeOptions
{
    public required SideConnection Side { get; init; }

    /// <summary>The side's letter in the origin: A or B, or another word without a slash.</summary>
    public string SideName { get; init; } = "A";

    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);
}
