using LoggerCms.Core.Comparison;

namespace LoggerCms.Core.Tests;

/// <summary>Remembers differences as text, so that sets of them compare.</summary>
internal sealed class RecordingSink : IDifferenceSink
{
    public List<string> Differences { get; } = [];

    public int Resets { get; private set; }

    public static string Text(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
        => $"{kind} {Convert.ToHexString(sourceRow)} {Convert.ToHexString(destinationRow)}";

    public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
        => Differences.Add(Text(kind, sourceRow, destinationRow));

    public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Reset()
    {
        Resets++;
        Differences.Clear();
    }
}
