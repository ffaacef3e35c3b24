namespace LoggerCms.Core.Deltas;

/// <summary>When the thread takes what is pending.</summary>
internal sealed partial class DeltaJournal
{
    private int _wakeAt = 1;

    private void Gather()
    {
    }
}
