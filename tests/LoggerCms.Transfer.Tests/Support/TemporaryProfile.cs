namespace LoggerCms.Transfer.Tests.Support;

/// <summary>A side profile in a file of its own.</summary>
internal sealed class TemporaryProfile : IDisposable
{
    public TemporaryProfile(string json) => File.WriteAllText(Path, json);

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public void Dispose() => File.Delete(Path);
}
