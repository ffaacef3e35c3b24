using LoggerCms.Core.Cluster;

namespace LoggerCms.Node.Tests.Torture;

internal enum Outcome
{
    /// <summary>No answer, or one that leaves it open.</summary>
    Unknown,
    Acknowledged,

    /// <summary>Refused, or told that nothing was changed.</summary>
    Failed,
}

/// <summary>One request of a client and what the client knows of it.</summary>
internal sealed class Asked
{
    /// <summary>Stands in the properties of every object that the request puts.</summary>
    public required long Mark { get; init; }

    public required WriteRequest Request { get; init; }

    public required string What { get; init; }

    public Outcome Outcome { get; set; }

    public string Code { get; set; } = "";

    public IReadOnlyList<ChangedObject> Changed { get; set; } = [];

    /// <summary>Where its objects stand in the folder that nobody else touches: both must be there, or none.</summary>
    public IReadOnlyList<string> PinnedNames { get; init; } = [];

    /// <summary>Whether an unknown one was found to be there after a start; from then on it stays so.</summary>
    public bool? Settled { get; set; }

    public bool Removes => Request.Operations.Any(o => o is RemoveObject);

    public bool MayHaveRemoved(long id)
        => Outcome == Outcome.Unknown && Request.Operations.OfType<RemoveObject>().Any(r => r.Recurse || r.Id == id);

    public override string ToString() => $"{Mark} ({What}: {Outcome} {Code} {string.Join(' ', Changed.Select(c => $"{c.Id}v{c.Version}@{c.UpdateKey}"))})";
}
