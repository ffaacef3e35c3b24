using System.Runtime.InteropServices;

namespace LoggerCms.PowerShell.Objects;

/// <summary>What one input of a pipeline asks for: changes that are made all or none.</summary>
/// <param name="Changes">At least one.</param>
/// <param name="Target">The user's input, which an error names.</param>
internal sealed record PendingChange(IReadOnlyList<CmsChange> Changes, object? Target)
{
    /// <summary>About what it takes in a request.</summary>
    public int Bytes { get; } = Changes.Sum(change => 200 + (change.Properties is { } properties ? JsonMarshal.GetRawUtf8Value(properties).Length : 0));
}

/// <summary>What became of a <see cref="PendingChange"/>.</summary>
/// <param name="Item">What was asked for.</param>
/// <param name="Changed">The objects that it changed; empty where it failed.</param>
/// <param name="Failure">Why it was not done; null where it was.</param>
internal sealed record ChangeOutcome(PendingChange Item, IReadOnlyList<CmsChangedObject> Changed, LoggerCmsException? Failure);
