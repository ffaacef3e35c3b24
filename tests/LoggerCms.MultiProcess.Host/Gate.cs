namespace LoggerCms.MultiProcess.Host;

/// <summary>
/// Tells each phase on standard output and stands still where the test asked, until it sends a line:
/// at the beginning of a phase, or with a plus behind its name once rows have gone through it.
/// </summary>
internal sealed class Gate(string? pauseAt) : IProgress<TransferProgress>
{
    private StateTransferPhase? _last;
    private bool _passed;

    public void Report(TransferProgress value)
    {
        if (value.Phase != _last)
        {
            _last = value.Phase;
            Console.WriteLine($"phase {value.Phase}");
        }

        if (_passed || pauseAt != (value.Rows > 0 ? $"{value.Phase}+" : $"{value.Phase}"))
            return;
        _passed = true;
        Console.WriteLine($"paused {pauseAt}");
        Console.ReadLine();
    }
}
