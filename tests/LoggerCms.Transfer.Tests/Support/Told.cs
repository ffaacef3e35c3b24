namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Calls back on the reporting thread, so that a test acts at exactly that point.</summary>
internal sealed class Told(Action<TransferProgress> action) : IProgress<TransferProgress>
{
    public void Report(TransferProgress value) => action(value);
}
